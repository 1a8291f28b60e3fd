import { type FileHandle, open } from 'node:fs/promises';
import { AssayError, throwIfAborted } from '../../../src/core/index.ts';
import { SNAPSHOT_LIMITS } from '../../../src/snapshot/index.ts';

const PIECE = 512 * 1024;

/**
 * Writes what comes to a file, as far as a snapshot may be long: it is never in memory.
 * @throws AssayError `limit`; what reading and writing throw
 */
export async function writeBounded(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  max: number = SNAPSHOT_LIMITS.maxBytes,
): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    let total = 0;
    for await (const chunk of chunks) {
      total += chunk.length;
      if (total > max) throw tooLarge(max);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The bytes of a file, each piece in the place of the one before. @throws what reading throws */
export async function* piecesOf(file: FileHandle, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  for (;;) {
    throwIfAborted(signal);
    const { bytesRead } = await file.read(buffer, 0, PIECE, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

export function tooLarge(max: number): AssayError {
  return new AssayError('limit', `the snapshot has more than ${max} bytes`);
}
