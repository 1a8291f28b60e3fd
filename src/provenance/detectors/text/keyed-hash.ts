import { randomBytes } from 'node:crypto';

/** Two 32-bit halves of a hash. */
export interface Hash {
  low: number;
  high: number;
}

/** Writes the hash of a part of a text into one object, for each token would cost an object of its own. */
export type KeyedHash = (text: string, from: number, to: number, into: Hash) => void;

/** Rounds after the last block, for each half. */
const FINAL = 3;

/**
 * HalfSipHash-1-3 (Aumasson and Bernstein 2012) of UTF-16 units, with 64 bits of output and a random key: who writes the texts cannot make
 * two of them collide. What is counted by it does not depend on the key.
 */
export function keyedHash(key: Uint8Array = randomBytes(8)): KeyedHash {
  const view = new DataView(key.buffer, key.byteOffset, 8);
  const [k0, k1] = [view.getInt32(0, true), view.getInt32(4, true)];
  return (text, from, to, into) => {
    let v0 = k0;
    let v1 = k1 ^ 0xee;
    let v2 = 0x6c796765 ^ k0;
    let v3 = 0x74656462 ^ k1;
    const length = to - from;
    // Two units a block, and the last block has the length in bytes.
    const blocks = (length >> 1) + 1;
    for (let step = 0; step < blocks + 2 * FINAL; step++) {
      let word = 0;
      if (step < blocks - 1) word = text.charCodeAt(from + 2 * step) | (text.charCodeAt(from + 2 * step + 1) << 16);
      else if (step === blocks - 1) word = ((2 * length) << 24) | ((length & 1) === 1 ? text.charCodeAt(to - 1) : 0);
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
      if (step === blocks - 1) v2 ^= 0xee;
      else if (step === blocks + FINAL - 1) {
        into.low = (v1 ^ v3) >>> 0;
        v1 ^= 0xdd;
      }
    }
    into.high = (v1 ^ v3) >>> 0;
  };
}
