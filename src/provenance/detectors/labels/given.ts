import type { Probabilities } from './probabilities.ts';

/** Columns that hold how probable each label is, by another model: `p(NAME)`, `prob_NAME` or `probability_NAME` for each label. */
export function probabilityColumns(
  columns: readonly string[],
  names: readonly string[],
): readonly number[] | undefined {
  for (const write of [
    (name: string) => `p(${name})`,
    (name: string) => `prob_${name}`,
    (name: string) => `probability_${name}`,
  ]) {
    const places = names.map((name) => columns.indexOf(write(name)));
    if (names.length > 0 && !places.includes(-1)) return places;
  }
  return undefined;
}

/** How far the probabilities of a row may be from 1 in all. */
const ROUNDING = 1e-3;

/** Undefined when a row has what is not a probability: below 0, or not 1 in all. */
export function givenProbabilities(
  values: Float64Array,
  rows: number,
  width: number,
  places: readonly number[],
): Probabilities | undefined {
  const probabilities = new Float32Array(rows * places.length);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (const [label, place] of places.entries()) {
      const value = values[row * width + place] ?? Number.NaN;
      if (!(value >= 0)) return undefined;
      probabilities[row * places.length + label] = value;
      sum += value;
    }
    if (!(Math.abs(sum - 1) <= ROUNDING)) return undefined;
  }
  return { classes: places.length, values: probabilities };
}
