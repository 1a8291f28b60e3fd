import type { KeyObject } from 'node:crypto';
import { isAssayError } from '../core/errors.ts';
import { readBundle } from '../integrity/bundle.ts';
import { verifyEnvelope } from '../integrity/dsse.ts';
import { keyHint } from '../integrity/keys.ts';
import { bundleJson, envelopeJson } from '../integrity/sign/bundle-json.ts';
import { isSignatureError } from '../integrity/signature-error.ts';
import { SNAPSHOT_PAYLOAD } from './document.ts';
import { SnapshotError } from './snapshot-error.ts';

/**
 * A signed snapshot is a Sigstore bundle (v0.3) with a DSSE envelope, in exactly one spelling: what `writeEnvelope` writes. So
 * every byte of the file is either signed or known beforehand, and none can be changed without notice.
 */
export function writeEnvelope(bundle: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(bundle)}\n`);
}

/** What stands before the payload, between it and the signature, and after that, when `hint` names the key. */
function framesOf(hint: string): readonly [Buffer, Buffer, Buffer] {
  const [P, S] = ['{payload}', '{signature}'];
  const envelope = { ...envelopeJson(SNAPSHOT_PAYLOAD, Buffer.alloc(0), Buffer.alloc(0)), payload: P };
  const signatures = envelope.signatures.map((one) => ({ ...one, sig: S }));
  const text = writeEnvelope(bundleJson({ publicKey: { hint } }, { ...envelope, signatures })).toString();
  const [before = '', rest = ''] = text.split(P);
  const [between = '', after = ''] = rest.split(S);
  return [Buffer.from(before), Buffer.from(between), Buffer.from(after)];
}

/**
 * The payload of a snapshot that one of the keys signed.
 * @throws SnapshotError `malformed`, `unsigned`, `wrong-key`, `signature`
 */
export function openEnvelope(bytes: Buffer, keys: readonly KeyObject[]): Buffer {
  for (const key of keys) {
    const parts = partsOf(bytes, framesOf(keyHint(key)));
    if (parts === undefined) continue;
    const envelope = { payloadType: SNAPSHOT_PAYLOAD, ...parts };
    try {
      verifyEnvelope(envelope, key);
    } catch (cause) {
      if (!isSignatureError(cause)) throw cause;
      throw new SnapshotError('signature', 'the signature of the snapshot does not hold: it was changed', { cause });
    }
    return envelope.payload;
  }
  throw refusalOf(bytes, keys);
}

function partsOf(
  bytes: Buffer,
  [before, between, after]: readonly [Buffer, Buffer, Buffer],
): { readonly payload: Buffer; readonly signature: Buffer } | undefined {
  const isAt = (part: Buffer, at: number) => at >= 0 && bytes.subarray(at, at + part.length).equals(part);
  if (!isAt(before, 0)) return undefined;
  const middle = bytes.indexOf('"', before.length);
  const end = bytes.length - after.length;
  if (middle < 0 || !isAt(between, middle) || !isAt(after, end) || middle + between.length > end) return undefined;
  const payload = decoded(bytes, before.length, middle);
  const signature = decoded(bytes, middle + between.length, end);
  if (payload === undefined || signature === undefined || signature.length === 0) return undefined;
  return { payload, signature };
}

/**
 * What stands there in base64, as it must be written (RFC 4648, section 4): like `decodeBase64`, without writing tens of megabytes
 * out again. Node's decoder passes over what it does not know, so that bytes would be missing, but reads the other alphabet.
 */
function decoded(bytes: Buffer, from: number, to: number): Buffer | undefined {
  const text = bytes.toString('latin1', from, to);
  const payload = Buffer.from(text, 'base64');
  if (text.length % 4 !== 0 || Math.ceil(payload.length / 3) * 4 !== text.length) return undefined;
  if (text.includes('-') || text.includes('_')) return undefined;
  // Padding and stray bits.
  const last = payload.subarray(payload.length - (payload.length % 3 || 3)).toString('base64');
  return text.endsWith(last) ? payload : undefined;
}

/** Why a file is no snapshot of these keys, for people: nothing of it is believed. */
function refusalOf(bytes: Buffer, keys: readonly KeyObject[]): SnapshotError {
  try {
    const { material } = readBundle(bytes, 'the snapshot', SNAPSHOT_PAYLOAD);
    if (material.kind !== 'key') return new SnapshotError('wrong-key', 'the snapshot is not signed with a key');
    const { hint } = material;
    if (hint === undefined || keys.some((key) => keyHint(key) === hint)) {
      return new SnapshotError('malformed', 'the snapshot is not written as snapshots are: it was changed');
    }
    return new SnapshotError(
      'wrong-key',
      `the snapshot is signed with another key (${hint.slice(0, 16)}) than those that may sign it`,
    );
  } catch (cause) {
    if (isSignatureError(cause) && cause.problem === 'no-signature') {
      return new SnapshotError('unsigned', 'the snapshot is not signed', { cause });
    }
    if (isSignatureError(cause))
      return new SnapshotError('malformed', `this is no snapshot: ${cause.message}`, { cause });
    if (!isAssayError(cause)) throw cause;
    if (isBareDocument(bytes)) return new SnapshotError('unsigned', 'the snapshot is not signed', { cause });
    return new SnapshotError('malformed', 'this is no snapshot', { cause });
  }
}

/** A document that nobody put into an envelope. */
function isBareDocument(bytes: Buffer): boolean {
  return /^\s*\{\s*"schemaVersion"/.test(bytes.toString('latin1', 0, 100));
}
