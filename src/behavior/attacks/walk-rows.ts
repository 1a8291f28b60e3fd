import { AssayError, isAssayError } from '../../core/index.ts';
import { openRunner, type ReadOnnxOptions, type Runner, type RunnerOptions } from '../../formats/onnx/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import type { BlockedNode, GradientModel, TensorFeeds } from '../gradient/index.ts';
import type { WalkAnswer, WalkRequest } from './target.ts';
import { type WalkModel, walkModel } from './walk.ts';

/** A model with a loop, that runs. */
export interface OpenWalk {
  readonly walk: WalkModel;
  readonly runner: Runner;
  readonly blocked: readonly BlockedNode[];
  /** Sizes of one row. */
  readonly shape: readonly number[];
  /** Rows of a run at most. */
  readonly runRows: number;
  /** The other inputs of the model, for so many rows. */
  readonly others: (rows: number) => TensorFeeds;
}

export interface OpenWalkOptions
  extends Omit<RunnerOptions, 'model' | keyof ReadOnnxOptions>,
    Pick<OpenWalk, 'shape' | 'runRows' | 'others'> {
  /** The input that is attacked. */
  readonly input: string;
}

/** Opens a derived gradient as a loop. @returns why there is none, where the runtime or the graph refuses it */
export async function openWalk(derived: GradientModel, options: OpenWalkOptions): Promise<OpenWalk | string> {
  const { input, shape, runRows, others, ...settings } = options;
  try {
    const walk = walkModel(derived, input, shape.length);
    const runner = await openRunner({ ...settings, model: walk.model });
    return { walk, runner, blocked: derived.blocked, shape, runRows, others };
  } catch (error) {
    if (isAssayError(error) && error.code === 'unsupported') return error.message;
    throw error;
  }
}

/** Steps of the first run, and how long one may take: later runs take as many as fit, so that a walk can be watched and ended. */
const FIRST_STEPS = 4;
const RUN_MS = 3_000;

/** Walks rows, some at a time. @throws AssayError what the runner throws */
export async function walkRows(open: OpenWalk, request: WalkRequest): Promise<WalkAnswer> {
  const count = request.classes.length;
  const answer = {
    points: request.points.slice(),
    fell: new Uint8Array(count),
    gradients: new Int32Array(count),
    vanished: new Int32Array(count),
    blocked: open.blocked,
  };
  let size = FIRST_STEPS;
  for (let from = 0; from < count; from += open.runRows) {
    const to = Math.min(count, from + open.runRows);
    let done = 0;
    while (done < request.steps && answer.fell.subarray(from, to).includes(0)) {
      const steps = Math.min(size, request.steps - done);
      const begun = performance.now();
      await walkOnce(open, request, answer, { from, to, steps });
      const perStep = (performance.now() - begun) / steps;
      size = Math.max(1, Math.floor(RUN_MS / Math.max(perStep, 1)));
      done += steps;
      request.onSteps(done);
    }
  }
  return answer;
}

/** Some steps of some rows, whose state is in the answer. */
async function walkOnce(
  { walk, runner, shape, others }: OpenWalk,
  { low, high, step, classes }: WalkRequest,
  answer: Pick<WalkAnswer, 'points' | 'fell' | 'gradients' | 'vanished'>,
  { from, to, steps }: { readonly from: number; readonly to: number; readonly steps: number },
): Promise<void> {
  const { inputs, outputs } = walk;
  const [rows, width] = [to - from, step.length];
  const part = (values: Float32Array): RunTensor => ({
    type: 'float32',
    dims: [rows, ...shape],
    data: values.slice(from * width, to * width),
  });
  const results = await runner.run(
    new Map<string, RunTensor>([
      ...others(rows),
      [inputs.start, part(answer.points)],
      [inputs.low, part(low)],
      [inputs.high, part(high)],
      [inputs.step, { type: 'float64', dims: shape, data: step }],
      [inputs.class, { type: 'int64', dims: [rows], data: BigInt64Array.from(classes.subarray(from, to), BigInt) }],
      [inputs.steps, { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(steps)) }],
      [inputs.fell, { type: 'bool', dims: [rows], data: answer.fell.slice(from, to) }],
    ]),
  );
  const found = (name: string, length: number): ArrayLike<number | bigint> => {
    const tensor = results.get(name);
    if (tensor === undefined || tensor.type === 'string' || tensor.data.length !== length)
      throw new AssayError('sandbox', 'the loop did not give what its rows have come to');
    return tensor.data;
  };
  answer.points.set(Float32Array.from(found(outputs.points, rows * width), Number), from * width);
  answer.fell.set(Uint8Array.from(found(outputs.fell, rows), Number), from);
  const add = (into: Int32Array, name: string) => {
    const counts = found(name, rows);
    for (let row = 0; row < rows; row++) into[from + row] = (into[from + row] ?? 0) + Number(counts[row] ?? 0);
  };
  add(answer.gradients, outputs.gradients);
  add(answer.vanished, outputs.vanished);
}
