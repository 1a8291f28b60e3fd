import type { ByteSource } from '../core/bytes/index.ts';
import type { ArtifactFile, OnEvent } from '../core/index.ts';

/** Smaller files finish before progress is displayed. */
const PROGRESS_SIZE = 8 * 1024 * 1024;
const PROGRESS_MS = 100;

/** Reports bytes as they arrive, for large files. `clearInterval` ends it. */
export function reportBytes(
  source: ByteSource,
  file: Pick<ArtifactFile, 'path' | 'size'>,
  onEvent: OnEvent | undefined,
): NodeJS.Timeout | undefined {
  if (onEvent === undefined || file.size < PROGRESS_SIZE) return undefined;
  let told = 0;
  const tell = () => {
    const bytes = Math.min(bytesReadOf(source), file.size) - told;
    if (bytes > 0) onEvent({ kind: 'bytes', path: file.path, bytes });
    told += Math.max(0, bytes);
  };
  return setInterval(tell, PROGRESS_MS).unref();
}

/** Bytes that the source fetched so far; its size when it does not count. */
export function bytesReadOf(source: ByteSource): number {
  return 'bytesRead' in source && typeof source.bytesRead === 'number' ? source.bytesRead : source.size;
}
