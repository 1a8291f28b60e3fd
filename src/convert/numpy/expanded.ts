import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import {
  BZIP2,
  type Codec,
  decode,
  expandStream,
  GZIP,
  isCodec,
  JOBLIB_ZF,
  LZ4,
  LZMA,
  XZ,
  ZF_HEADER,
  ZLIB,
} from '../../formats/compressed/index.ts';
import { PICKLE, UNMARKED_PICKLE } from '../../formats/pickle/index.ts';
import type { TensorReadOptions } from '../tensors/index.ts';

const HEAD_BYTES = 4_096;
/** The compressions of joblib (joblib/compressor.py). */
const FORMATS = [GZIP, BZIP2, XZ, LZ4, ZLIB, LZMA];

/** How a file is compressed; `undefined` when it is not. */
export function compressionOf(head: Uint8Array, size: number): Codec | 'zf' | undefined {
  const probe = { head, tail: head, size };
  if (JOBLIB_ZF.identify(probe)) return 'zf';
  const id = FORMATS.find((format) => format.identify(probe))?.id;
  return id !== undefined && isCodec(id) ? id : undefined;
}

export function isPickle(head: Uint8Array, size: number): boolean {
  const probe = { head, tail: head, size };
  return PICKLE.identify(probe) || UNMARKED_PICKLE.identify(probe);
}

/**
 * What a file holds once it is decompressed, in a temporary file when it is not small; the file itself when it is not compressed.
 * @throws AssayError what the decoder throws; `malformed` when bytes follow the compressed ones
 */
export async function uncompressed(source: ByteSource, options: TensorReadOptions): Promise<ByteSource> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  const codec = isPickle(head, source.size) ? undefined : compressionOf(head, source.size);
  return codec === undefined ? source : expanded(source, codec, options);
}

async function expanded(source: ByteSource, codec: Codec | 'zf', options: TensorReadOptions): Promise<ByteSource> {
  const { limits, signal, budget } = options;
  const start = codec === 'zf' ? ZF_HEADER : 0;
  const stream = new SliceSource(source, start, source.size - start, source.name);
  const result = await expandStream(decode(codec === 'zf' ? 'zlib' : codec, stream, { limits, signal, budget }), {
    name: source.name,
    inputSize: source.size,
    budget,
    limits,
    signal,
  });
  options.resources.defer(() => result.source.close());
  if (result.stopped !== undefined) throw result.stopped;
  if (result.end?.consumed !== stream.size)
    throw new AssayError('malformed', 'bytes follow the compressed ones', { subject: source.name });
  if (codec === 'zf') await checkLength(source, result.source.size);
  return result.source;
}

/** The header of old joblib tells the length in hexadecimal. */
async function checkLength(source: ByteSource, length: number): Promise<void> {
  const text = Buffer.from(await source.read(2, ZF_HEADER - 2)).toString('latin1');
  if (Number.parseInt(text.trim().replace(/L$/, ''), 16) !== length)
    throw new AssayError('malformed', `expands to ${length} bytes, and its header states ${text.trim()}`, {
      subject: source.name,
    });
}
