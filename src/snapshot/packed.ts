import type { ImageFacts } from '../core/image/index.ts';
import type { SnapshotEntry } from './document.ts';
import type { SnapshotMeta } from './snapshot.ts';

/**
 * A verified snapshot in a few buffers that another thread can hand over without a copy: what costs a thread time is the number
 * of objects, not of bytes. Made by `packSnapshot`, read by `PackedIndex`, never written to a file.
 */
export interface PackedSnapshot {
  readonly meta: SnapshotMeta;
  /** Mixed into each hash, so that collisions cannot be predicted. */
  readonly seed: number;
  /** The policies that records name by number. */
  readonly policies: readonly SnapshotEntry['policy'][];
  /** Records: 4 bytes length of the JSON (little-endian), 32 bytes digest, `RecordJson` in UTF-8. Of a `Room`. */
  readonly records: ArrayBuffer;
  /** Of each entry, where its record is (Uint32). */
  readonly starts: ArrayBuffer;
  /** `hash * SPAN + entry`, ascending (Float64): of each reference, of each repository with approved versions, of each digest. */
  readonly keys: ArrayBuffer;
  readonly repositories: ArrayBuffer;
  readonly digests: ArrayBuffer;
  /** Rows of 32 bytes digest, 20 characters end, spaces for none, `s` for a sealed one, and where its text is (4 bytes); ascending. */
  readonly images: ArrayBuffer;
  /** Texts: 4 bytes length (little-endian), and `ImageJson` in UTF-8. */
  readonly imageTexts: ArrayBuffer;
  /** `hash * SPAN + row`, ascending (Float64): of the name of each image. */
  readonly imageNames: ArrayBuffer;
}

/** What is written of an entry beside its digest. Its status follows from its stages: nothing denied has any. */
export type RecordJson = readonly [
  model: string,
  number: number,
  refs: readonly string[],
  endpoint: string | null,
  stages: readonly (readonly [stage: string, notAfter: string | null])[],
  remoteCode: 0 | 1,
  policy: number | readonly [name: string, digest: string],
  reason: string,
  report: string | null,
];

/** What is written of an image beside its row. */
export type ImageJson = readonly [name: string | null, facts: ImageFacts | null];

/** More than any snapshot has entries, so that hash and entry fit into the 53 bits of a number. */
export const SPAN = 2 ** 20;
/** Bytes of a record before its JSON. */
export const RECORD_HEAD = 36;
export const DIGEST_BYTES = 32;
export const END_BYTES = 20;
/** Of where the text of an image is. */
export const PLACE_BYTES = 4;
export const IMAGE_BYTES = DIGEST_BYTES + END_BYTES + 1 + PLACE_BYTES;
export const DIGEST_PREFIX = 'sha256:';

/** 32 bits of a text. The record itself resolves collisions. */
export function hashOf(text: string, seed: number): number {
  let hash = seed | 0;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** The first place whose number is not below; the length where all are. */
export function lowerBound(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
