import { AssayError, quotedName } from '../../core/index.ts';
import { arrayOfTensor } from '../../formats/arrays/index.ts';
import type { OnnxValue, Runner } from '../../formats/onnx/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';

/** A state that a model gives, and takes again with the next token: keys and values of attention. */
interface CachePair {
  readonly past: string;
  readonly present: string;
  readonly type: 'float32' | 'float16';
  readonly heads: number;
  readonly width: number;
}

/** How a decoder is run, read off its inputs and outputs, which have the names that Hugging Face's Optimum gives them. */
export interface Decoder {
  readonly runner: Pick<Runner, 'run'>;
  readonly hasMask: boolean;
  readonly hasPositions: boolean;
  /** None for a model that is run on the whole sequence each time. */
  readonly cache: readonly CachePair[];
}

const IDS = 'input_ids';
const MASK = 'attention_mask';
const POSITIONS = 'position_ids';
const LOGITS = 'logits';
const PAST = 'past_key_values.';
const PRESENT = 'present.';

/**
 * @throws AssayError `unsupported` for a model that is not a decoder with these names, naming the input or output
 * @example const decoder = decoderOf(await openRunner({ model }));
 */
export function decoderOf(runner: Pick<Runner, 'run' | 'inputs' | 'outputs'>): Decoder {
  const inputs = new Map(runner.inputs.map((input) => [input.name, input]));
  const outputs = new Map(runner.outputs.map((output) => [output.name, output]));
  for (const name of [IDS, MASK, POSITIONS]) checkIntegers(inputs.get(name));
  if (!inputs.has(IDS)) throw notDecoder(`has no input ${IDS}`);
  if (!outputs.has(LOGITS)) throw notDecoder(`has no output ${LOGITS}`);
  const cache: CachePair[] = [];
  for (const input of runner.inputs) {
    const { name } = input;
    if (name === IDS || name === MASK || name === POSITIONS) continue;
    if (!name.startsWith(PAST)) throw notDecoder(`has an input ${quotedName(name)}`);
    const present = PRESENT + name.slice(PAST.length);
    if (!outputs.has(present)) throw notDecoder(`takes ${quotedName(name)}, and does not give ${quotedName(present)}`);
    cache.push({ past: name, present, ...stateOf(input) });
  }
  return { runner, hasMask: inputs.has(MASK), hasPositions: inputs.has(POSITIONS), cache };
}

function checkIntegers(input: OnnxValue | undefined): void {
  if (input === undefined || (input.type?.kind === 'tensor' && input.type.element === 'int64')) return;
  throw notDecoder(`takes ${quotedName(input.name)} as other than int64`);
}

/** Batch, heads, steps, width. */
function stateOf({ name, type }: OnnxValue): Pick<CachePair, 'type' | 'heads' | 'width'> {
  const [, heads, , width] = type?.kind === 'tensor' ? (type.shape ?? []) : [];
  const element = type?.kind === 'tensor' ? type.element : undefined;
  if (element !== 'float32' && element !== 'float16')
    throw notDecoder(`takes ${quotedName(name)} as other than floats`);
  if (typeof heads?.size !== 'number' || typeof width?.size !== 'number')
    throw notDecoder(`does not say how many heads ${quotedName(name)} has, and how wide they are`);
  return { type: element, heads: heads.size, width: width.size };
}

function notDecoder(what: string): AssayError {
  return new AssayError('unsupported', `the model ${what}, and so is not a decoder that text is generated with`, {
    hint: 'export it with optimum-cli export onnx --task text-generation, or text-generation-with-past',
  });
}

/** What a run gives on one sequence. */
export interface DecoderStep {
  /** Of each entry of the vocabulary, behind the last token. */
  readonly logits: Float32Array;
  /** By the names of inputs; to be given with the next token. */
  readonly past: ReadonlyMap<string, RunTensor>;
}

/**
 * Runs a decoder on tokens behind those that `past` stands for.
 * @param seen how many tokens `past` stands for
 * @throws AssayError `unsupported` for outputs of other shapes, or logits that are not numbers; what the runner throws
 */
export async function stepOf(
  decoder: Decoder,
  tokens: readonly number[],
  seen: number,
  past: ReadonlyMap<string, RunTensor> | undefined,
): Promise<DecoderStep> {
  const { runner, cache } = decoder;
  const results = await runner.run(feedsOfStep(decoder, tokens, seen, past));
  const next = new Map<string, RunTensor>();
  for (const pair of cache) {
    const state = results.get(pair.present);
    const dims = [1, pair.heads, seen + tokens.length, pair.width];
    if (state?.type !== pair.type || !sameDims(state.dims, dims))
      throw gave(pair.present, state, `${pair.type} [${dims.join(', ')}]`);
    next.set(pair.past, state);
  }
  return { logits: lastLogits(results.get(LOGITS), tokens.length), past: next };
}

/** What a decoder is given for `stepOf`. */
export function feedsOfStep(
  { hasMask, hasPositions, cache }: Decoder,
  tokens: readonly number[],
  seen: number,
  past: ReadonlyMap<string, RunTensor> | undefined,
): ReadonlyMap<string, RunTensor> {
  const feeds = new Map<string, RunTensor>([[IDS, integers(tokens)]]);
  if (hasMask) feeds.set(MASK, integers(Array.from({ length: seen + tokens.length }, () => 1)));
  if (hasPositions) feeds.set(POSITIONS, integers(tokens.map((_, i) => seen + i)));
  for (const pair of cache) feeds.set(pair.past, past?.get(pair.past) ?? emptyState(pair));
  return feeds;
}

function integers(values: readonly number[]): RunTensor {
  return { type: 'int64', dims: [1, values.length], data: BigInt64Array.from(values, BigInt) };
}

function emptyState({ type, heads, width }: CachePair): RunTensor {
  const dims = [1, heads, 0, width];
  return type === 'float32' ? { type, dims, data: new Float32Array(0) } : { type, dims, data: new Uint16Array(0) };
}

function lastLogits(tensor: RunTensor | undefined, length: number): Float32Array {
  const [batch, steps, vocabulary = 0] = tensor?.dims ?? [];
  // Some exports give the logits of the last token alone.
  const isShaped = tensor?.dims.length === 3 && batch === 1 && (steps === length || steps === 1) && vocabulary > 0;
  if (tensor === undefined || !isShaped || (tensor.type !== 'float32' && tensor.type !== 'float16'))
    throw gave(LOGITS, tensor, `float32 [1, ${length}, vocabulary]`);
  if (tensor.type === 'float32') return tensor.data.slice(-vocabulary);
  const last: RunTensor = { type: 'float16', dims: [vocabulary], data: tensor.data.slice(-vocabulary) };
  return Float32Array.from(arrayOfTensor(last).values, Number);
}

function gave(name: string, tensor: RunTensor | undefined, wanted: string): AssayError {
  const what = tensor === undefined ? 'nothing' : `${tensor.type} [${tensor.dims.join(', ')}]`;
  return new AssayError('unsupported', `the model gives ${what} as ${quotedName(name)}, and ${wanted} is needed`);
}

function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}
