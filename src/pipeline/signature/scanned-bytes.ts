import type { FileAssessment } from '../../core/assessment/index.ts';
import { type ArtifactFile, AssayError } from '../../core/index.ts';
import { createHasher, SHA256_PLAN, wholeDigest } from '../../integrity/hash/index.ts';

/** The digests of a file that the scan knows. */
export type ScannedFile = Pick<FileAssessment, 'path' | 'size' | 'sha256' | 'digestBasis'>;

/**
 * The bytes of a file that were scanned, and no others.
 * @throws AssayError `unreadable`, `limit`, `changed`
 */
export async function scannedBytes(
  file: ArtifactFile,
  scanned: ScannedFile | undefined,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (scanned?.digestBasis !== 'computed') throw new AssayError('unreadable', 'it was not fully read');
  const source = await file.open(signal);
  try {
    if (source.size > maxBytes) throw new AssayError('limit', `has more than ${maxBytes} bytes`);
    const bytes = await source.read(0, source.size);
    const hasher = await createHasher([SHA256_PLAN], bytes.length);
    hasher.update(bytes);
    if (wholeDigest(hasher.digest(), 'sha256') !== scanned.sha256)
      throw new AssayError('changed', 'it changed after it was scanned');
    return bytes;
  } finally {
    await source.close();
  }
}
