import { type PickleState, TUPLE } from '../../../formats/pickle/index.ts';

/** The number of values of a tuple, with nested tuples counted each time they occur: Python hashes them each time. */
const MAX_EXPANDED = 2 ** 22;

/**
 * Whether tuples are nested in each other so often that hashing them takes hours, which Python does for a key of a dict or an
 * element of a set.
 */
export function expandsTuples({ cells, budget }: PickleState): boolean {
  const { kinds, refs } = cells;
  const first = kinds.subarray(0, cells.length).indexOf(TUPLE);
  if (first < 0) return false;
  const bytes = 8 * cells.length;
  budget.hold(bytes);
  budget.work(cells.length);
  // By the place of each tuple that stands in another.
  const sizes = new Float64Array(cells.length);
  let most = 0;
  for (let i = first; i < cells.length && most <= MAX_EXPANDED; i++) {
    if (kinds[i] !== TUPLE) continue;
    const tuple = refs[i] ?? 0;
    if (sizes[tuple] !== 0) continue;
    const count = refs[tuple] ?? 0;
    let size = count + 1;
    // The elements of a tuple precede it in the stream.
    for (let item = tuple + 1; item <= tuple + count; item++)
      if (kinds[item] === TUPLE) size += sizes[refs[item] ?? 0] ?? 0;
    sizes[tuple] = size;
    most = Math.max(most, size);
  }
  budget.release(bytes);
  return most > MAX_EXPANDED;
}
