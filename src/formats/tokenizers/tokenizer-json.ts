import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { walkJson } from '../boosters/index.ts';

/** serde_json reads no deeper. */
const MAX_DEPTH = 127;
const MAX_PATTERN = 4_096;

/** Members of a whole tokenizer, and of the encoding of a text. */
const WHOLE = ['version', 'truncation', 'padding', 'added_tokens', 'normalizer', 'pre_tokenizer', 'post_processor'];
const TOKENIZER: ReadonlySet<string> = new Set([...WHOLE, 'decoder', 'model']);
const ENCODING: ReadonlySet<string> = new Set([
  ...['ids', 'type_ids', 'tokens', 'words', 'offsets', 'special_tokens_mask', 'attention_mask', 'overflowing'],
  'sequence_ranges',
]);

/** Parts that a tokenizer is made of (tokenizers 0.8 to 0.22). */
const TYPES: ReadonlySet<string> = new Set([
  ...['BPE', 'WordPiece', 'WordLevel', 'Unigram', 'Sequence', 'ByteLevel', 'Metaspace', 'Strip', 'Replace'],
  ...['BertNormalizer', 'StripNormalizer', 'StripAccents', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'Nmt'],
  ...['Precompiled', 'Prepend', 'BertPreTokenizer', 'CharDelimiterSplit', 'Delimiter', 'Whitespace', 'Split'],
  ...['Punctuation', 'WhitespaceSplit', 'Digits', 'UnicodeScripts', 'FixedLength', 'BertProcessing'],
  ...['RobertaProcessing', 'TemplateProcessing', 'BPEDecoder', 'ByteFallback', 'CTC', 'Fuse'],
]);

/**
 * Reads what the tokenizers library writes as JSON, a whole tokenizer, a part or an encoding, to its end. The library is
 * written in Rust and checks every index; this only checks that it is such a document.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: a part that is not known
 */
export async function readTokenizerJson(source: ByteSource, budget: FileBudget): Promise<void> {
  const document = new TokenizerDocument();
  await walkJson(source, document, budget, MAX_DEPTH);
  document.finish();
}

class TokenizerDocument {
  readonly #top = new Set<string>();
  readonly #kinds: ('object' | 'array')[] = [];
  #root: string | undefined;
  #key = '';
  /** The whole document is one part. */
  #isPart = false;

  open(kind: 'object' | 'array'): void {
    this.#root ??= kind;
    this.#kinds.push(kind);
    this.#key = '';
  }

  close(): void {
    this.#kinds.pop();
    this.#key = '';
  }

  key(name: string): void {
    if (this.#kinds.length === 1 && this.#top.size < 64) this.#top.add(name);
    this.#key = name;
  }

  text(value: string, at: number): void {
    this.#root ??= 'text';
    if (this.#kinds.at(-1) !== 'object') return;
    if (this.#key === 'Regex' && value.length > MAX_PATTERN)
      throw new AssayError('limit', `a pattern of ${value.length} characters`, { offset: at });
    if (this.#key !== 'type') return;
    if (!TYPES.has(value))
      throw new AssayError('unsupported', `the part ${JSON.stringify(value.slice(0, 40))}`, { offset: at });
    if (this.#kinds.length === 1) this.#isPart = true;
  }

  number(): void {
    this.#root ??= 'number';
  }

  literal(value: boolean | null): void {
    this.#root ??= String(value);
  }

  finish(): void {
    if (this.#root !== 'object') throw bad(`the document is a JSON ${this.#root}`);
    if (this.#isPart) return;
    const keys = [...this.#top];
    if (this.#top.has('model') ? keys.every((key) => TOKENIZER.has(key)) : keys.every((key) => ENCODING.has(key)))
      return;
    const other = keys.find((key) => !TOKENIZER.has(key)) ?? keys[0] ?? 'nothing';
    throw new AssayError('unsupported', `a document with the unknown key ${JSON.stringify(other.slice(0, 40))}`);
  }
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a tokenizer: ${what}`);
}
