import { createHash } from 'node:crypto';
import { AssayError, type ClaimedDigest } from '../core/index.ts';

/** The digest of bytes as they pass, in the algorithm of a claim. */
export interface ClaimHash {
  update(bytes: Uint8Array): void;
  /** Call it once. */
  hex(): string;
}

/** @param size bytes that will pass: git's digest starts with it */
export function claimHash(algorithm: ClaimedDigest['algorithm'], size: number): ClaimHash {
  const hash = createHash(algorithm === 'sha256' ? 'sha256' : 'sha1');
  if (algorithm === 'git-sha1') hash.update(`blob ${size}\0`);
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
}

/**
 * Passes bytes on, and at the end compares them with the announced digest. No byte may be used before the end.
 * @throws AssayError `mismatch`
 */
export async function* checked(
  bytes: AsyncIterable<Uint8Array>,
  claimed: ClaimedDigest,
  size: number,
  name: string,
): AsyncGenerator<Uint8Array> {
  const hash = claimHash(claimed.algorithm, size);
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.hex();
  if (found !== claimed.hex) throw digestMismatch(name, claimed, found);
}

export function digestMismatch(name: string, claimed: ClaimedDigest, found: string): AssayError {
  return new AssayError(
    'mismatch',
    `the bytes have the ${claimed.algorithm} ${found}, but ${claimed.hex} was announced`,
    {
      subject: name,
      hint: 'do not use them; try again, and report it to the operator of the server if it happens again',
    },
  );
}
