import { type JsonBounds, parseBoundedJson } from '../../../src/core/index.ts';

const MiB = 1024 * 1024;

/** An object has up to 3 MB, and what its owner wants: API servers take values 10,000 deep. */
const MAX_DEPTH = 12_000;

/** One answer. Where a page of a list has more, smaller ones are asked for. */
export const ANSWER_BOUNDS: JsonBounds = { maxBytes: 32 * MiB, maxDepth: MAX_DEPTH, maxTokens: 8_000_000 };
/** One event of a watch. */
export const EVENT_BOUNDS: JsonBounds = { maxBytes: 8 * MiB, maxDepth: MAX_DEPTH, maxTokens: 8_000_000 };

/** @throws AssayError `limit`, `malformed` */
export function parseAnswer(bytes: Uint8Array, server: string, bounds: JsonBounds = ANSWER_BOUNDS): unknown {
  return parseBoundedJson(bytes, `the answer of ${server}`, bounds);
}
