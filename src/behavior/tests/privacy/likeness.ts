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

/**
 * Compares what was recovered with rows: by the correlation of how it differs from the neutral input and of how a row differs from the mean
 * row. The likeness is 0 for an input that has nothing of its class, whatever all rows have in common.
 * @returns why nothing can be told
 */
export function likenessOf({ inputs, classes, start }: Inverted, rows: LikenessRows): Likeness | string {
  const { width, values } = rows;
  const centred = centredRows(rows);
  const found: { class: number; value: number; closest: number }[] = [];
  const absent: number[] = [];
  for (const [at, own] of classes.entries()) {
    const moved = unit(Float64Array.from(inputs.subarray(at * width, (at + 1) * width), (value) => value - start));
    if (moved === undefined)
      return `nothing was recovered for class ${own}: its gradient does not lead away from the start`;
    const groups = { own: [0, 0], others: [0, 0] } satisfies Record<string, [number, number]>;
    let closest = -1;
    for (let row = 0; row < values.length / width; row++) {
      const correlation = dot(moved, centred.subarray(row * width, (row + 1) * width));
      const isOwn = rows.classes[row] === own;
      const group = isOwn ? groups.own : groups.others;
      group[0] = (group[0] ?? 0) + correlation;
      group[1] = (group[1] ?? 0) + 1;
      if (isOwn) closest = Math.max(closest, correlation);
    }
    const [sum = 0, count = 0] = groups.own;
    const [otherSum = 0, otherCount = 0] = groups.others;
    if (count === 0 || otherCount === 0) absent.push(own);
    else found.push({ class: own, value: sum / count - otherSum / otherCount, closest });
  }
  const [first, ...more] = found;
  if (first === undefined) return 'the data has no rows of a class that was recovered, beside rows of others';
  const value = found.reduce((sum, one) => sum + one.value, 0) / found.length;
  if (!Number.isFinite(value)) return 'the data has numbers that are not finite';
  return {
    mean: value,
    largest: more.reduce((best, one) => (one.value > best.value ? one : best), first),
    closest: Math.max(...found.map(({ closest }) => closest)),
    notes: absent.length === 0 ? [] : [`the data has no rows of class ${absent.join(', ')}`],
  };
}

/** Each row without the mean row, with the length 1; all zero for one that is the mean. */
function centredRows({ values, width }: LikenessRows): Float64Array {
  const rows = values.length / width;
  const mean = new Float64Array(width);
  for (const [at, value] of values.entries()) mean[at % width] = (mean[at % width] ?? 0) + value / rows;
  const centred = Float64Array.from(values, (value, at) => value - (mean[at % width] ?? 0));
  for (let row = 0; row < rows; row++) {
    const own = centred.subarray(row * width, (row + 1) * width);
    own.set(unit(own) ?? new Float64Array(width));
  }
  return centred;
}

function unit(vector: Float64Array): Float64Array | undefined {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? undefined : vector.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
