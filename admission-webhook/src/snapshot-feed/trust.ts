import type { KeyObject } from 'node:crypto';
import { readSmallText } from '../../../src/core/bytes/index.ts';
import { keyHint, readPublicKey } from '../../../src/integrity/envelope/index.ts';
import { readTrustFile, type TrustFile } from '../../../src/integrity/trust-file/index.ts';
import { signingKeys } from '../../../src/snapshot/index.ts';

/**
 * Who may sign snapshots: a public key in PEM, or a trust file with signers that may.
 * @throws AssayError `not-found`, `unreadable`, `usage`
 */
export async function readSnapshotTrust(path: string): Promise<KeyObject | TrustFile> {
  const text = await readSmallText(path, '--snapshot-key');
  return text.includes('-----BEGIN ') ? readPublicKey(text, path) : readTrustFile(path);
}

/** The same for the same keys: what was refused under others is looked at again. */
export function trustMark(trust: KeyObject | TrustFile, now: Date): string {
  return signingKeys(trust, now).map(keyHint).join();
}
