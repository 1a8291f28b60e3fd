import { KeyObject } from 'node:crypto';
import { refusalOf, type TrustFile } from '../integrity/trust-file.ts';
import type { SnapshotDocument } from './document.ts';
import { openEnvelope } from './envelope.ts';
import { maxSeparators, SNAPSHOT_LIMITS } from './limits.ts';
import { readDocument } from './read-document.ts';
import { Snapshot } from './snapshot.ts';
import { SnapshotError } from './snapshot-error.ts';

export interface OpenOptions {
  /** Who may sign it: a public key, or those of a trust file that may sign snapshots with one. */
  readonly trust: KeyObject | TrustFile;
  readonly now: Date;
  /** Any, when absent. */
  readonly tenant?: string;
  /** The version that was seen last: a lower one is refused. */
  readonly minVersion?: number;
  /** Also one that has ended: for who has to go on with the last that was good, and says so. */
  readonly evenExpired?: boolean;
}

/**
 * Opens a signed snapshot. Nothing of it is read before its signature holds; the signature covers every byte.
 * @throws SnapshotError and nothing else, whatever the bytes are
 */
export function openSnapshot(bytes: Uint8Array, options: OpenOptions): Snapshot {
  const document = openDocument(bytes, options);
  const snapshot = new Snapshot(document);
  if (options.evenExpired !== true && snapshot.isExpired(options.now)) {
    throw new SnapshotError('expired', `the snapshot ended at ${document.expires}`);
  }
  return snapshot;
}

/** The document itself, whether or not it has ended. @throws SnapshotError */
export function openDocument(bytes: Uint8Array, options: Omit<OpenOptions, 'evenExpired'>): SnapshotDocument {
  const { trust, now, tenant, minVersion = 0 } = options;
  if (bytes.length > SNAPSHOT_LIMITS.maxBytes) {
    throw new SnapshotError('limit', `the snapshot has more than ${SNAPSHOT_LIMITS.maxBytes} bytes`);
  }
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const document = parsePayload(openEnvelope(whole, keysOf(trust, now)));
  if (tenant !== undefined && document.tenant !== tenant) {
    throw new SnapshotError('other-tenant', `the snapshot is of the tenant "${document.tenant}", not of "${tenant}"`);
  }
  if (document.version < minVersion) {
    throw new SnapshotError(
      'rollback',
      `the snapshot has version ${document.version}, and ${minVersion} was seen before`,
    );
  }
  return document;
}

function keysOf(trust: KeyObject | TrustFile, now: Date): KeyObject[] {
  if (trust instanceof KeyObject) return [trust];
  return trust.rules.flatMap((rule) => {
    return rule.trust.kind === 'key' && refusalOf(rule, { role: 'snapshot' }, now) === undefined
      ? [rule.trust.key]
      : [];
  });
}

function parsePayload(payload: Buffer): SnapshotDocument {
  checkSize(payload);
  let text: string;
  let document: SnapshotDocument;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
    document = readDocument(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof SnapshotError) throw cause;
    throw new SnapshotError('malformed', 'the snapshot is malformed: it holds no JSON', { cause });
  }
  // Readers differ about what a property means that is there twice: it has one spelling, the one that was written.
  if (JSON.stringify(document) !== text) {
    throw new SnapshotError('malformed', 'the snapshot is malformed: it is not written as snapshots are');
  }
  return document;
}

/** Before anything is built: no value is parsed without a comma, a bracket or a brace. */
function checkSize(payload: Buffer): void {
  const max = maxSeparators(SNAPSHOT_LIMITS.maxEntries);
  let count = 0;
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at];
    if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count++;
  }
  if (count > max) throw new SnapshotError('limit', `the snapshot has more than ${max} values`);
}
