import { AssayError, throwIfAborted } from '../../core/index.ts';
import { type OnnxModel, openRunner, type Runner, type RunnerOptions } from '../../formats/onnx/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import { type BlockedNode, type ScoreKind, type TensorFeeds, withRows } from '../gradient/index.ts';
import { BARRED, deriveTokenGradient, type TokenGradientModel } from './derive.ts';
import { type Embedding, embeddingOf } from './embedding.ts';

type RunSettings = Pick<RunnerOptions, 'bounds' | 'device' | 'env' | 'external' | 'signal'>;

export interface TokenTargetOptions extends RunSettings {
  readonly model: OnnxModel;
  readonly output: string;
  readonly scores: ScoreKind;
  /** Rows of one run at most. */
  readonly runRows: number;
  /** Tokens that are neither replaced nor put in. */
  readonly special: readonly number[];
}

/** Rows of tokens, all of one length, and the other inputs of the model: a row of each for each row. */
export interface TokenBatch {
  /** Row after row. */
  readonly ids: Int32Array;
  readonly length: number;
  readonly others: TensorFeeds;
}

/** What could be put in, the best first. */
export interface TokenCandidate {
  readonly place: number;
  readonly token: number;
  /** How much it changes the loss, to first order. */
  readonly gain: number;
}

/** Numbers that are looked at for the tokens of each place. */
const MOST_GAINS = 1 << 24;

/** A classifier of tokens in bounded child processes. */
export class TokenTarget {
  readonly embedding: Embedding;
  readonly #options: TokenTargetOptions;
  readonly #forward: Runner;
  readonly #derived = new Map<string, Promise<{ readonly derived: TokenGradientModel; readonly runner: Runner }>>();
  #blocked: readonly BlockedNode[] = [];

  private constructor(options: TokenTargetOptions, embedding: Embedding, forward: Runner) {
    this.#options = options;
    this.embedding = embedding;
    this.#forward = forward;
  }

  /** @throws AssayError `unsupported` for a model without an embedding; what the runner throws */
  static async open(options: TokenTargetOptions): Promise<TokenTarget> {
    const embedding = embeddingOf(options.model);
    return new TokenTarget(options, embedding, await openRunner(options));
  }

  /** Rows of one run at most. */
  get runRows(): number {
    return this.#options.runRows;
  }

  /** Nodes that hide what goes through them from the gradients that were asked for. */
  get blocked(): readonly BlockedNode[] {
    return this.#blocked;
  }

  /** The scores of each row. @throws AssayError what the runner throws */
  async forward(rows: TokenBatch): Promise<readonly Float32Array[]> {
    const all: Float32Array[] = [];
    for (const part of parts(rows, this.#options.runRows)) {
      throwIfAborted(this.#options.signal);
      const results = await this.#forward.run(this.#feeds(part));
      all.push(...this.#scoresOf(results, rowCount(part)));
    }
    return all;
  }

  /**
   * The tokens that raise the loss of each row most.
   * @param isOpen whether the token of a row at a place may be replaced; special ones never are
   * @throws AssayError `unsupported` for a model without a gradient
   */
  async flips(
    rows: TokenBatch,
    classes: readonly number[],
    candidates: number,
    isOpen: (row: number, place: number) => boolean,
  ): Promise<readonly { readonly scores: Float32Array; readonly candidates: readonly TokenCandidate[] }[]> {
    const { derived, runner } = await this.#open(rows, candidates);
    const special = new Set(this.#options.special);
    const { length } = rows;
    const most = Math.max(
      1,
      Math.min(this.#options.runRows, Math.floor(MOST_GAINS / (length * this.embedding.vocabulary))),
    );
    const found: { scores: Float32Array; candidates: readonly TokenCandidate[] }[] = [];
    for (const part of parts(rows, most)) {
      throwIfAborted(this.#options.signal);
      const count = rowCount(part);
      const from = found.length;
      const places = Float32Array.from(part.ids, (token, at) =>
        special.has(token) || !isOpen(from + Math.floor(at / length), at % length) ? BARRED : 0,
      );
      const feeds = new Map(this.#feeds(part));
      feeds.set(derived.inputs.class, int64(classes.slice(from, from + count), [count]));
      feeds.set(
        derived.inputs.allowed,
        this.#allowed((token) => !special.has(token)),
      );
      if (derived.inputs.places !== undefined)
        feeds.set(derived.inputs.places, { type: 'float32', dims: [count, length], data: places });
      const results = await runner.run(feeds);
      const listed = this.#candidates(results, derived, count, part.ids, length);
      for (const [row, scores] of this.#scoresOf(results, count).entries())
        found.push({ scores, candidates: listed[row] ?? [] });
    }
    return found;
  }

  /**
   * The tokens that lower the loss of a class most, at each place of a trigger that all rows have.
   * @throws AssayError `unsupported` for a model without a gradient
   */
  async trigger(
    rows: TokenBatch,
    aim: number,
    candidates: number,
    place: { readonly at: number; readonly length: number },
    allowed: ReadonlySet<number>,
  ): Promise<readonly (readonly TokenCandidate[])[]> {
    const { derived, runner } = await this.#open(rows, candidates, place);
    throwIfAborted(this.#options.signal);
    const count = rowCount(rows);
    const feeds = new Map(this.#feeds(rows));
    feeds.set(
      derived.inputs.class,
      int64(
        Array.from({ length: count }, () => aim),
        [count],
      ),
    );
    feeds.set(
      derived.inputs.allowed,
      this.#allowed((token) => allowed.has(token)),
    );
    const results = await runner.run(feeds);
    return this.#candidates(results, derived, place.length, undefined, 1);
  }

  async close(): Promise<void> {
    await this.#forward.close();
    for (const one of await Promise.allSettled(this.#derived.values()))
      if (one.status === 'fulfilled') await one.value.runner.close();
  }

  async #open(rows: TokenBatch, candidates: number, trigger?: { readonly at: number; readonly length: number }) {
    const key = JSON.stringify([candidates, trigger]);
    const known = this.#derived.get(key);
    const opening = known ?? this.#derive(rows, candidates, trigger);
    this.#derived.set(key, opening);
    const open = await opening;
    this.#blocked = open.derived.blocked;
    return open;
  }

  async #derive(rows: TokenBatch, candidates: number, trigger?: { readonly at: number; readonly length: number }) {
    const { model, output, scores, bounds, external, signal, device, env } = this.#options;
    const settings = {
      signal,
      ...(bounds === undefined ? {} : { bounds }),
      ...(external === undefined ? {} : { external }),
    };
    const [example] = parts(rows, Math.min(2, rowCount(rows)));
    const derived = await deriveTokenGradient({
      ...settings,
      ...{ model, embedding: this.embedding, output, scores, candidates },
      example: this.#feeds(example ?? rows),
      ...(trigger === undefined ? {} : { trigger }),
    });
    const where = { env, ...(device === undefined ? {} : { device }) };
    return { derived, runner: await openRunner({ ...settings, ...where, model: derived.model }) };
  }

  #feeds(rows: TokenBatch): TensorFeeds {
    const count = rowCount(rows);
    const { input } = this.embedding;
    const declared = this.#options.model.graph.inputs.find(({ name }) => name === input)?.type;
    const isSmall = declared?.kind === 'tensor' && declared.element === 'int32';
    const dims = [count, rows.length];
    const tokens: RunTensor = isSmall ? { type: 'int32', dims, data: rows.ids } : int64([...rows.ids], dims);
    return new Map([...withRows(this.#options.model, rows.others, count), [input, tokens]]);
  }

  /** What may be put in, as the derived model takes it. */
  #allowed(isAllowed: (token: number) => boolean): RunTensor {
    const { vocabulary } = this.embedding;
    const data = Float32Array.from({ length: vocabulary }, (_, token) => (isAllowed(token) ? 0 : BARRED));
    return { type: 'float32', dims: [vocabulary], data };
  }

  #scoresOf(results: TensorFeeds, count: number): readonly Float32Array[] {
    const tensor = results.get(this.#options.output);
    if (tensor?.type !== 'float32' || tensor.dims.length !== 2 || tensor.dims[0] !== count)
      throw new AssayError('unsupported', 'the scores are not a row of float32 numbers for each row', {
        hint: 'name the output in the suite: model: { scores: <output> }',
      });
    const classes = tensor.data.length / count;
    return Array.from({ length: count }, (_, row) => tensor.data.slice(row * classes, (row + 1) * classes));
  }

  #candidates(
    results: TensorFeeds,
    { outputs }: TokenGradientModel,
    lists: number,
    ids: Int32Array | undefined,
    length: number,
  ): readonly (readonly TokenCandidate[])[] {
    const [gains, indices] = [results.get(outputs.gains), results.get(outputs.indices)];
    if (gains?.type !== 'float32' || indices?.type !== 'int64' || gains.data.length !== indices.data.length)
      throw new AssayError('sandbox', 'the candidates are not numbers and their places');
    const each = gains.data.length / lists;
    return Array.from({ length: lists }, (_, list) =>
      Array.from({ length: each }, (__, at): TokenCandidate => {
        const index = Number(indices.data[list * each + at] ?? 0n);
        const gain = gains.data[list * each + at] ?? Number.NaN;
        const { vocabulary } = this.embedding;
        return { place: Math.floor(index / vocabulary), token: index % vocabulary, gain };
      }).filter(
        ({ gain, place, token }) => gain > LEAST_GAIN && (ids === undefined || ids[list * length + place] !== token),
      ),
    );
  }
}

/** What is barred is below, and so is what is not a number. */
const LEAST_GAIN = -1e29;

export function rowCount({ ids, length }: TokenBatch): number {
  return ids.length / length;
}

function int64(values: readonly number[], dims: readonly number[]): RunTensor {
  return { type: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}

function* parts(rows: TokenBatch, most: number): Generator<TokenBatch> {
  const count = rowCount(rows);
  for (let from = 0; from < count; from += most) yield someTokenRows(rows, from, Math.min(count, from + most));
}

/** Some of the rows, from `from` to before `to`. */
export function someTokenRows({ ids, length, others }: TokenBatch, from: number, to: number): TokenBatch {
  return chosenRows(
    { ids, length, others },
    Array.from({ length: to - from }, (_, at) => from + at),
  );
}

/** The rows at some places, in their order; one may be named several times. */
export function chosenRows({ ids, length, others }: TokenBatch, rows: readonly number[]): TokenBatch {
  const chosen = new Int32Array(rows.length * length);
  for (const [at, row] of rows.entries()) chosen.set(ids.subarray(row * length, (row + 1) * length), at * length);
  return { ids: chosen, length, others: new Map([...others].map(([name, one]) => [name, tensorRows(one, rows)])) };
}

function tensorRows(tensor: RunTensor, rows: readonly number[]): RunTensor {
  const width = tensor.data.length / (tensor.dims[0] ?? 1);
  const dims = [rows.length, ...tensor.dims.slice(1)];
  const part = <T>(data: { readonly [index: number]: T | undefined }, fill: T): T[] =>
    rows.flatMap((row) => Array.from({ length: width }, (_, at) => data[row * width + at] ?? fill));
  if (tensor.type === 'int64') return { ...tensor, dims, data: BigInt64Array.from(part(tensor.data, 0n)) };
  if (tensor.type === 'int32') return { ...tensor, dims, data: Int32Array.from(part(tensor.data, 0)) };
  if (tensor.type === 'float32') return { ...tensor, dims, data: Float32Array.from(part(tensor.data, 0)) };
  throw new AssayError('unsupported', `an input of ${tensor.type} beside the tokens is not one that is attacked`);
}
