import { isUtf8 } from 'node:buffer';
import type { SnapshotDocument, SnapshotEntry } from './document.ts';
import { maxSeparators, SNAPSHOT_LIMITS } from './limits.ts';
import { entryReader, readSnapshotDocument } from './read-document.ts';
import type { ShrinkableMemory } from './shrinkable-memory.ts';
import { SnapshotError } from './snapshot-error.ts';

/** Everything of a snapshot but its entries. */
export type SnapshotHead = Omit<SnapshotDocument, 'entries'>;

export interface SnapshotParts {
  readonly head: SnapshotHead;
  /** Bytes of the payload. */
  readonly size: number;
  /** Each is read when it is asked for. @throws SnapshotError `malformed`, `limit` */
  entries(): Generator<SnapshotEntry, void>;
  /** Memory that may be written over as far as its entries were read. */
  readonly spent?: { readonly room: ShrinkableMemory; upTo(): number };
}

/** In the one spelling of a snapshot, no text holds these: it would write the quotes in them otherwise. */
const BEFORE = Buffer.from(',"entries":[');
const AFTER = Buffer.from('],"images":[');
const SEAM = Buffer.from('},{"model":');

/**
 * The document that a payload holds, whose entries are never all in memory: a hundred thousand take several times their bytes.
 * Parsers differ on duplicate properties, so a document has one form, the one that was written: head and entries are each
 * compared with it, and only commas are between them.
 * @param room where the payload is, when nobody else needs it afterwards
 * @throws SnapshotError `malformed`, `limit`
 */
export function readPayload(payload: Buffer, room?: ShrinkableMemory): SnapshotParts {
  checkSize(payload);
  if (!isUtf8(payload)) throw noJson();
  const before = payload.indexOf(BEFORE);
  const start = before + BEFORE.length;
  const end = before < 0 ? -1 : payload.indexOf(AFTER, start);
  if (end < 0) throw malformedAround(payload.toString());
  const text = `${payload.toString('utf8', 0, start)}${payload.toString('utf8', end)}`;
  const { entries: _, ...head } = spelled(text, readSnapshotDocument);
  const next = { at: start };
  const spent = room && { room, upTo: () => payload.byteOffset + next.at };
  return { head, size: payload.length, entries: () => entriesIn(payload, next, end), ...(spent && { spent }) };
}

/** @param next where the next one begins */
function* entriesIn(payload: Buffer, next: { at: number }, end: number): Generator<SnapshotEntry, void> {
  const read = entryReader();
  let count = 0;
  while (next.at < end) {
    if (++count > SNAPSHOT_LIMITS.maxEntries) {
      throw new SnapshotError('limit', `the snapshot has more than ${SNAPSHOT_LIMITS.maxEntries} entries`);
    }
    const seam = payload.indexOf(SEAM, next.at);
    const stop = seam < 0 || seam >= end ? end : seam + 1;
    const text = payload.toString('utf8', next.at, stop);
    next.at = stop + 1;
    yield spelled(text, read);
  }
}

/** @throws SnapshotError `malformed` for what is written otherwise than it is meant */
function spelled<T>(text: string, read: (json: unknown) => T): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw noJson(cause);
  }
  const value = read(json);
  if (JSON.stringify(value) === text) return value;
  throw new SnapshotError('malformed', 'the snapshot is malformed: it is not written as snapshots are');
}

/** What is wrong with a payload without entries, as far as it can be said. */
function malformedAround(text: string): SnapshotError {
  try {
    spelled(text, readSnapshotDocument);
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw error;
  }
  return noJson();
}

function noJson(cause?: unknown): SnapshotError {
  return new SnapshotError('malformed', 'the snapshot is malformed: it contains no JSON', { cause });
}

const PIECE = 1 << 16;

/** Before anything is built: no value is parsed without a comma, a bracket or a brace. */
function checkSize(payload: Buffer): void {
  const max = maxSeparators(SNAPSHOT_LIMITS.maxEntries);
  // One by one, bytes are read twice as fast from memory that cannot change its size.
  const piece = Buffer.alloc(PIECE);
  let count = 0;
  for (let from = 0; from < payload.length; from += PIECE) {
    const length = payload.copy(piece, 0, from, from + PIECE);
    for (let at = 0; at < length; at++) {
      const byte = piece[at];
      if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count++;
    }
  }
  if (count > max) throw new SnapshotError('limit', `the snapshot has more than ${max} values`);
}
