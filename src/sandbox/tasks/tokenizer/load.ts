import type { Tokenizer } from '@huggingface/tokenizers';
import { AssayError } from '../../../core/index.ts';
import { fields } from '../../frames.ts';
import { charsmapNormalizer } from './charsmap.ts';
import { checkParts, correctPreTokenizer } from './parts.ts';

/** Tokens that models pad with, by their usual names, where the file does not say which. */
const PAD_TOKENS = ['[PAD]', '<pad>', '<PAD>', '<|pad|>'];

export interface LoadedTokenizer {
  readonly tokenizer: Tokenizer;
  /** `undefined` where neither the file nor a usual name tells. */
  readonly padId: number | undefined;
  /** Whether pairs of texts are joined as the file says; the library passes over the second text with other parts than a template. */
  readonly takesPairs: boolean;
}

/**
 * The tokenizer of a `tokenizer.json`. What the library would pass over, and the original would not, is refused.
 * @throws AssayError `unsupported`, `malformed`
 */
export async function loadTokenizer(json: unknown): Promise<LoadedTokenizer> {
  const { model, added_tokens: added, padding, post_processor: processor } = fields(json);
  checkParts(fields(json));
  if (Number(fields(model).dropout ?? 0) !== 0)
    throw new AssayError('unsupported', 'drops merges at random (dropout), so that a text has no certain tokens');
  const tokens = Array.isArray(added) ? added.map(fields) : [];
  const word = tokens.find((token) => token.single_word === true);
  if (word !== undefined)
    throw new AssayError('unsupported', `has the token ${JSON.stringify(word.content)}, which only whole words are`);
  // The library writes a warning, and goes on without a pattern that it does not know.
  console.warn = (...what: unknown[]) => {
    throw new AssayError('unsupported', `has a part that is not known: ${what.map(String).join(' ').slice(0, 100)}`);
  };
  const { Tokenizer } = await import('@huggingface/tokenizers');
  if (!Array.isArray(added) || typeof json !== 'object' || json === null)
    throw new AssayError('malformed', 'is not a tokenizer: it has no added_tokens');
  const tokenizer = new Tokenizer(json, { clean_up_tokenization_spaces: false });
  useCharsmaps(tokenizer.normalizer);
  correctPreTokenizer(tokenizer.pre_tokenizer, fields(json).pre_tokenizer);
  const declared = fields(padding).pad_id;
  const named = PAD_TOKENS.map((token) => tokenizer.token_to_id(token)).find((id) => id !== undefined);
  const takesPairs = fields(processor).type === 'TemplateProcessing';
  return { tokenizer, takesPairs, padId: typeof declared === 'number' ? declared : named };
}

/** The library has one map of characters written into it, and passes over that of the file. */
function useCharsmaps(normalizer: unknown): void {
  if (typeof normalizer !== 'function' && (typeof normalizer !== 'object' || normalizer === null)) return;
  if ('normalizers' in normalizer && Array.isArray(normalizer.normalizers))
    for (const inner of normalizer.normalizers) useCharsmaps(inner);
  if (!('config' in normalizer)) return;
  const { type, precompiled_charsmap: map } = fields(normalizer.config);
  if (type !== 'Precompiled') return;
  const normalize =
    map === null || map === undefined || map === '' ? (text: string) => text : charsmapNormalizer(String(map));
  Object.assign(normalizer, { normalize });
}
