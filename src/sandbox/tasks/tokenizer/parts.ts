import { AssayError } from '../../../core/index.ts';
import { fields } from '../../frames.ts';

/** Settings of a part with which the library gives the tokens of the original. */
type Holds = (part: Readonly<Record<string, unknown>>) => boolean;

const always: Holds = () => true;

/**
 * Parts that were compared with the original on thousands of texts of all scripts, by where they stand. The library takes others as well, and gives
 * other tokens with many of them.
 */
const COMPARED: Readonly<Record<string, Readonly<Record<string, Holds>>>> = {
  normalizer: {
    ...{ BertNormalizer: always, NFC: always, NFD: always, NFKC: always, NFKD: always, Lowercase: always },
    ...{ StripAccents: always, Strip: always, Prepend: always, Replace: always, Precompiled: always },
  },
  pre_tokenizer: {
    BertPreTokenizer: always,
    ByteLevel: always,
    Digits: always,
    Whitespace: always,
    WhitespaceSplit: always,
    Punctuation: ({ behavior }) => behavior === 'Contiguous',
    Split: ({ behavior, invert, pattern }) =>
      (behavior === 'Isolated' && invert !== true) || (behavior === 'Removed' && 'Regex' in fields(pattern)),
  },
  post_processor: { TemplateProcessing: always, BertProcessing: always, RobertaProcessing: always, ByteLevel: always },
  decoder: {
    ...{ ByteLevel: always, WordPiece: always, Metaspace: always, Replace: always, ByteFallback: always },
    ...{ Fuse: always, Strip: always },
  },
  model: { WordPiece: always, BPE: always, Unigram: always },
};

/** Parts of a sequence, by where it stands. */
const INNER = ['normalizers', 'pretokenizers', 'processors', 'decoders'];

/** @throws AssayError `unsupported` for a part that was not compared with the original, or not with its settings */
export function checkParts(json: Readonly<Record<string, unknown>>): void {
  for (const [place, compared] of Object.entries(COMPARED)) {
    const value = json[place];
    // The library does not cut words apart at their marks: Unigram alone finds the same tokens then.
    const isUnigram = place === 'pre_tokenizer' && fields(json.model).type === 'Unigram';
    const known = isUnigram ? { ...compared, Metaspace: always } : compared;
    if (value !== null && value !== undefined) checkPart(fields(value), place, known);
  }
}

function checkPart(
  part: Readonly<Record<string, unknown>>,
  place: string,
  compared: Readonly<Record<string, Holds>>,
): void {
  const { type } = part;
  if (type === 'Sequence') {
    const inner = INNER.map((name) => part[name]).find(Array.isArray) ?? [];
    for (const one of inner) checkPart(fields(one), place, compared);
    return;
  }
  // Files of older versions do not say the type of their model.
  if (place === 'model' && type === undefined) return;
  const holds = typeof type === 'string' && Object.hasOwn(compared, type) ? compared[type] : undefined;
  if (holds?.(part) === true) return;
  throw new AssayError(
    'unsupported',
    `has the ${place} ${JSON.stringify(type)?.slice(0, 60)} with settings that may give other tokens than the original`,
  );
}

/** `\w` of Unicode (UTS #18), which JavaScript's is not. */
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
const WORDS = new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu');

/**
 * Gives parts that look at classes of characters those of Unicode, as the original does.
 * @param json what the part was made from
 */
export function correctPreTokenizer(part: unknown, json: unknown): void {
  if (typeof part !== 'function' && (typeof part !== 'object' || part === null)) return;
  const { type, individual_digits: individual, pretokenizers } = fields(json);
  if ('tokenizers' in part && Array.isArray(part.tokenizers) && Array.isArray(pretokenizers))
    for (const [i, one] of part.tokenizers.entries()) correctPreTokenizer(one, pretokenizers[i]);
  const split = (pattern: RegExp) => ({ pre_tokenize_text: (text: string) => text.match(pattern) ?? [] });
  if (type === 'Digits') Object.assign(part, split(individual === true ? /[^\p{N}]+|\p{N}/gu : /[^\p{N}]+|\p{N}+/gu));
  else if (type === 'Whitespace') Object.assign(part, split(WORDS));
  else if (type === 'WhitespaceSplit') Object.assign(part, split(/\P{White_Space}+/gu));
  else if (type === 'BertPreTokenizer' && 'pattern' in part && part.pattern instanceof RegExp)
    Object.assign(part, split(new RegExp(part.pattern.source.replace('\\s', '\\p{White_Space}'), 'gu')));
}
