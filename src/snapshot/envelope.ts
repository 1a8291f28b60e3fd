import type { KeyObject } from 'node:crypto';
import { isAssayError } from '../core/index.ts';
import {
  decodeBase64,
  isSignatureError,
  keyHint,
  paeHead,
  readBundle,
  verifyEncoded,
} from '../integrity/envelope/index.ts';
import { bundleJson, envelopeJson } from '../integrity/sign/index.ts';
import { SNAPSHOT_PAYLOAD } from './document.ts';
import { SnapshotError } from './snapshot-error.ts';

/**
 * A signed snapshot is a Sigstore bundle (v0.3) with a DSSE envelope, in exactly one form: that of `writeEnvelope`. So every
 * byte of the file is either signed or known in advance, and every change is detected.
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

/** Where the parts of an envelope stand in the file. */
interface Place {
  readonly payload: readonly [from: number, to: number];
  readonly signature: readonly [from: number, to: number];
}

/** Characters of base64 that are decoded at a time: so few that none of them outlives the next. */
const STEP = 1 << 16;

/**
 * The payload of a snapshot that one of the keys signed.
 * @param spend the payload is decoded over `bytes`, which nobody may look at afterwards: half the memory
 * @throws SnapshotError `malformed`, `unsigned`, `wrong-key`, `signature`
 */
export function openEnvelope(bytes: Buffer, keys: readonly KeyObject[], spend = false): Buffer {
  for (const key of keys) {
    const place = placeOf(bytes, framesOf(keyHint(key)));
    const signature = place && decodeBase64(bytes.toString('latin1', ...place.signature));
    if (place === undefined || signature === undefined || signature.length === 0) continue;
    const [encoded, head] = encodedPayload(bytes, place.payload, spend);
    try {
      verifyEncoded(encoded, signature, key);
    } catch (cause) {
      if (!isSignatureError(cause)) throw cause;
      throw new SnapshotError('signature', 'the signature of the snapshot is not valid: the snapshot was changed', {
        cause,
      });
    }
    return encoded.subarray(head);
  }
  throw refusalOf(bytes, keys);
}

function placeOf(bytes: Buffer, [before, between, after]: readonly [Buffer, Buffer, Buffer]): Place | undefined {
  const isAt = (part: Buffer, at: number) => at >= 0 && bytes.subarray(at, at + part.length).equals(part);
  if (!isAt(before, 0)) return undefined;
  const middle = bytes.indexOf('"', before.length);
  const end = bytes.length - after.length;
  if (middle < 0 || !isAt(between, middle) || !isAt(after, end) || middle + between.length > end) return undefined;
  return { payload: [before.length, middle], signature: [middle + between.length, end] };
}

/** What was signed, and how many bytes of it stand before the payload. @throws SnapshotError `malformed` */
function encodedPayload(bytes: Buffer, [from, to]: Place['payload'], spend: boolean): readonly [Buffer, number] {
  const padding = /={0,2}$/.exec(bytes.toString('latin1', Math.max(from, to - 4), to))?.[0].length ?? 0;
  const size = ((to - from) / 4) * 3 - padding;
  if ((to - from) % 4 !== 0 || size < 0) throw changed();
  const head = paeHead(SNAPSHOT_PAYLOAD, size);
  const start = from - head.length;
  const target = spend && start >= 0 ? bytes.subarray(start, from + size) : Buffer.allocUnsafe(head.length + size);
  if (!decodeInto(target.subarray(head.length), bytes, from, to)) throw changed();
  head.copy(target);
  return [target, head.length];
}

/**
 * Decodes base64 as it must be written (RFC 4648, section 4): like `decodeBase64`, piece by piece, and also over itself. Node's
 * decoder passes over what it does not know, so that bytes would be missing, but reads the other alphabet.
 */
function decodeInto(target: Buffer, bytes: Buffer, from: number, to: number): boolean {
  const last = bytes.toString('latin1', Math.max(from, to - 4), to);
  let done = 0;
  for (let at = from; at < to; at += STEP) {
    const text = bytes.toString('latin1', at, Math.min(at + STEP, to));
    const due = Math.min((STEP / 4) * 3, target.length - done);
    if (text.includes('-') || text.includes('_') || target.write(text, done, due, 'base64') !== due) return false;
    done += due;
  }
  // Padding and stray bits.
  return done === target.length && decodeBase64(last) !== undefined;
}

function changed(): SnapshotError {
  return new SnapshotError('malformed', 'the snapshot is not written as snapshots are: it was changed');
}

/** Why a file is not a snapshot of these keys, for people: nothing of it is trusted. */
function refusalOf(bytes: Buffer, keys: readonly KeyObject[]): SnapshotError {
  try {
    const { material } = readBundle(bytes, 'the snapshot', SNAPSHOT_PAYLOAD);
    if (material.kind !== 'key') return new SnapshotError('wrong-key', 'the snapshot is not signed with a key');
    const { hint } = material;
    if (hint === undefined || keys.some((key) => keyHint(key) === hint)) {
      return changed();
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
      return new SnapshotError('malformed', `this is not a snapshot: ${cause.message}`, { cause });
    if (!isAssayError(cause)) throw cause;
    if (isBareDocument(bytes)) return new SnapshotError('unsigned', 'the snapshot is not signed', { cause });
    return new SnapshotError('malformed', 'this is not a snapshot', { cause });
  }
}

/** A document that nobody put into an envelope. */
function isBareDocument(bytes: Buffer): boolean {
  return /^\s*\{\s*"schemaVersion"/.test(bytes.toString('latin1', 0, 100));
}
