import type { SnapshotDocument } from './document.ts';
import { SnapshotError } from './snapshot-error.ts';

/** The head of a snapshot, before its entries. */
export type SnapshotLabel = Pick<SnapshotDocument, 'tenant' | 'version' | 'issued' | 'expires'>;

/** In the one spelling of a snapshot, the label comes first. */
const START =
  /^\{"schemaVersion":"[12]",("tenant":"[^"\\]{1,200}","version":\d{1,15},"issued":"[\dTZ:-]{20}","expires":"[\dTZ:-]{20}"),/;
const MARK = '"payload":"';
/** Bytes that hold everything up to the label, and the label in base64. */
const HEAD = 4096;

/**
 * The label of a signed snapshot, of which nothing is verified: for a service that delivers snapshots and trusts none.
 * @throws SnapshotError `malformed`
 */
export function peekSnapshot(bytes: Buffer): SnapshotLabel {
  const head = bytes.toString('latin1', 0, HEAD);
  const at = head.indexOf(MARK);
  const [base64 = ''] = /^[A-Za-z0-9+/]*/.exec(at < 0 ? '' : head.slice(at + MARK.length)) ?? [];
  const [, label] = START.exec(Buffer.from(base64, 'base64').toString('utf8')) ?? [];
  if (label === undefined) throw new SnapshotError('malformed', 'this is not a snapshot');
  return JSON.parse(`{${label}}`) as SnapshotLabel;
}
