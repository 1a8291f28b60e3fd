import { AssayError } from '../../core/index.ts';
import {
  type OnnxModel,
  openRunner,
  type ReadOnnxOptions,
  type Runner,
  type RunnerOptions,
} from '../../formats/onnx/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import { deriveGradient, type GradientModel, type ScoreKind, type TensorFeeds, withRows } from '../gradient/index.ts';
import { addRows, joined, reals } from './row-tensors.ts';
import type { AttackLoss, AttackTarget, GradientAnswer, GradientRequest, WalkAnswer, WalkRequest } from './target.ts';
import { whyNoLoop } from './walk.ts';
import { type OpenWalk, openWalk, walkRows } from './walk-rows.ts';

/** How the model is run. */
type RunSettings = Omit<RunnerOptions, 'model' | keyof ReadOnnxOptions>;

export interface OnnxTargetOptions extends RunSettings {
  readonly model: OnnxModel;
  /** The input that is attacked, of float32. */
  readonly input: string;
  /** Sizes of one row of it. */
  readonly shape: readonly number[];
  /** The output that holds the scores: [rows, classes], or [rows, 1] of the second of two classes. */
  readonly output: string;
  readonly scores: ScoreKind;
  /** A value of each other input, which stays as it is: one row of those that have a row for each of the attacked input. */
  readonly others?: TensorFeeds;
  /** Rows of one run at most; 256 when absent, and fewer of large ones. */
  readonly runRows?: number;
}

/** A model in bounded child processes, as a target of attacks. */
export interface OnnxTarget extends AttackTarget {
  /** The gradient of a loss, derived when it is asked for first. */
  gradientOf(loss: AttackLoss): Promise<GradientModel>;
  /** The runners that are open, which know where they ran. */
  runners(): Promise<readonly Runner[]>;
  /** Ends all child processes. */
  close(): Promise<void>;
}

const RUN_ROWS = 256;
const RUN_ELEMENTS = 1 << 21;

/**
 * Opens a model as a target. The gradient of a loss is derived when an attack asks for it first.
 * @throws AssayError `usage` for an input or output that does not fit; what the runner throws
 */
export async function openOnnxTarget(options: OnnxTargetOptions): Promise<OnnxTarget> {
  const { model, output, shape } = options;
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 1))
    throw new AssayError('usage', `[${shape.join(', ')}] is not the shape of a row`);
  const scored = {
    ...model,
    graph: { ...model.graph, outputs: model.graph.outputs.filter((one) => one.name === output) },
  };
  if (scored.graph.outputs.length !== 1)
    throw new AssayError('usage', `the model has no output ${JSON.stringify(output)}`, {
      hint: `its outputs are ${model.graph.outputs.map((one) => JSON.stringify(one.name)).join(', ')}`,
    });
  const runner = await openRunner({ ...settingsOf(options), model: scored });
  try {
    const target = new RunnerTarget(options, runner);
    await target.measure();
    return target;
  } catch (error) {
    await runner.close();
    throw error;
  }
}

interface OpenGradient {
  readonly derived: GradientModel;
  readonly runner: Runner;
}

class RunnerTarget implements OnnxTarget {
  readonly width: number;
  classes = 0;
  readonly #options: OnnxTargetOptions;
  readonly #forward: Runner;
  readonly #gradients = new Map<AttackLoss, Promise<OpenGradient>>();
  readonly #walks = new Map<AttackLoss, Promise<OpenWalk | string>>();
  readonly #most: number;
  /** Rows of every run, of a model that takes no other number. */
  readonly #exactly: number | undefined;
  /** Scores of a row: one where they are of the second class alone. */
  #columns = 0;

  constructor(options: OnnxTargetOptions, forward: Runner) {
    const { shape, input, model, runRows = RUN_ROWS } = options;
    this.width = shape.reduce((product, size) => product * size, 1);
    this.#options = options;
    this.#forward = forward;
    const declared = model.graph.inputs.find(({ name }) => name === input)?.type;
    const rows = declared?.kind === 'tensor' ? declared.shape?.[0]?.size : undefined;
    this.#exactly = typeof rows === 'number' && rows > 0 ? rows : undefined;
    this.#most = this.#exactly ?? Math.max(1, Math.min(runRows, Math.floor(RUN_ELEMENTS / this.width)));
  }

  /** Runs the model once, for the number of its classes. */
  async measure(): Promise<void> {
    const rows = this.#exactly ?? 1;
    const results = await this.#forward.run(this.#feeds(new Float32Array(rows * this.width), rows));
    const { dims } = this.#scoresIn(results, rows);
    this.#columns = dims[1] ?? 0;
    this.classes = Math.max(2, this.#columns);
  }

  async forward(inputs: Float32Array): Promise<Float32Array> {
    const parts: Float32Array[] = [];
    for (const { points, rows, kept } of this.#parts(inputs)) {
      const results = await this.#forward.run(this.#feeds(points, rows));
      parts.push(this.#pairs(this.#scoresIn(results, rows).data, kept));
    }
    return joined(parts);
  }

  async gradient({ inputs, loss, classes, aims }: GradientRequest): Promise<GradientAnswer> {
    const { derived, runner } = await this.#open(loss);
    const [scores, losses, gradients]: [Float32Array[], Float32Array[], Float32Array[]] = [[], [], []];
    let from = 0;
    for (const { points, rows, kept } of this.#parts(inputs)) {
      const feeds = new Map(this.#feeds(points, rows));
      addRows(feeds, derived.inputs.class, classes, from, rows);
      if (aims !== undefined) addRows(feeds, derived.inputs.aim, aims, from, rows);
      const results = await runner.run(feeds);
      const { outputs } = derived;
      scores.push(this.#pairs(this.#scoresIn(results, rows).data, kept));
      losses.push(reals(results, outputs.loss, rows).subarray(0, kept));
      gradients.push(reals(results, outputs.gradient, rows * this.width).subarray(0, kept * this.width));
      from += kept;
    }
    const { blocked } = derived;
    return { scores: joined(scores), loss: joined(losses), gradient: joined(gradients), blocked };
  }

  async walk(request: WalkRequest): Promise<WalkAnswer | string> {
    const { derived } = await this.#open(request.loss);
    const why = whyNoLoop(derived.model, Math.min(this.#most, request.classes.length), this.width);
    if (why !== undefined) return why;
    const open = await this.#openWalk(request.loss);
    return typeof open === 'string' ? open : await walkRows(open, request);
  }

  async gradientOf(loss: AttackLoss): Promise<GradientModel> {
    return (await this.#open(loss)).derived;
  }

  async runners(): Promise<readonly Runner[]> {
    const opened = await Promise.allSettled(this.#gradients.values());
    const walks = await Promise.allSettled(this.#walks.values());
    const loops = walks.flatMap((one) =>
      one.status === 'fulfilled' && typeof one.value !== 'string' ? [one.value.runner] : [],
    );
    return [
      this.#forward,
      ...loops,
      ...opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value.runner] : [])),
    ];
  }

  async close(): Promise<void> {
    for (const runner of await this.runners()) await runner.close();
  }

  #openWalk(loss: AttackLoss): Promise<OpenWalk | string> {
    const known = this.#walks.get(loss) ?? this.#loop(loss);
    this.#walks.set(loss, known);
    return known;
  }

  /** @returns the loop, or a sentence that says why the attack goes step by step */
  async #loop(loss: AttackLoss): Promise<OpenWalk | string> {
    const { device = 'cpu', input, shape } = this.#options;
    if (device !== 'cpu') return `the device ${device} does not run loops by itself`;
    if (this.#exactly !== undefined) return `the model takes ${this.#exactly} rows at a time`;
    if (this.#columns === 1) return 'the model gives one score for two classes';
    const { derived } = await this.#open(loss);
    const others = (rows: number) => {
      const feeds = new Map(this.#feeds(new Float32Array(rows * this.width), rows));
      feeds.delete(input);
      return feeds;
    };
    return await openWalk(derived, { ...settingsOf(this.#options), input, shape, runRows: this.#most, others });
  }

  #open(loss: AttackLoss): Promise<OpenGradient> {
    const known = this.#gradients.get(loss);
    if (known !== undefined) return known;
    const opening = this.#derive(loss);
    this.#gradients.set(loss, opening);
    return opening;
  }

  async #derive(loss: AttackLoss): Promise<OpenGradient> {
    const options = this.#options;
    const rows = this.#exactly ?? 2;
    const settings = settingsOf(options);
    const derived = await deriveGradient({
      ...settings,
      model: options.model,
      wrt: options.input,
      loss: { kind: loss, output: options.output, scores: options.scores },
      example: this.#feeds(new Float32Array(rows * this.width), rows),
    });
    return { derived, runner: await openRunner({ ...settings, model: derived.model }) };
  }

  /** The rows in runs; a model of a fixed number of rows is given the last row again. */
  *#parts(inputs: Float32Array): Generator<{ points: Float32Array; rows: number; kept: number }> {
    const all = inputs.length / this.width;
    for (let from = 0; from < all; from += this.#most) {
      const kept = Math.min(this.#most, all - from);
      const points = inputs.subarray(from * this.width, (from + kept) * this.width);
      const rows = this.#exactly ?? kept;
      if (rows === kept) {
        yield { points, rows, kept };
        continue;
      }
      const filled = new Float32Array(rows * this.width);
      filled.set(points);
      for (let row = kept; row < rows; row++) filled.set(points.subarray(-this.width), row * this.width);
      yield { points: filled, rows, kept };
    }
  }

  #feeds(points: Float32Array, rows: number): ReadonlyMap<string, RunTensor> {
    const { input, shape, others, model } = this.#options;
    const kept = others === undefined ? [] : withRows(model, others, rows);
    return new Map([...kept, [input, { type: 'float32', dims: [rows, ...shape], data: points }]]);
  }

  #scoresIn(results: ReadonlyMap<string, RunTensor>, rows: number): { dims: readonly number[]; data: Float32Array } {
    const { output } = this.#options;
    const { dims, type, data } = results.get(output) ?? { dims: [], type: 'string', data: [] };
    if (
      (type !== 'float32' && type !== 'float64') ||
      dims.length !== 2 ||
      dims[0] !== rows ||
      !this.#fits(dims[1] ?? 0)
    ) {
      const message = `the output ${JSON.stringify(output)} is of ${type} [${dims.join(', ')}], not a row of scores for each of ${rows} rows`;
      throw new AssayError('unsupported', message, { hint: 'name an output of shape [rows, classes]' });
    }
    return { dims, data: type === 'float32' ? data : Float32Array.from(data) };
  }

  /** Whether a row has as many scores as in the first run. */
  #fits(columns: number): boolean {
    return columns > 0 && (this.#columns === 0 || this.#columns === columns);
  }

  /** The scores of so many rows; of one column, both classes. */
  #pairs(scores: Float32Array, rows: number): Float32Array {
    if (this.#columns !== 1) return scores.slice(0, rows * this.classes);
    const pairs = new Float32Array(2 * rows);
    for (let row = 0; row < rows; row++) {
      const second = scores[row] ?? Number.NaN;
      pairs[2 * row] = this.#options.scores === 'logits' ? 0 : 1 - second;
      pairs[2 * row + 1] = second;
    }
    return pairs;
  }
}

/** The settings of the runner among the options. */
function settingsOf(options: OnnxTargetOptions): RunSettings {
  const { model: _model, input: _input, shape: _shape, output: _output, ...rest } = options;
  const { scores: _scores, others: _others, runRows: _runRows, ...settings } = rest;
  return settings;
}
