import { KeyObject } from 'node:crypto';
import { refusalOf, type TrustFile } from '../integrity/trust-file/index.ts';
import type { SnapshotDocument } from './document.ts';
import { openEnvelope } from './envelope.ts';
import { SNAPSHOT_LIMITS } from './limits.ts';
import { readPayload, type SnapshotParts } from './read-payload.ts';
import type { ShrinkableMemory } from './shrinkable-memory.ts';
import { Snapshot } from './snapshot.ts';
import { SnapshotError } from './snapshot-error.ts';

export interface SnapshotOpenOptions {
  /** The trusted signers: a public key, or the signers of a trust file that may sign snapshots with a key. */
  readonly trust: KeyObject | TrustFile;
  readonly now: Date;
  /** Any, when absent. */
  readonly tenant?: string;
  /** The version that was seen last: a lower one is refused. */
  readonly minVersion?: number;
  /** Accept an expired snapshot as well: for a caller that must continue with the last good one, and reports it. */
  readonly evenExpired?: boolean;
}

/**
 * Opens a signed snapshot. Nothing of it is read before its signature holds; the signature covers every byte.
 * @throws SnapshotError and nothing else, whatever the bytes are
 */
export function openSnapshot(bytes: Uint8Array, options: SnapshotOpenOptions): Snapshot {
  const document = openDocument(bytes, options);
  const snapshot = new Snapshot(document);
  if (options.evenExpired !== true && snapshot.isExpired(options.now)) {
    throw new SnapshotError('expired', `the snapshot expired at ${document.expires}`);
  }
  return snapshot;
}

/** The document itself, whether or not it has ended. @throws SnapshotError */
export function openDocument(bytes: Uint8Array, options: Omit<SnapshotOpenOptions, 'evenExpired'>): SnapshotDocument {
  const keys = signingKeys(options.trust, options.now);
  const { head, entries } = openParts(bytes, { ...options, keys });
  const { images, ...meta } = head;
  return { ...meta, entries: [...entries()], images };
}

export interface PartsOptions extends Pick<SnapshotOpenOptions, 'tenant' | 'minVersion'> {
  readonly keys: readonly KeyObject[];
  /** Where `bytes` are, when nobody needs them afterwards: they are overwritten, and what follows the payload is cut off. */
  readonly spend?: ShrinkableMemory;
}

/**
 * The same judgement entry by entry: the signature and the head are judged now, each entry when it is asked for. Nothing of it is
 * to be used before the last entry was read.
 * @throws SnapshotError
 */
export function openParts(bytes: Uint8Array, options: PartsOptions): SnapshotParts {
  const { keys, tenant, minVersion = 0, spend } = options;
  if (bytes.length > SNAPSHOT_LIMITS.maxBytes) {
    throw new SnapshotError('limit', `the snapshot has more than ${SNAPSHOT_LIMITS.maxBytes} bytes`);
  }
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const payload = openEnvelope(whole, keys, spend !== undefined);
  spend?.cut(payload.byteOffset + payload.length);
  const parts = readPayload(payload, spend);
  const { tenant: own, version } = parts.head;
  if (tenant !== undefined && own !== tenant) {
    throw new SnapshotError('other-tenant', `the snapshot belongs to the tenant "${own}", not to "${tenant}"`);
  }
  if (version < minVersion) {
    throw new SnapshotError('rollback', `the snapshot has version ${version}, and ${minVersion} was seen before`);
  }
  return parts;
}

/** The keys that may sign snapshots now. */
export function signingKeys(trust: KeyObject | TrustFile, now: Date): KeyObject[] {
  if (trust instanceof KeyObject) return [trust];
  return trust.rules.flatMap((rule) => {
    return rule.trust.kind === 'key' && refusalOf(rule, { role: 'snapshot' }, now) === undefined
      ? [rule.trust.key]
      : [];
  });
}
