import * as v from 'valibot';
import { readDocument } from '../../../core/bytes/index.ts';
import { AssayError, parseBoundedJson } from '../../../core/index.ts';
import { decodeBase64, isSignatureError } from '../../../integrity/envelope/index.ts';
import { readStatement } from '../../../integrity/statements/index.ts';
import { count, jsonText, terminalText } from '../../../report/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { AttestationInspectFlags } from './request.ts';

const HINT = 'give a Sigstore bundle or a DSSE envelope';

const envelope = v.object({
  payload: v.string(),
  payloadType: v.string(),
  signatures: v.nullish(v.array(v.unknown()), []),
});
const document = v.union([v.object({ dsseEnvelope: envelope }), envelope]);

/** The content of an envelope, none of which is proven. */
interface Unverified {
  readonly payloadType: string;
  readonly signatures: number;
  readonly statement: unknown;
  /** Why no verifier here would take the statement, as a sentence. */
  readonly flaw: string | undefined;
}

/** Prints the content of an attestation. */
export async function runAttestationInspect(path: string, flags: AttestationInspectFlags, shell: Shell): Promise<void> {
  const found = await readDocument(path, '', readUnverified);
  shell.stdout.write(flags.format === 'json' ? asJson(found) : asText(path, found));
}

/** More than one signature, or none, is shown: refusing it is for the verifier. */
function readUnverified(bytes: Uint8Array, subject: string): Unverified {
  const read = v.safeParse(document, parsed(bytes, subject, 'is not an attestation'));
  if (!read.success)
    throw new AssayError('malformed', 'is not an attestation: it holds no envelope', { subject, hint: HINT });
  const { payload, payloadType, signatures } = 'dsseEnvelope' in read.output ? read.output.dsseEnvelope : read.output;
  const raw = decodeBase64(payload);
  if (raw === undefined)
    throw new AssayError('malformed', 'is not an attestation: its payload is not base64', { subject, hint: HINT });
  const statement = parsed(raw, subject, 'holds no statement');
  return { payloadType, signatures: signatures?.length ?? 0, statement, flaw: flawOf(raw) };
}

function parsed(bytes: Uint8Array, subject: string, what: string): unknown {
  try {
    return parseBoundedJson(bytes, subject);
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause;
    throw new AssayError(cause.code, `${what}: it ${cause.message}`, { subject, hint: HINT, cause });
  }
}

function flawOf(payload: Uint8Array): string | undefined {
  try {
    readStatement(payload);
    return undefined;
  } catch (error) {
    if (isSignatureError(error)) return error.message;
    throw error;
  }
}

function asText(path: string, { payloadType, signatures, statement, flaw }: Unverified): string {
  const lines = [
    `UNVERIFIED: nothing proves who wrote ${terminalText(path)}. To verify it, run assay attestation verify.`,
    `${terminalText(payloadType)}, ${count(signatures, 'signature')}`,
    ...(flaw === undefined ? [] : [`No verifier of Assay accepts it: ${terminalText(flaw)}`]),
  ];
  return `${lines.join('\n')}\n\n${jsonText(statement, 2)}\n`;
}

function asJson({ payloadType, signatures, statement, flaw }: Unverified): string {
  const document = { schemaVersion: '1', verified: false, payloadType, signatures, flaw: flaw ?? null, statement };
  return `${jsonText(document, 2)}\n`;
}
