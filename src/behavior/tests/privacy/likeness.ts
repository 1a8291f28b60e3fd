import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { throwIfAborted } from '../../../core/index.ts';
import type { Inverted } from './invert.ts';

export interface LikenessRows {
  /** Row after row. */
  readonly values: Float32Array;
  readonly width: number;
  /** Of each row. */
  readonly classes: Int32Array;
}

/** How much recovered inputs are like the rows of their class. */
export interface Likeness {
  /** Over the classes: how much larger the mean correlation with rows of the class is than that with others. */
  readonly mean: number;
  readonly largest: { readonly class: number; readonly value: number };
  /** The largest correlation of a recovered input with one row of its class. */
  readonly closest: number;
  readonly notes: readonly string[];
}

/** Rows between two turns of others. */
const TURN = 64;

interface Sums {
  readonly class: number;
  readonly moved: Float64Array;
  own: number;
  ownRows: number;
  others: number;
  otherRows: number;
  closest: number;
}

/**
 * Compares what was recovered with rows: by the correlation of how it differs from the neutral input and of how a row differs from the mean
 * row. The likeness is 0 for an input that has nothing of its class, whatever all rows have in common.
 * @returns why nothing can be told
 * @throws AssayError `aborted`
 */
export async function likenessOf(
  { inputs, classes, start }: Inverted,
  rows: LikenessRows,
  signal?: AbortSignal,
): Promise<Likeness | string> {
  const { width, values } = rows;
  const all: Sums[] = [];
  for (const [at, own] of classes.entries()) {
    const moved = Float64Array.from(inputs.subarray(at * width, (at + 1) * width), (value) => value - start);
    if (!toUnit(moved)) return `nothing was recovered for class ${own}: its gradient does not lead away from the start`;
    all.push({ class: own, moved, own: 0, ownRows: 0, others: 0, otherRows: 0, closest: -1 });
  }
  const mean = meanRow(rows);
  const centred = new Float64Array(width);
  for (let row = 0; row < values.length / width; row++) {
    if (row % TURN === 0) {
      await yieldToEventLoop();
      throwIfAborted(signal);
    }
    for (let at = 0; at < width; at++) centred[at] = (values[row * width + at] ?? 0) - (mean[at] ?? 0);
    toUnit(centred);
    for (const sums of all) add(sums, dot(sums.moved, centred), rows.classes[row] === sums.class);
  }
  return summary(all);
}

function add(sums: Sums, correlation: number, isOwn: boolean): void {
  if (isOwn) {
    sums.own += correlation;
    sums.ownRows++;
    sums.closest = Math.max(sums.closest, correlation);
  } else {
    sums.others += correlation;
    sums.otherRows++;
  }
}

function summary(all: readonly Sums[]): Likeness | string {
  const told = all.filter(({ ownRows, otherRows }) => ownRows > 0 && otherRows > 0);
  const absent = all.filter((sums) => !told.includes(sums)).map((sums) => sums.class);
  const [first, ...more] = told.map((sums) => ({
    class: sums.class,
    value: sums.own / sums.ownRows - sums.others / sums.otherRows,
  }));
  if (first === undefined) return 'the data has no rows of a class that was recovered, beside rows of others';
  const value = more.reduce((sum, one) => sum + one.value, first.value) / told.length;
  if (!Number.isFinite(value)) return 'the data has numbers that are not finite';
  return {
    mean: value,
    largest: more.reduce((best, one) => (one.value > best.value ? one : best), first),
    closest: Math.max(...told.map(({ closest }) => closest)),
    notes: absent.length === 0 ? [] : [`the data has no rows of class ${absent.join(', ')}, or none of others`],
  };
}

function meanRow({ values, width }: LikenessRows): Float64Array {
  const rows = values.length / width;
  const mean = new Float64Array(width);
  for (let at = 0; at < values.length; at++) mean[at % width] = (mean[at % width] ?? 0) + (values[at] ?? 0) / rows;
  return mean;
}

/** Gives a vector the length 1; one of zeros stays. @returns whether it has a direction */
function toUnit(vector: Float64Array): boolean {
  const length = Math.sqrt(dot(vector, vector));
  if (length === 0) return false;
  for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] ?? 0) / length;
  return true;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
