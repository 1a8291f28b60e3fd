import { type Bundle, bundleFromJSON, type TransparencyLogEntry, ValidationError } from '@sigstore/bundle';
import { RFC3161Timestamp } from '@sigstore/core';
import * as v from 'valibot';
import { SignatureError, type SignedBundle } from '../envelope/index.ts';

/** Log entries and timestamps of one signature: real ones have one or two of each. */
const MAX_WITNESSES = 8;
/** Hashes of an inclusion proof: one for each bit of an index. */
const MAX_HASHES = 64;
/** Characters of base64. */
const MAX_CERTIFICATE = 64 * 1024;
const MAX_TIMESTAMP = 64 * 1024;
const MAX_LOG_BODY = 1024 * 1024;

const short = v.pipe(v.string(), v.maxLength(1024));
const base64 = (max: number) => v.pipe(v.string(), v.maxLength(max));
/** Within what a double holds exactly, as the log signs numbers. */
const counter = v.union([
  v.pipe(v.string(), v.regex(/^\d{1,15}$/)),
  v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
]);
const optional = <T extends v.GenericSchema>(schema: T) => v.optional(v.nullable(schema));

const LogEntry = v.object({
  logIndex: optional(counter),
  logId: v.object({ keyId: short }),
  kindVersion: v.object({ kind: short, version: short }),
  integratedTime: optional(counter),
  inclusionPromise: optional(v.object({ signedEntryTimestamp: base64(4096) })),
  inclusionProof: optional(
    v.object({
      logIndex: optional(counter),
      rootHash: short,
      treeSize: counter,
      hashes: optional(v.pipe(v.array(short), v.maxLength(MAX_HASHES))),
      checkpoint: optional(v.object({ envelope: v.pipe(v.string(), v.maxLength(16 * 1024)) })),
    }),
  ),
  canonicalizedBody: base64(MAX_LOG_BODY),
});
const Certificate = v.object({ rawBytes: base64(MAX_CERTIFICATE) });
const KeylessJson = v.object({
  mediaType: short,
  verificationMaterial: v.object({
    certificate: optional(Certificate),
    x509CertificateChain: optional(v.object({ certificates: v.pipe(v.array(Certificate), v.maxLength(16)) })),
    tlogEntries: optional(v.pipe(v.array(v.unknown()), v.maxLength(MAX_WITNESSES))),
    timestampVerificationData: optional(v.object({ rfc3161Timestamps: optional(v.array(v.unknown())) })),
  }),
  dsseEnvelope: v.object({
    payload: v.string(),
    payloadType: short,
    signatures: v.array(v.object({ sig: base64(16 * 1024) })),
  }),
});
const Timestamps = v.pipe(v.array(v.object({ signedTimestamp: base64(MAX_TIMESTAMP) })), v.maxLength(MAX_WITNESSES));

/** A keyless bundle: its content is decoded within bounds, but not verified. */
export interface KeylessBundle {
  readonly bundle: Bundle;
  /** DER. */
  readonly certificate: Buffer;
  readonly entries: readonly TransparencyLogEntry[];
  /** The times at which timestamp authorities confirm the signature. */
  readonly stamped: readonly Date[];
}

/**
 * Decodes a bundle for Sigstore's verifier. Only known fields of the right type reach its decoder, which trusts its input.
 * @throws SignatureError `method`, `bundle`, `log-entry`, `timestamp`
 */
export function readKeyless(signed: SignedBundle): KeylessBundle {
  if (signed.material.kind !== 'keyless') {
    throw new SignatureError('method', 'the signature was not made through Sigstore');
  }
  const bundle = decode(shapeOf(signed.json));
  checkSameEnvelope(bundle, signed);
  const { content, tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  const certificate =
    content.$case === 'certificate'
      ? content.certificate
      : content.$case === 'x509CertificateChain'
        ? content.x509CertificateChain.certificates[0]
        : undefined;
  if (certificate === undefined)
    throw new SignatureError('bundle', 'the bundle does not contain the certificate of its signer');
  const stamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  return {
    bundle,
    certificate: certificate.rawBytes,
    entries: tlogEntries,
    stamped: stamps.map(({ signedTimestamp }) => stampedAt(signedTimestamp)),
  };
}

function shapeOf(json: unknown): unknown {
  const { verificationMaterial: material, ...rest } = shaped(KeylessJson, json, 'bundle', 'the bundle');
  const { tlogEntries, timestampVerificationData, ...certificates } = material;
  const stamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  return {
    ...rest,
    verificationMaterial: {
      ...certificates,
      tlogEntries: (tlogEntries ?? []).map((entry, at) =>
        shaped(LogEntry, entry, 'log-entry', `log entry ${at + 1} of the bundle`),
      ),
      timestampVerificationData: {
        rfc3161Timestamps: shaped(Timestamps, stamps, 'timestamp', 'the timestamps of the bundle'),
      },
    },
  };
}

function shaped<T extends v.GenericSchema>(
  schema: T,
  json: unknown,
  problem: 'bundle' | 'log-entry' | 'timestamp',
  what: string,
): v.InferOutput<T> {
  const read = v.safeParse(schema, json);
  if (read.success) return read.output;
  const path = v.getDotPath(read.issues[0]);
  throw new SignatureError(problem, `${what} is malformed${path === null ? '' : `, at ${path}`}`);
}

function decode(json: unknown): Bundle {
  try {
    return bundleFromJSON(json);
  } catch (cause) {
    const fields = cause instanceof ValidationError ? cause.fields : [];
    if (fields.some((field) => field.includes('tlogEntries'))) {
      throw new SignatureError('log-entry', `a log entry of the bundle lacks its proof (${fields[0]})`, { cause });
    }
    throw new SignatureError('bundle', `the bundle is malformed${fields.length > 0 ? `, at ${fields[0]}` : ''}`, {
      cause,
    });
  }
}

/** Exactly the content that the rest of the program read is verified here. */
function checkSameEnvelope({ content }: Bundle, { envelope }: SignedBundle): void {
  const decoded = content.$case === 'dsseEnvelope' ? content.dsseEnvelope : undefined;
  const same =
    decoded !== undefined &&
    decoded.payloadType === envelope.payloadType &&
    decoded.payload.equals(envelope.payload) &&
    decoded.signatures.length === 1 &&
    decoded.signatures[0]?.sig.equals(envelope.signature) === true;
  if (!same) throw new SignatureError('bundle', 'the envelope of the bundle can be read in two ways');
}

function stampedAt(signedTimestamp: Uint8Array): Date {
  try {
    const time = RFC3161Timestamp.parse(Buffer.from(signedTimestamp)).signingTime;
    if (Number.isNaN(time.getTime())) throw new Error('an invalid time');
    return time;
  } catch (cause) {
    throw new SignatureError('timestamp', 'a timestamp of the bundle cannot be read', { cause });
  }
}
