import { X509Certificate } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import * as v from 'valibot';
import { parseBoundedJson } from '../../core/index.ts';
import { SignatureError } from '../envelope/index.ts';

const BODY_BOUNDS = { maxBytes: 1024 * 1024, maxDepth: 16, maxTokens: 10_000 };
const MAX_CHECKPOINT_SIGNATURES = 16;
/** The verifier uses the name as a regular expression: one with operators could run for ever. */
const CHECKPOINT_SIGNATURE = /^\u2014 [A-Za-z0-9._:/~@%=-]{1,255} ([A-Za-z0-9+/=]{8,4096})$/;

const only = <T extends v.GenericSchema>(schema: T) => v.tuple([schema]);
const Dsse1 = v.object({ spec: v.object({ signatures: only(v.object({ verifier: v.string() })) }) });
const Intoto2 = v.object({
  spec: v.object({
    content: v.object({ envelope: v.object({ signatures: only(v.object({ publicKey: v.string() })) }) }),
  }),
});
const Dsse2 = v.object({
  spec: v.object({
    dsseV002: v.object({
      signatures: only(v.object({ verifier: v.object({ x509Certificate: v.object({ rawBytes: v.string() }) }) })),
    }),
  }),
});
const Hashed2 = v.object({
  spec: v.object({
    hashedRekordV002: v.object({
      signature: v.object({ verifier: v.object({ x509Certificate: v.object({ rawBytes: v.string() }) }) }),
    }),
  }),
});

/** Of each kind of entry for an envelope: the certificate that it was entered with, as DER. */
const CERTIFICATE_OF: ReadonlyMap<string, (body: unknown) => Buffer> = new Map([
  ['dsse 0.0.1', (body: unknown) => derOf(v.parse(Dsse1, body).spec.signatures[0].verifier)],
  ['intoto 0.0.2', (body: unknown) => derOf(v.parse(Intoto2, body).spec.content.envelope.signatures[0].publicKey)],
  [
    'dsse 0.0.2',
    (body: unknown) =>
      Buffer.from(v.parse(Dsse2, body).spec.dsseV002.signatures[0].verifier.x509Certificate.rawBytes, 'base64'),
  ],
  [
    'hashedrekord 0.0.2',
    (body: unknown) =>
      Buffer.from(v.parse(Hashed2, body).spec.hashedRekordV002.signature.verifier.x509Certificate.rawBytes, 'base64'),
  ],
]);
/** Those of Rekor v2. */
const OF_VERSION_2: ReadonlySet<string> = new Set(['dsse 0.0.2', 'hashedrekord 0.0.2']);

/**
 * Checks that Sigstore's verifier does not make before it proves log entries: that each is in a log of the root, has a proof
 * that
 * agrees with its checkpoint, and is there once.
 * @throws SignatureError `log-entry`
 */
export function checkLogEntries(entries: readonly TransparencyLogEntry[], { tlogs }: TrustedRoot): void {
  if (entries.length === 0) throw bad('no transparency log contains the signature');
  const seen = new Set<string>();
  for (const entry of entries) {
    const id = `${entry.logId.keyId.toString('hex')} ${entry.canonicalizedBody.toString('base64')}`;
    if (seen.has(id)) throw bad('the bundle contains the same log entry twice');
    seen.add(id);
    if (!tlogs.some(({ logId }) => logId?.keyId.equals(entry.logId.keyId))) {
      throw bad('the log entry is from a log that is not trusted');
    }
    if (entry.inclusionProof !== undefined) checkProof(entry, entry.inclusionProof);
  }
}

/**
 * Checks that the entries were made with this certificate, which Sigstore's verifier does not check.
 * @param certificate DER, of the signer
 * @throws SignatureError `log-entry`
 */
export function checkLoggedCertificates(entries: readonly TransparencyLogEntry[], certificate: Buffer): void {
  for (const { kindVersion, canonicalizedBody } of entries) {
    const kind = `${kindVersion.kind} ${kindVersion.version}`;
    const certificateOf = CERTIFICATE_OF.get(kind);
    if (certificateOf === undefined) {
      throw bad(`the log entry is of a kind that is not supported (${JSON.stringify(kind)})`);
    }
    let logged: Buffer;
    try {
      logged = certificateOf(parseBoundedJson(canonicalizedBody, 'the log entry', BODY_BOUNDS));
    } catch (cause) {
      throw bad('the body of the log entry cannot be read', cause);
    }
    if (!logged.equals(certificate)) throw bad('the log entry was made with another certificate');
  }
}

type InclusionProof = NonNullable<TransparencyLogEntry['inclusionProof']>;

/** The checkpoint (https://github.com/transparency-dev/formats/tree/main/log) says what the proof says, and by the same log. */
function checkProof(entry: TransparencyLogEntry, { checkpoint, rootHash, treeSize, logIndex }: InclusionProof): void {
  const [note, signatures, ...more] = (checkpoint?.envelope ?? '').split('\n\n');
  const [, size, root] = (note ?? '').split('\n');
  if (size === undefined || root === undefined || signatures === undefined || more.length > 0) {
    throw bad('the log entry has a proof without a checkpoint');
  }
  if (!/^\d{1,15}$/.test(size) || size !== treeSize || !rootHash.equals(Buffer.from(root, 'base64'))) {
    throw bad('the proof of the log entry is about another state of the log than its checkpoint');
  }
  const lines = signatures.replace(/\n$/, '').split('\n');
  const hints = lines.map((line) => CHECKPOINT_SIGNATURE.exec(line)?.[1]);
  if (lines.length > MAX_CHECKPOINT_SIGNATURES || hints.includes(undefined)) {
    throw bad('the checkpoint of the log entry is signed in a way that is not supported');
  }
  const hint = entry.logId.keyId.subarray(0, 4);
  if (
    !hints.some((text) =>
      Buffer.from(text ?? '', 'base64')
        .subarray(0, 4)
        .equals(hint),
    )
  ) {
    throw bad('the checkpoint of the log entry was signed by another log');
  }
  // Nothing else proves the index of Rekor v2, which has no signed promise; the index of v1 counts over several trees.
  const kind = `${entry.kindVersion.kind} ${entry.kindVersion.version}`;
  if (OF_VERSION_2.has(kind) && entry.logIndex !== logIndex) {
    throw bad('the log entry and its proof name different positions in the log');
  }
}

/** DER of a certificate as Rekor v1 holds it: PEM, in base64. */
function derOf(base64: string): Buffer {
  return new X509Certificate(Buffer.from(base64, 'base64')).raw;
}

function bad(message: string, cause?: unknown): SignatureError {
  return new SignatureError('log-entry', message, { cause });
}
