import { createHash } from 'node:crypto';
import { AssayError } from '../../core/index.ts';
import type { PlainArray } from '../../formats/arrays/index.ts';
import type { Generated } from './generate.ts';
import type { RecordedText } from './recording.ts';

/** What a recording is of: it holds for the same tokens and bounds alone. */
export interface RecordedSettings {
  /** The tokens of each prompt. */
  readonly ids: readonly Int32Array[];
  readonly newTokens: number;
  readonly eos: readonly number[];
}

/** Logits that are recorded at most: those of the first prompts are. */
export const RECORDED_VALUES = 8 * 1024 * 1024;
/** Behind the last token of a text. */
const NOTHING = -1n;
const MAX_TOKEN = 2n ** 31n;

/** The arrays of a file that `recordedTexts` reads: `tokens`, `logits` of the first texts, and what they are of. */
export function recordingArrays(
  settings: RecordedSettings,
  generated: readonly Generated[],
): ReadonlyMap<string, PlainArray> {
  const width = generated.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const tokens = new BigInt64Array(generated.length * width).fill(NOTHING);
  for (const [row, one] of generated.entries()) tokens.set(one.tokens.map(BigInt), row * width);
  const without = generated.findIndex(({ logits }) => logits.length === 0);
  const rows = without < 0 ? generated.length : without;
  const vocabulary = generated[0]?.logits[0]?.length ?? 0;
  const logits = new Float64Array(rows * width * vocabulary);
  for (const [row, one] of generated.slice(0, rows).entries())
    for (const [step, values] of one.logits.entries()) logits.set(values, (row * width + step) * vocabulary);
  const made: PlainArray = { kind: 'texts', dims: [1], values: [digestOf(settings)] };
  const arrays = new Map<string, PlainArray>([
    ['made', made],
    ['tokens', { kind: 'integers', dims: [generated.length, width], values: tokens }],
  ]);
  if (logits.length > 0) arrays.set('logits', { kind: 'numbers', dims: [rows, width, vocabulary], values: logits });
  return arrays;
}

/**
 * What was recorded of each prompt.
 * @param subject the file, for messages
 * @throws AssayError `usage` for arrays that are not a recording, or one of other prompts, tokens or bounds
 */
export function recordedTexts(
  arrays: ReadonlyMap<string, PlainArray>,
  settings: RecordedSettings,
  subject: string,
): readonly RecordedText[] {
  const wrong = (message: string) =>
    new AssayError('usage', message, {
      subject,
      hint: 'record it again: assay test <model> --suite <suite> --record <file>',
    });
  const [made, tokens, logits] = [arrays.get('made'), arrays.get('tokens'), arrays.get('logits')];
  if (made?.kind !== 'texts' || tokens?.kind !== 'integers' || tokens.dims.length !== 2)
    throw wrong('is not a recording of texts');
  if (made.values[0] !== digestOf(settings))
    throw wrong('is a recording of other prompts, of another tokenizer, or with other `newTokens` or `eos`');
  const [rows = 0, width = 0] = tokens.dims;
  if (rows !== settings.ids.length || width < 1 || width > settings.newTokens)
    throw wrong(`has the tokens of ${rows} texts of ${width} tokens, which the prompts do not have`);
  const [known = 0, steps = 0, vocabulary = 0] = logits?.dims ?? [];
  const isOfLogits = logits === undefined || (logits.kind === 'numbers' && logits.dims.length === 3);
  if (!isOfLogits || (logits !== undefined && (steps !== width || known > rows || vocabulary < 1)))
    throw wrong('has logits that are not those of its tokens');
  return settings.ids.map((_, row) => {
    const own = tokens.values.subarray(row * width, (row + 1) * width);
    const end = own.indexOf(NOTHING);
    const kept = end < 0 ? own : own.subarray(0, end);
    const isPadded = end < 0 || own.subarray(end).every((token) => token === NOTHING);
    if (kept.length === 0 || !isPadded || kept.some((token) => token < 0n || token >= MAX_TOKEN))
      throw wrong(`has tokens that are not those of a text in row ${row + 1}`);
    const list = Array.from(kept, Number);
    if (logits?.kind !== 'numbers' || row >= known) return { tokens: list };
    const from = row * width * vocabulary;
    return {
      tokens: list,
      logits: list.map((_token, step) =>
        logits.values.subarray(from + step * vocabulary, from + (step + 1) * vocabulary),
      ),
    };
  });
}

function digestOf({ ids, newTokens, eos }: RecordedSettings): string {
  const known = { ids: ids.map((one) => [...one]), newTokens, eos: [...eos].sort((a, b) => a - b) };
  return createHash('sha256').update(JSON.stringify(known)).digest('hex');
}
