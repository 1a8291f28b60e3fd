import { type ByteSource, chunks } from '../core/bytes/index.ts';

const ZEROS = Buffer.alloc(1024 * 1024);

/** Whether `[start, end)` is all zero bytes: padding. */
export async function isBlank(source: ByteSource, start: number, end: number): Promise<boolean> {
  for await (const chunk of chunks(source, start, end, ZEROS.length)) {
    if (ZEROS.compare(chunk, 0, chunk.length, 0, chunk.length) !== 0) return false;
  }
  return true;
}
