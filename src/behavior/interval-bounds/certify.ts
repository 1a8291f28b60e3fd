import { AssayError, throwIfAborted } from '../../core/index.ts';
import { openRunner, type Runner, type RunnerOptions } from '../../formats/onnx/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import { type BoundModel, type BoundOptions, deriveBounds } from './derive.ts';

export interface CertifierOptions
  extends Omit<BoundOptions, 'example'>,
    Pick<RunnerOptions, 'bounds' | 'env' | 'external' | 'signal'> {
  /** Sizes of one row of the input. */
  readonly shape: readonly number[];
  /** Rows of one run at most. */
  readonly runRows: number;
  /** Rows of every run, of a model that takes no other number. */
  readonly fixedRows: number | undefined;
}

/** Rows, and the box that each may be moved in. */
export interface BoxedRows {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  /** The class of each row. */
  readonly classes: Int32Array;
}

/** Bounds of some rows, each with as many scores as there are classes. */
export interface RowBounds {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  /** The greatest of each score less that of the class of the row. */
  readonly rivals: Float32Array;
  /** 0 for a row whose bounds are not finite numbers: they say nothing. */
  readonly valid: Uint8Array;
}

/** Bounds of a model, in a child process of its own. */
export interface Certifier {
  /** @throws AssayError what the runner throws */
  bounds(rows: BoxedRows): Promise<RowBounds>;
  /** 1 for each row of which every input of its box is of its class. @throws AssayError what the runner throws */
  certified(rows: BoxedRows): Promise<Uint8Array>;
  close(): Promise<void>;
}

const RUN_NUMBERS = 1 << 21;
const LAST_NUMBERS = 1 << 22;
/** Probabilities of logits that are nearer may round to the same number. */
const TOLD_APART = 1e-5;

/** @throws AssayError as `deriveBounds`; `usage` for a shape that is not one */
export async function openCertifier(options: CertifierOptions): Promise<Certifier> {
  const { shape, fixedRows, input } = options;
  const width = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(width) || width < 1)
    throw new AssayError('usage', `[${shape.join(', ')}] is not the shape of a row`);
  const rows = fixedRows ?? 2;
  const example = new Map<string, RunTensor>([
    [input, { type: 'float32', dims: [rows, ...shape], data: new Float32Array(rows * width) }],
  ]);
  const derived = await deriveBounds({ ...options, example });
  const { env, bounds, external, signal } = options;
  const runner = await openRunner({
    model: derived.model,
    env,
    signal,
    ...(bounds === undefined ? {} : { bounds }),
    ...(external === undefined ? {} : { external }),
  });
  return new RunnerCertifier(options, derived, runner, width);
}

class RunnerCertifier implements Certifier {
  readonly #options: CertifierOptions;
  readonly #derived: BoundModel;
  readonly #runner: Runner;
  readonly #width: number;
  readonly #most: number;

  constructor(options: CertifierOptions, derived: BoundModel, runner: Runner, width: number) {
    this.#options = options;
    this.#derived = derived;
    this.#runner = runner;
    this.#width = width;
    const { fixedRows, runRows } = options;
    const fits = Math.min(RUN_NUMBERS / width, LAST_NUMBERS / derived.rowNumbers);
    this.#most = fixedRows ?? Math.max(1, Math.min(runRows, Math.floor(fits)));
  }

  async bounds({ lower, upper, classes }: BoxedRows): Promise<RowBounds> {
    const parts: RowBounds[] = [];
    for (let from = 0; from < classes.length; from += this.#most) {
      throwIfAborted(this.#options.signal);
      const kept = Math.min(this.#most, classes.length - from);
      parts.push(await this.#part(lower, upper, classes, from, kept));
    }
    const joined = (part: (one: RowBounds) => Float32Array) =>
      Float32Array.from(parts.flatMap((one) => [...part(one)]));
    return {
      lower: joined((one) => one.lower),
      upper: joined((one) => one.upper),
      rivals: joined((one) => one.rivals),
      valid: Uint8Array.from(parts.flatMap(({ valid }) => [...valid])),
    };
  }

  async certified(rows: BoxedRows): Promise<Uint8Array> {
    const { rivals, valid } = await this.bounds(rows);
    const count = rows.classes.length;
    const classes = count === 0 ? 0 : rivals.length / count;
    const isAlways = this.#options.scores === this.#derived.scores ? 0 : TOLD_APART;
    return valid.map((own, row) => {
      const others = rivals.subarray(row * classes, (row + 1) * classes);
      const stands = others.every((most, index) => index === rows.classes[row] || most < -isAlways);
      return own === 1 && classes > 1 && stands ? 1 : 0;
    });
  }

  async close(): Promise<void> {
    await this.#runner.close();
  }

  /** A model of a fixed number of rows is given the last row again. */
  async #part(
    lower: Float32Array,
    upper: Float32Array,
    all: Int32Array,
    from: number,
    kept: number,
  ): Promise<RowBounds> {
    const rows = this.#options.fixedRows ?? kept;
    const { inputs, outputs } = this.#derived;
    const points = (values: Float32Array): RunTensor => {
      const data = new Float32Array(rows * this.#width);
      for (let row = 0; row < rows; row++) {
        const own = from + Math.min(row, kept - 1);
        data.set(values.subarray(own * this.#width, (own + 1) * this.#width), row * this.#width);
      }
      return { type: 'float32', dims: [rows, ...this.#options.shape], data };
    };
    const classes = BigInt64Array.from({ length: rows }, (_, row) => BigInt(all[from + Math.min(row, kept - 1)] ?? 0));
    const results = await this.#runner.run(
      new Map<string, RunTensor>([
        [this.#options.input, points(lower)],
        [inputs.lower, points(lower)],
        [inputs.upper, points(upper)],
        [inputs.class, { type: 'int64', dims: [rows], data: classes }],
      ]),
    );
    const scores = (name: string): Float32Array => {
      const tensor = results.get(name);
      if (tensor?.type !== 'float32' || tensor.dims[0] !== rows || tensor.dims.length !== 2)
        throw new AssayError('sandbox', 'the bounds are not a row of numbers for each row');
      return tensor.data.slice(0, (kept * tensor.data.length) / rows);
    };
    const valid = results.get(outputs.valid);
    const isValid = valid?.type === 'float32' && valid.data.length === 1 && valid.data[0] === 1 ? 1 : 0;
    return {
      lower: scores(outputs.lower),
      upper: scores(outputs.upper),
      rivals: scores(outputs.rivals),
      valid: new Uint8Array(kept).fill(isValid),
    };
  }
}
