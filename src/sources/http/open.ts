import { type ByteSource, spool } from '../../core/bytes/index.ts';
import { AssayError, type Limits } from '../../core/index.ts';
import { type HttpFile, streamWhole } from './body.ts';
import { HttpRanges } from './range.ts';
import { HttpSource } from './source.ts';

export interface OpenHttpOptions {
  /** Bytes, as announced. */
  readonly size: number;
  /** Whether to read ranges, where the server has them. */
  readonly far: boolean;
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  /** Holds a file that is read whole against what was announced for it. */
  readonly check?: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/**
 * Opens a file of known size: in ranges if it is far, and whole otherwise.
 * @throws AssayError `limit` for a file that can only be read whole and is too long; what `HttpRanges.open` and `streamWhole` throw
 */
export async function openHttp(file: HttpFile, options: OpenHttpOptions): Promise<ByteSource> {
  const { size, far, limits, signal, check = (bytes) => bytes } = options;
  const ranges = far ? await HttpRanges.open(file, size, signal) : undefined;
  if (ranges !== undefined) return new HttpSource(ranges, file.name, signal);
  if (size > limits.maxExpandedBytes) {
    const why = `can only be downloaded as a whole, but has more than ${limits.maxExpandedBytes} bytes (maxExpandedBytes)`;
    throw new AssayError('limit', why, { subject: file.name });
  }
  return spool(check(streamWhole(file, size, size, signal)), file.name, size, { remaining: size }, limits);
}
