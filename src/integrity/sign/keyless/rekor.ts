import { createHash, X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { parseBoundedJson } from '../../../core/index.ts';
import { pae } from '../../envelope/index.ts';
import type { envelopeJson } from '../bundle-json.ts';
import { badAnswer, post, type Service, type ServiceCall } from './service.ts';

/** A transparency log, by the major version of its API. */
export interface LogService {
  readonly url: string;
  readonly version: 1 | 2;
}

/** The logged objects: an envelope, and the certificate whose key signed it. */
export interface LoggedEnvelope {
  readonly envelope: ReturnType<typeof envelopeJson>;
  readonly certificate: X509Certificate;
}

/** An entry as bundles hold it: `TransparencyLogEntry` of https://github.com/sigstore/protobuf-specs. */
export type LogEntryJson = Readonly<Record<string, unknown>>;

const Index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Hex = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2})+$/));
const Text = v.pipe(v.string(), v.minLength(1));

const EntryV1 = v.object({
  body: Text,
  integratedTime: Index,
  logID: Hex,
  logIndex: Index,
  verification: v.object({
    signedEntryTimestamp: Text,
    inclusionProof: v.object({
      checkpoint: Text,
      hashes: v.pipe(v.array(Hex), v.maxLength(64)),
      logIndex: Index,
      rootHash: Hex,
      treeSize: Index,
    }),
  }),
});
/** By its UUID. */
const AnswerV1 = v.record(v.string(), EntryV1);
const BodyV1 = v.object({
  apiVersion: v.literal('0.0.1'),
  kind: v.literal('dsse'),
  spec: v.object({
    payloadHash: v.object({ algorithm: v.literal('sha256'), value: Hex }),
    signatures: v.tuple([v.object({ signature: Text, verifier: Text })]),
  }),
});

const AnswerV2 = v.looseObject({
  kindVersion: v.object({ kind: v.literal('hashedrekord'), version: v.literal('0.0.2') }),
  inclusionProof: v.looseObject({ checkpoint: v.object({ envelope: Text }) }),
  canonicalizedBody: Text,
});
const BodyV2 = v.object({
  apiVersion: v.literal('0.0.2'),
  kind: v.literal('hashedrekord'),
  spec: v.object({
    hashedRekordV002: v.object({
      data: v.object({ algorithm: v.literal('SHA2_256'), digest: Text }),
      signature: v.object({
        content: Text,
        verifier: v.object({ x509Certificate: v.object({ rawBytes: Text }) }),
      }),
    }),
  }),
});

/**
 * Enters an envelope in a transparency log: https://github.com/sigstore/rekor as `dsse` 0.0.1, or version 2, which is
 * https://github.com/sigstore/rekor-tiles, as `hashedrekord` 0.0.2 over what is signed (it has given up `dsse`).
 * @throws AssayError `network`, `unauthorized`, `aborted`; `network` when the entry is about something else.
 */
export function logEnvelope(log: LogService, logged: LoggedEnvelope, call: ServiceCall): Promise<LogEntryJson> {
  return log.version === 1 ? logV1(log.url, logged, call) : logV2(log.url, logged, call);
}

async function logV1(url: string, { envelope, certificate }: LoggedEnvelope, call: ServiceCall): Promise<LogEntryJson> {
  const rekor: Service = { name: 'Rekor', url };
  const verifier = Buffer.from(certificate.toString()).toString('base64');
  const proposedContent = { envelope: JSON.stringify(envelope), verifiers: [verifier] };
  const proposed = { apiVersion: '0.0.1', kind: 'dsse', spec: { proposedContent } };
  const answer = read(AnswerV1, await post(rekor, '/api/v1/log/entries', proposed, call), rekor);
  const entries = Object.values(answer);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) throw badAnswer(rekor, `answers with ${entries.length} entries`);
  const { spec } = read(BodyV1, fromBase64(entry.body), rekor);
  const [logged] = spec.signatures;
  const payloadHash = sha256(fromBase64(envelope.payload)).toString('hex');
  const ours = spec.payloadHash.value === payloadHash && logged.signature === envelope.signatures[0]?.sig;
  if (!ours || !isCertificate(fromBase64(logged.verifier), certificate)) throw badAnswer(rekor, ABOUT_ANOTHER);
  return bundledV1(entry);
}

async function logV2(url: string, { envelope, certificate }: LoggedEnvelope, call: ServiceCall): Promise<LogEntryJson> {
  const rekor: Service = { name: 'Rekor', url };
  const signed = pae(envelope.payloadType, fromBase64(envelope.payload));
  const digest = sha256(signed).toString('base64');
  const rawBytes = certificate.raw.toString('base64');
  const verifier = { x509Certificate: { rawBytes }, keyDetails: 'PKIX_ECDSA_P256_SHA_256' };
  const signature = { content: envelope.signatures[0]?.sig, verifier };
  const request = { hashedRekordRequestV002: { digest, signature } };
  const entry = read(AnswerV2, await post(rekor, '/api/v2/log/entries', request, call), rekor);
  const { data, signature: logged } = read(BodyV2, fromBase64(entry.canonicalizedBody), rekor).spec.hashedRekordV002;
  const { x509Certificate } = logged.verifier;
  const ours = data.digest === digest && logged.content === signature.content && x509Certificate.rawBytes === rawBytes;
  if (!ours) throw badAnswer(rekor, ABOUT_ANOTHER);
  return entry;
}

const ABOUT_ANOTHER = 'answers with an entry about another signature';

function isCertificate(pem: Buffer, certificate: X509Certificate): boolean {
  try {
    return new X509Certificate(pem).raw.equals(certificate.raw);
  } catch {
    return false;
  }
}

function bundledV1({
  body,
  integratedTime,
  logID,
  logIndex,
  verification,
}: v.InferOutput<typeof EntryV1>): LogEntryJson {
  const { inclusionProof: proof, signedEntryTimestamp } = verification;
  return {
    logIndex: `${logIndex}`,
    logId: { keyId: hexToBase64(logID) },
    kindVersion: { kind: 'dsse', version: '0.0.1' },
    integratedTime: `${integratedTime}`,
    inclusionPromise: { signedEntryTimestamp },
    inclusionProof: {
      logIndex: `${proof.logIndex}`,
      rootHash: hexToBase64(proof.rootHash),
      treeSize: `${proof.treeSize}`,
      hashes: proof.hashes.map(hexToBase64),
      checkpoint: { envelope: proof.checkpoint },
    },
    canonicalizedBody: body,
  };
}

function read<Schema extends v.GenericSchema>(schema: Schema, json: Buffer, rekor: Service): v.InferOutput<Schema> {
  try {
    return v.parse(schema, parseBoundedJson(json, 'the answer'));
  } catch (cause) {
    throw badAnswer(rekor, 'answers without an entry that can be read', cause);
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function hexToBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
