import { AssayError, isAssayError } from '../../../core/index.ts';
import type { PlainArray } from '../../../formats/arrays/index.ts';
import { TokenizerFile, type Tokens } from '../../tokenizer/index.ts';
import type { DataFiles } from '../files.ts';
import type { DataContext } from '../options.ts';
import type { TextsPart } from './spec.ts';

/** Values are held as 64-bit numbers. */
const HELD = 8;

/**
 * Texts as the inputs of a language model: ids, what of them is not padding, and types.
 * @throws AssayError `usage` for texts that need padding which is not known; what reading and running the tokenizer throws
 */
export async function readTexts(
  part: TextsPart,
  { texts, pairs }: { readonly texts: readonly string[]; readonly pairs: readonly string[] | undefined },
  files: DataFiles,
  context: DataContext,
): Promise<ReadonlyMap<string, PlainArray>> {
  const { maxLength, truncate, special } = part;
  if (maxLength === undefined && (truncate || part.pad === 'maxLength'))
    throw new AssayError('usage', '`truncate` and `pad: maxLength` need a length', {
      subject: part.texts,
      hint: 'set `maxLength`',
    });
  const tokenizer = await files.use(part.tokenizer, ({ source }) => TokenizerFile.read(source, context));
  const options = {
    ...context,
    special,
    truncate,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(pairs === undefined ? {} : { pairs }),
  };
  try {
    return padded(part, await tokenizer.encode(texts, options), context);
  } catch (error) {
    if (!isAssayError(error) || error.subject !== undefined || error.code === 'aborted') throw error;
    // A bound is met by texts, all else is of the tokenizer.
    const subject = error.code === 'limit' ? part.texts : part.tokenizer;
    throw new AssayError(error.code, error.message, { subject, cause: error });
  }
}

function padded(part: TextsPart, tokens: Tokens, { budget }: DataContext): ReadonlyMap<string, PlainArray> {
  const { ids, mask, types } = part.as;
  const longest = tokens.ids.reduce((length, row) => Math.max(length, row.length), 0);
  const width = part.pad === 'maxLength' ? (part.maxLength ?? longest) : longest;
  const padId = part.padId ?? tokens.padId;
  const isShort = tokens.ids.some((row) => row.length < width);
  if (isShort && padId === undefined)
    throw new AssayError('usage', 'does not say what it pads with, and texts differ in length', {
      subject: part.tokenizer,
      hint: 'set `padId` to what the model was trained with',
    });
  const rows = tokens.ids.length;
  const matrix = (valueAt: (row: number, at: number) => number, filler: number): PlainArray => {
    budget.hold(HELD * rows * width);
    const values = new BigInt64Array(rows * width).fill(BigInt(filler));
    for (const [row, { length }] of tokens.ids.entries()) {
      const start = row * width + (part.side === 'left' ? width - length : 0);
      for (let at = 0; at < length; at++) values[start + at] = BigInt(valueAt(row, at));
    }
    return { kind: 'integers', dims: [rows, width], values };
  };
  const arrays = new Map<string, PlainArray>([[ids, matrix((row, at) => tokens.ids[row]?.[at] ?? 0, padId ?? 0)]]);
  if (mask !== undefined)
    arrays.set(
      mask,
      matrix(() => 1, 0),
    );
  if (types !== undefined)
    arrays.set(
      types,
      matrix((row, at) => tokens.types[row]?.[at] ?? 0, 0),
    );
  if (arrays.size !== 1 + Number(mask !== undefined) + Number(types !== undefined))
    throw new AssayError('usage', 'names two inputs alike', { subject: part.texts, hint: 'correct `as`' });
  return arrays;
}
