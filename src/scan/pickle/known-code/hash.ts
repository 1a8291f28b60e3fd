import { createHash } from 'node:crypto';

/**
 * Bytes of a digest that are kept: a second function with the digest of a listed one costs 2^192 / (number of listed ones) attempts,
 * and two functions with one digest, of which a library would have to publish one, cost 2^96.
 */
const KEPT = 24;

/** The digest of a list of texts, which no other list has: each is preceded by its length. */
export function digestOfParts(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest().subarray(0, KEPT).toString('base64');
}
