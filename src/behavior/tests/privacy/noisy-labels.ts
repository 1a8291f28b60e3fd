import { throwIfAborted } from '../../../core/index.ts';
import type { Feeds } from '../../../formats/arrays/index.ts';
import type { RunTensor } from '../../../sandbox/index.ts';
import { type AttackRandom, seededRandoms } from '../../attacks/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import { hasNumbers } from '../changed.ts';
import type { TestData } from '../kind.ts';
import { comparableLabels, predictedLabels, trueLabels } from '../predictions.ts';
import { requireRows } from './confidence.ts';

export interface NoisyOptions {
  /** The most noise, in standard deviations of each column. */
  readonly noise: number;
  readonly copies: number;
  /** The standard deviation of each column of each input of numbers. */
  readonly spreads: ReadonlyMap<string, Float64Array>;
  readonly seed: number;
  /** Tells apart what is drawn for two sets of data. */
  readonly group: number;
  readonly signal: AbortSignal | undefined;
  readonly onStep: (what: string) => void;
}

export interface NoisyLabels {
  /** Of each row: how many of its noisy copies, and the row itself, have the true label. */
  readonly kept: Float64Array;
  /** 1 where the row itself has it. */
  readonly right: Uint8Array;
}

/** 1 for each row with the true label. */
export async function rightLabels(model: TestedModel, data: TestData, feeds = data.feeds): Promise<Uint8Array> {
  requireRows(model);
  const wanted = trueLabels(data);
  const own = predictedLabels(model.signature, await model.run(feeds));
  comparableLabels(own, wanted);
  return Uint8Array.from(own, (label, row) => (label === wanted[row] ? 1 : 0));
}

/**
 * What labels alone tell (Choquette-Choo et al. 2021): whether the label is right, and how much noise it stands. Copies get ever more
 * noise. Inputs without numbers have no copies.
 */
export async function noisyLabels(model: TestedModel, data: TestData, options: NoisyOptions): Promise<NoisyLabels> {
  const { copies, signal, onStep } = options;
  const right = await rightLabels(model, data);
  const kept = Float64Array.from(right);
  if (!hasNumbers(data.feeds)) return { kept, right };
  for (let copy = 1; copy <= copies; copy++) {
    throwIfAborted(signal);
    onStep(`noisy copy ${copy} of ${copies} of ${data.name}`);
    for (const [row, one] of (await rightLabels(model, data, noisy(data.feeds, copy, options))).entries())
      kept[row] = (kept[row] ?? 0) + one;
  }
  return { kept, right };
}

function noisy({ tensors, ...rest }: Feeds, copy: number, options: NoisyOptions): Feeds {
  const { noise, copies, spreads, seed, group } = options;
  const randoms = seededRandoms(seed);
  const changed = new Map<string, RunTensor>();
  const sources = Array.from({ length: rest.rows }, (_, row) => randoms(row, group * (copies + 1) + copy));
  for (const [name, tensor] of tensors)
    changed.set(name, withNoise(tensor, (noise * copy) / copies, spreads.get(name), sources));
  return { ...rest, tensors: changed };
}

function withNoise(
  tensor: RunTensor,
  level: number,
  spreads: Float64Array | undefined,
  sources: readonly AttackRandom[],
): RunTensor {
  if (spreads === undefined || (tensor.type !== 'float32' && tensor.type !== 'float64')) return tensor;
  const width = spreads.length;
  const change = (value: number, at: number) => {
    const source = sources[Math.floor(at / width)];
    return value + level * (spreads[at % width] ?? 0) * (source?.normal() ?? 0);
  };
  return tensor.type === 'float32'
    ? { ...tensor, data: tensor.data.map(change) }
    : { ...tensor, data: tensor.data.map(change) };
}

/** The standard deviation of each column of the inputs of numbers. */
export function columnSpreads({ tensors, rows }: Feeds): ReadonlyMap<string, Float64Array> {
  const spreads = new Map<string, Float64Array>();
  for (const [name, { type, data }] of tensors) {
    if (type !== 'float32' && type !== 'float64') continue;
    const width = data.length / rows;
    const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
    for (let at = 0; at < data.length; at++) sums[at % width] = (sums[at % width] ?? 0) + (data[at] ?? 0) / rows;
    for (let at = 0; at < data.length; at++)
      squares[at % width] = (squares[at % width] ?? 0) + ((data[at] ?? 0) - (sums[at % width] ?? 0)) ** 2 / rows;
    // A column with a number that is not finite stays as it is.
    spreads.set(
      name,
      squares.map((square) => (Number.isFinite(square) ? Math.sqrt(square) : 0)),
    );
  }
  return spreads;
}
