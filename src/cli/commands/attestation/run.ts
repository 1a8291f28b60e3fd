import { readDocument } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import {
  signStatement,
  type VerifiedAttestation,
  type VerifyAttestationOptions,
  verifyAttestation,
} from '../../../integrity/attestations/index.ts';
import { isSignatureError, readBundle, type SignatureError } from '../../../integrity/envelope/index.ts';
import { SHA256_PLAN, treeDigest } from '../../../integrity/hash/index.ts';
import type { PayloadSigner } from '../../../integrity/sign/index.ts';
import { parseDigest, type Statement } from '../../../integrity/statements/index.ts';
import { readTrustFile, type TrustFile } from '../../../integrity/trust-file/index.ts';
import { digestArtifact, sha256Of } from '../../../pipeline/index.ts';
import { jsonText, terminalText } from '../../../report/index.ts';
import { openArtifact } from '../../../sources/index.ts';
import { signingWay } from '../../signing/index.ts';
import { openSink, Progress, type Shell } from '../../terminal/index.ts';
import type { AttestationRequest, AttestationVerifyFlags } from './request.ts';
import { statementFor } from './statement.ts';
import { attestationRows, claimOf, rowsText } from './text.ts';

/** Makes the statement, signs it, and writes the bundle. */
export async function runAttestationCreate(request: AttestationRequest, shell: Shell): Promise<void> {
  const sink = await openSink(request.output, shell);
  const warn = (text: string) => shell.stderr.write(`assay: warning: ${terminalText(text)}\n`);
  const statement = await statementFor(request.input, new Date(), warn);
  const way = await signingWay(request.signing, shell);
  try {
    const bundle = await signed(statement, way.signer);
    sink.write(`${JSON.stringify(bundle)}\n`);
    await sink.commit();
    if (!request.quiet) shell.stderr.write(`Signed: ${claimOf(statement)}, by ${way.who()}\n`);
  } finally {
    await way.close();
  }
}

/** Readers would refuse the request: a reason of ten pages, a report without an address. */
async function signed(statement: Statement, signer: PayloadSigner): Promise<unknown> {
  try {
    return await signStatement(statement, signer);
  } catch (cause) {
    if (!isSignatureError(cause)) throw cause;
    const hint = 'check the options and the report';
    throw new AssayError('usage', `nobody could read this: ${cause.message}`, { hint, cause });
  }
}

/** Verifies one attestation, says what it says, and records the exit code. */
export async function runAttestationVerify(path: string, flags: AttestationVerifyFlags, shell: Shell): Promise<void> {
  const trust = await readTrust(flags, shell);
  const about = await wantedSubject(flags, shell);
  const outcome = await readDocument(path, '', (bytes, name) => verifyBytes(bytes, name, trust, { flags, about }));
  const holds = !isSignatureError(outcome);
  if (!holds || !flags.quiet)
    shell.stdout.write(flags.format === 'json' ? outcomeJson(path, outcome) : outcomeText(path, outcome));
  if (holds && about === undefined && !flags.quiet) {
    const hint = 'name the artifact with --digest or --artifact';
    shell.stderr.write(`assay: warning: the attestation was not compared with an artifact; ${hint}\n`);
  }
  shell.exit(holds ? 0 : 1);
}

async function readTrust({ trust: given }: AttestationVerifyFlags, { env, stderr }: Shell): Promise<TrustFile> {
  const path = given ?? env.ASSAY_TRUST ?? '';
  if (path === '') {
    const hint = 'give --trust, or set ASSAY_TRUST';
    throw new AssayError('usage', 'nobody is trusted', { subject: 'assay attestation verify', hint });
  }
  const trust = await readTrustFile(path);
  for (const warning of trust.warnings) stderr.write(`assay: warning: ${terminalText(`${path}: ${warning}`)}\n`);
  return trust;
}

/** The digest of an artifact, as a report has it, and its files. */
async function wantedSubject(flags: AttestationVerifyFlags, shell: Shell): Promise<About | undefined> {
  const { digest, artifact: ref } = flags;
  if (digest !== undefined && ref !== undefined) {
    throw new AssayError('usage', 'and --artifact were both given', {
      subject: '--digest',
      hint: 'leave out one of them',
    });
  }
  if (digest !== undefined) return { subject: parseDigest(digest, `--digest ${digest}`) };
  if (ref === undefined) return undefined;
  const progress = new Progress(shell, !flags.quiet);
  const options = { signal: shell.signal, onEvent: progress.onEvent, offline: flags.offline };
  try {
    const artifact = await openArtifact(ref, options);
    try {
      const digested = await digestArtifact(artifact, [SHA256_PLAN], options);
      const files = digested.map((file) => ({ path: file.path, size: file.size, sha256: sha256Of(file) }));
      return { subject: parseDigest(treeDigest(files), ref), files };
    } finally {
      await artifact.close();
    }
  } finally {
    progress.end();
  }
}

type About = Required<Pick<VerifyAttestationOptions, 'subject'>> & Pick<VerifyAttestationOptions, 'files'>;

interface Wants {
  readonly flags: AttestationVerifyFlags;
  readonly about: About | undefined;
}

async function verifyBytes(
  bytes: Uint8Array,
  name: string,
  trust: TrustFile,
  { flags: { type, stage }, about }: Wants,
): Promise<VerifiedAttestation | SignatureError> {
  try {
    return await verifyAttestation(readBundle(bytes, name), trust, {
      ...(type === undefined ? {} : { kind: type }),
      ...(stage === undefined ? {} : { stage }),
      ...about,
    });
  } catch (error) {
    if (isSignatureError(error)) return error;
    throw error;
  }
}

function outcomeText(path: string, outcome: VerifiedAttestation | SignatureError): string {
  if (isSignatureError(outcome)) return `NOT VERIFIED ${terminalText(path)}\n  ${terminalText(outcome.message)}\n`;
  return `VERIFIED ${claimOf(outcome.statement)}\n${rowsText(attestationRows(outcome))}`;
}

function outcomeJson(file: string, outcome: VerifiedAttestation | SignatureError): string {
  const failed = isSignatureError(outcome);
  const document = {
    schemaVersion: '1',
    file,
    verified: !failed,
    problem: failed ? outcome.problem : null,
    detail: failed ? outcome.message : null,
    type: failed ? null : outcome.kind,
    signer: failed ? null : outcome.signer,
    rule: failed ? null : outcome.rule.name,
    statement: failed ? null : outcome.statement,
  };
  return `${jsonText(document, 2)}\n`;
}
