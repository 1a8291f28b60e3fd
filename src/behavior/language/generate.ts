import { AssayError, throwIfAborted } from '../../core/index.ts';
import type { TokenizerFile, TokenizerOptions } from '../tokenizer/index.ts';
import { type Decoder, stepOf } from './decoder.ts';

export interface GenerateOptions {
  /** Tokens that are generated at most. */
  readonly maxNewTokens: number;
  /** Tokens that end a text; they are a part of what is generated. */
  readonly eos: readonly number[];
  /** Whether the logits are kept; true when absent. */
  readonly keepLogits?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Generated {
  /** Behind the prompt. */
  readonly tokens: readonly number[];
  /** Those that each token was chosen from; none when they were not to be kept. */
  readonly logits: readonly Float32Array[];
  readonly end: 'eos' | 'length';
}

/** What a prompt is continued with. */
export interface Continuation extends Generated {
  readonly prompt: string;
  /** The tokens as text, without those that are special. */
  readonly text: string;
}

/** Continues prompts with one model. Probes are functions over it, whatever runs the model. */
export type Continue = (prompts: readonly string[]) => Promise<readonly Continuation[]>;

const MAX_NEW_TOKENS = 4_096;
const MAX_PROMPT = 65_536;
/** Bytes of the logits of one text. */
const MAX_LOGITS = 256 * 1024 * 1024;

/**
 * Generates tokens greedily: each is the one with the highest logit, the first of several.
 * @throws AssayError `usage` for no prompt; `limit` for too many tokens; `unsupported` for logits that are not numbers, or a model that
 *   refuses its inputs; what the runner throws; `aborted`
 */
export async function generate(
  decoder: Decoder,
  prompt: readonly number[],
  { maxNewTokens, eos, keepLogits = true, signal }: GenerateOptions,
): Promise<Generated> {
  if (prompt.length === 0)
    throw new AssayError('usage', 'a prompt has no tokens', {
      hint: 'give a text, or a tokenizer that adds a first token',
    });
  if (!Number.isSafeInteger(maxNewTokens) || maxNewTokens < 1 || maxNewTokens > MAX_NEW_TOKENS)
    throw new AssayError('usage', `${maxNewTokens} new tokens are not between 1 and ${MAX_NEW_TOKENS}`);
  if (prompt.length > MAX_PROMPT) throw new AssayError('limit', `a prompt has more than ${MAX_PROMPT} tokens`);
  const ends = new Set(eos);
  const [tokens, logits]: [number[], Float32Array[]] = [[], []];
  const sequence = [...prompt];
  const isCached = decoder.cache.length > 0;
  let past: Awaited<ReturnType<typeof stepOf>>['past'] | undefined;
  while (tokens.length < maxNewTokens) {
    throwIfAborted(signal);
    const seen = isCached && past !== undefined ? sequence.length - 1 : 0;
    const step = await stepOf(decoder, sequence.slice(seen), seen, past);
    if (keepLogits && (logits.length + 1) * step.logits.byteLength > MAX_LOGITS)
      throw new AssayError('limit', `the logits of a text have more than ${MAX_LOGITS} bytes`, {
        hint: 'generate fewer tokens',
      });
    const token = highest(step.logits, tokens.length);
    tokens.push(token);
    if (keepLogits) logits.push(step.logits);
    if (ends.has(token)) return { tokens, logits, end: 'eos' };
    sequence.push(token);
    past = step.past;
  }
  return { tokens, logits, end: 'length' };
}

function highest(logits: Float32Array, step: number): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i] ?? Number.NaN;
    if (Number.isNaN(value))
      throw new AssayError('unsupported', `the model gives logits that are not numbers, for new token ${step + 1}`);
    if (value > (logits[best] ?? 0)) best = i;
  }
  return best;
}

export interface ContinuingOptions extends GenerateOptions, Omit<TokenizerOptions, 'signal'> {
  /** Whether tokens such as `<s>` are added as the tokenizer says; true when absent. */
  readonly special?: boolean;
  /** Called after each text. */
  readonly onText?: (done: number, of: number) => void;
}

/**
 * Continues texts: all are encoded by one child process, and all decoded by one.
 * @throws AssayError what the tokenizer and `generate` throw
 */
export function continuing(decoder: Decoder, tokenizer: TokenizerFile, options: ContinuingOptions): Continue {
  return async (prompts) => {
    if (prompts.length === 0) return [];
    const { ids } = await tokenizer.encode(prompts, options);
    const all: Generated[] = [];
    for (const prompt of ids) {
      all.push(await generate(decoder, [...prompt], options));
      options.onText?.(all.length, ids.length);
    }
    const texts = await tokenizer.decode(
      all.map(({ tokens }) => tokens),
      options,
    );
    return all.map((generated, i) => ({ ...generated, prompt: prompts[i] ?? '', text: texts[i] ?? '' }));
  };
}
