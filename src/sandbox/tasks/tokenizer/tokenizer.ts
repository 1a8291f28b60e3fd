import type { Tokenizer } from '@huggingface/tokenizers';
import { AssayError, isAssayError } from '../../../core/index.ts';
import { fields } from '../../frames.ts';
import { giveTensor } from '../give-tensor.ts';
import type { TaskIo } from '../task-io.ts';
import { loadTokenizer } from './load.ts';

/** What is asked of a tokenizer, as plain JSON: it is the rest of the input, behind the `tokenizer.json`. */
export type TokenizerRequest =
  | {
      readonly kind: 'encode';
      readonly texts: readonly string[];
      /** The second text of each, where texts are pairs. */
      readonly pairs?: readonly string[];
      /** Whether tokens such as `[CLS]` are added as the file says. */
      readonly special: boolean;
      /** Tokens of a text, the added ones included; more are refused, or cut off. */
      readonly maxLength: number;
      readonly truncate: boolean;
    }
  | { readonly kind: 'decode'; readonly ids: readonly (readonly number[])[]; readonly skipSpecial: boolean };

/** What a tokenizer says besides: the token that it pads with, and the text that is worked at. */
export type TokenizerMessage = { readonly padId: number } | { readonly text: number };

/** Texts behind each other that are told of in one message. */
const TOLD_EVERY = 16;
const NO_MEMORY = /alloc|out of memory|array length/i;

/**
 * Encodes texts, or decodes ids. Tensors: `ids`, `types` and `lengths` (of the ids of each text, which lie behind each other), or `texts`.
 * `args`: `{ tokenizerBytes }`.
 */
export async function run(args: unknown, io: TaskIo): Promise<void> {
  const { tokenizerBytes } = fields(args);
  if (typeof tokenizerBytes !== 'number') throw new AssayError('internal', 'no tokenizer');
  const json: unknown = JSON.parse(textAt(io, 0, tokenizerBytes));
  const request = JSON.parse(textAt(io, tokenizerBytes, io.inputSize - tokenizerBytes)) as TokenizerRequest;
  try {
    const { tokenizer, padId, takesPairs } = await loadTokenizer(json);
    if (request.kind === 'encode' && request.pairs !== undefined && !takesPairs)
      throw new AssayError('unsupported', 'joins pairs of texts by other parts than a TemplateProcessing');
    if (padId !== undefined) io.message({ padId } satisfies TokenizerMessage);
    if (request.kind === 'encode') encode(tokenizer, request, io);
    else decode(tokenizer, request, io);
  } catch (error) {
    if (isAssayError(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof RangeError && NO_MEMORY.test(message)) throw error;
    throw new AssayError('unsupported', `is a tokenizer that cannot be used: ${message}`, { cause: error });
  }
}

function textAt(io: TaskIo, offset: number, length: number): string {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const part = io.read(offset + at, length - at);
    if (part.length === 0) throw new AssayError('truncated', 'ends early');
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.toString('utf8');
}

function encode(tokenizer: Tokenizer, request: TokenizerRequest & { readonly kind: 'encode' }, io: TaskIo): void {
  const [ids, types, lengths]: [number[], number[], number[]] = [[], [], []];
  for (const [i, text] of request.texts.entries()) {
    if (i % TOLD_EVERY === 0) io.message({ text: i } satisfies TokenizerMessage);
    const one = encoded(tokenizer, text, request.pairs?.[i], i, request);
    for (const id of one.ids) ids.push(id);
    for (const type of one.types) types.push(type);
    lengths.push(one.ids.length);
  }
  giveIntegers(io, 'ids', ids);
  giveIntegers(io, 'types', types);
  giveIntegers(io, 'lengths', lengths);
}

interface Encoded {
  readonly ids: readonly number[];
  /** Of each token: the text of a pair that it is of. */
  readonly types: readonly number[];
}

function encoded(
  tokenizer: Tokenizer,
  text: string,
  pair: string | undefined,
  index: number,
  { special, maxLength, truncate }: TokenizerRequest & { readonly kind: 'encode' },
): Encoded {
  // The library takes an empty text for none.
  if (pair === '') throw new AssayError('unsupported', `has an empty second text in row ${index + 1}`);
  const whole = plainEncoding(tokenizer, text, special, index, pair);
  if (whole.ids.length <= maxLength) return whole;
  if (!truncate || pair !== undefined)
    throw new AssayError(
      'limit',
      `gives ${whole.ids.length} tokens in row ${index + 1}, more than ${maxLength}; ${pair === undefined ? 'set `truncate`, or' : 'give shorter pairs, or'} a larger \`maxLength\``,
    );
  const bare = special ? plainEncoding(tokenizer, text, false, index) : whole;
  const before = special ? startOf(whole.ids, bare.ids) : 0;
  const after = whole.ids.length - before - bare.ids.length;
  const kept = maxLength - before - after;
  if (kept < 0) throw new AssayError('limit', `adds ${before + after} tokens to a text, more than ${maxLength}`);
  const cut = (values: readonly number[]) => [
    ...values.slice(0, before + kept),
    ...values.slice(values.length - after, values.length),
  ];
  return { ids: cut(whole.ids), types: cut(whole.types) };
}

/** How many tokens are added before a text. @throws AssayError `unsupported` where they are not before and behind it */
function startOf(whole: readonly number[], bare: readonly number[]): number {
  for (let start = 0; start + bare.length <= whole.length; start++) {
    if (bare.every((id, i) => whole[start + i] === id)) return start;
  }
  throw new AssayError('unsupported', 'adds tokens within a text, which is not cut off then; give shorter texts');
}

function plainEncoding(tokenizer: Tokenizer, text: string, special: boolean, index: number, pair?: string): Encoded {
  const { ids, token_type_ids: types } = tokenizer.encode(text, {
    text_pair: pair ?? null,
    add_special_tokens: special,
    return_token_type_ids: true,
  });
  // The library gives none for a token that the vocabulary does not have.
  if (!ids.every(Number.isSafeInteger))
    throw new AssayError('unsupported', `has no token for a part of the text in row ${index + 1}`);
  return { ids, types: Array.isArray(types) && types.length === ids.length ? types : ids.map(() => 0) };
}

function decode(tokenizer: Tokenizer, request: TokenizerRequest & { readonly kind: 'decode' }, io: TaskIo): void {
  const texts = request.ids.map((ids, i) => {
    if (i % TOLD_EVERY === 0) io.message({ text: i } satisfies TokenizerMessage);
    const unknown = ids.find((id) => tokenizer.id_to_token(id) === undefined);
    if (unknown !== undefined) throw new AssayError('malformed', `has no token ${unknown}, which a model gave`);
    if (ids.length === 0) return '';
    return tokenizer.decode([...ids], {
      skip_special_tokens: request.skipSpecial,
      clean_up_tokenization_spaces: false,
    });
  });
  giveTensor(io, 'texts', { type: 'string', dims: [texts.length], data: texts });
}

function giveIntegers(io: TaskIo, name: string, values: readonly number[]): void {
  giveTensor(io, name, { type: 'int32', dims: [values.length], data: Int32Array.from(values) });
}
