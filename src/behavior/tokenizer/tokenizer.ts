import { type ByteSource, MemorySource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget, type Limits } from '../../core/index.ts';
import { readTokenizerJson } from '../../formats/tokenizers/index.ts';
import { giveTensors, type RunTensor, type TokenizerRequest } from '../../sandbox/index.ts';

export interface TokenizerOptions {
  readonly limits: Limits;
  readonly budget: FileBudget;
  readonly signal?: AbortSignal | undefined;
}

export interface EncodeOptions extends TokenizerOptions {
  /** The second text of each, where texts are pairs: as many as texts, none empty. */
  readonly pairs?: readonly string[];
  /** Whether tokens such as `[CLS]` are added as the tokenizer says; true when absent. */
  readonly special?: boolean;
  /** Tokens of a text, the added ones included. */
  readonly maxLength?: number;
  /** Whether longer texts are cut off; they are refused when absent. */
  readonly truncate?: boolean;
}

/** The tokens of texts, one list a text. */
export interface Tokens {
  readonly ids: readonly Int32Array[];
  /** Of each token: 0, or 1 for those of the second text of a pair. */
  readonly types: readonly Int32Array[];
  /** The token that the tokenizer pads with, where it says one. */
  readonly padId: number | undefined;
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_LENGTH = 1_000_000;

/** A `tokenizer.json`, whose bytes were checked. It runs in a bounded child process: its regular expressions are anybody's. */
export class TokenizerFile {
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws AssayError `malformed`, `unsupported`, `limit`: not a tokenizer, or one with parts that are not known */
  static async read(source: ByteSource, { budget }: TokenizerOptions): Promise<TokenizerFile> {
    if (source.size > MAX_BYTES)
      throw new AssayError('limit', `has more than ${MAX_BYTES} bytes`, { subject: source.name });
    budget.hold(source.size);
    const bytes = Uint8Array.from(await source.read(0, source.size));
    await readTokenizerJson(new MemorySource(bytes, source.name), budget);
    return new TokenizerFile(bytes);
  }

  /**
   * @throws AssayError `unsupported`, `malformed` of the tokenizer; `limit` for a text that is too long, naming its row, or a bound that was
   *   met; `sandbox`; `aborted`
   */
  async encode(texts: readonly string[], options: EncodeOptions): Promise<Tokens> {
    const { special = true, maxLength = MAX_LENGTH, truncate = false, pairs } = options;
    if (pairs !== undefined && pairs.length !== texts.length)
      throw new AssayError('usage', `there are ${texts.length} first texts, and ${pairs.length} second ones`);
    const request = { kind: 'encode', texts, special, maxLength, truncate } as const;
    const { tensors, padId } = await this.#run(pairs === undefined ? request : { ...request, pairs }, options);
    const [ids, types, lengths] = [int32Of(tensors, 'ids'), int32Of(tensors, 'types'), int32Of(tensors, 'lengths')];
    const total = lengths.reduce((sum, length) => sum + Math.max(0, length), 0);
    if (lengths.length !== texts.length || total !== ids.length || total !== types.length)
      throw new AssayError('sandbox', 'the sandbox gave tokens that are not those of the texts');
    return { ids: cutUp(ids, lengths), types: cutUp(types, lengths), padId };
  }

  /** The texts of tokens, without those that are special. @throws AssayError as `encode` */
  async decode(ids: readonly (readonly number[])[], options: TokenizerOptions): Promise<readonly string[]> {
    const { tensors } = await this.#run({ kind: 'decode', ids, skipSpecial: true }, options);
    const texts = tensors.get('texts');
    if (texts?.type === 'string' && texts.data.length === ids.length) return texts.data;
    throw new AssayError('sandbox', 'the sandbox gave texts that are not those of the tokens');
  }

  async #run(request: TokenizerRequest, { limits, budget, signal }: TokenizerOptions) {
    const json = Buffer.from(JSON.stringify(request), 'utf8');
    const left = limits.maxFileMemory - budget.held;
    const given = giveTensors({
      task: 'tokenizer',
      args: { tokenizerBytes: this.#bytes.length },
      input: new MemorySource(Buffer.concat([this.#bytes, json]), 'tokenizer'),
      limits,
      maxOutputBytes: Math.max(0, left),
      hold: (bytes) => budget.hold(bytes),
      signal,
      onMessage: (value) => {
        if (typeof value === 'object' && value !== null && 'padId' in value && Number.isSafeInteger(value.padId))
          padId = Number(value.padId);
      },
    });
    let padId: number | undefined;
    const tensors = new Map<string, RunTensor>();
    for await (const { name, tensor } of given) tensors.set(name, tensor);
    return { tensors, padId };
  }
}

function int32Of(tensors: ReadonlyMap<string, RunTensor>, name: string): Int32Array {
  const tensor = tensors.get(name);
  if (tensor?.type === 'int32') return tensor.data;
  throw new AssayError('sandbox', `the sandbox did not give ${name}`);
}

function cutUp(values: Int32Array, lengths: Int32Array): Int32Array[] {
  let at = 0;
  return Array.from(lengths, (length) => {
    at += length;
    return values.subarray(at - length, at);
  });
}
