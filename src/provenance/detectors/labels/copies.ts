import { SeededRandom } from '../../../core/index.ts';
import type { FeatureRows } from './feature-rows.ts';

/** Which rows are copies: who writes a row many times gets one vote. */
export interface Copies {
  /** Of each row, the first one with the same features. */
  readonly first: Uint32Array;
  /** The rows that come first with their features and their label, in order. */
  readonly unique: Uint32Array;
}

/** Rows are told apart by their projection on a random direction, in 64 bits. */
export function rowCopies({ rows, width, values }: FeatureRows, labels: Int32Array, seed: number): Copies {
  const random = new SeededRandom(seed);
  const direction = Float64Array.from({ length: width }, () => random.normal());
  const known = new Map<number, { readonly first: number; readonly labels: Set<number> }>();
  const first = new Uint32Array(rows);
  const unique: number[] = [];
  for (let row = 0; row < rows; row++) {
    let place = 0;
    for (let at = 0; at < width; at++) place += (direction[at] ?? 0) * (values[row * width + at] ?? 0);
    const group = known.get(place) ?? { first: row, labels: new Set() };
    if (group.first === row) known.set(place, group);
    first[row] = group.first;
    const label = labels[row] ?? 0;
    if (!group.labels.has(label)) unique.push(row);
    group.labels.add(label);
  }
  return { first, unique: Uint32Array.from(unique) };
}
