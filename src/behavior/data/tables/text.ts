import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { DataContext } from '../options.ts';

/** V8 holds no longer text. */
const MAX_BYTES = 256 * 1024 * 1024;
/** A text may take two bytes a character, beside its bytes. */
const HELD = 3;

/** The bytes of a whole file, which are charged. @throws AssayError `limit` */
export async function wholeBytes(source: ByteSource, { budget }: Pick<DataContext, 'budget'>): Promise<Uint8Array> {
  if (source.size > MAX_BYTES)
    throw new AssayError('limit', `has ${source.size} bytes, more than ${MAX_BYTES}`, {
      hint: 'give it as Parquet, or as .npz',
    });
  budget.hold(HELD * source.size);
  return await source.read(0, source.size);
}

/** The text of a whole file, without a byte order mark. @throws AssayError `malformed` for what is not UTF-8; `limit` */
export async function wholeText(source: ByteSource, path: string, context: DataContext): Promise<string> {
  const bytes = await wholeBytes(source, context);
  try {
    // A view of shared memory is not decoded.
    return new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(bytes));
  } catch (cause) {
    throw new AssayError('malformed', 'is not UTF-8', { subject: path, hint: 'write it in UTF-8', cause });
  }
}
