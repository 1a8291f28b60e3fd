import { SeededRandom, throwIfAborted } from '../../../core/index.ts';
import type { DoubtedRow } from './confident.ts';
import type { ClassRows } from './probabilities.ts';

export const NEIGHBOURS = 10;
/** A row is doubted when so few of its neighbours, or fewer, have its label. */
export const AGREE = 2;
/** Rows that are compared at a time, so that they stay near the processor. */
const BLOCK = 128;
/** Products that all comparisons may take; with more rows, each is compared with some of them. */
const MOST_WORK = 1e10;

/** The nearest rows of each row, the nearest first. */
export interface NearestRows {
  /** The neighbours of row r are `rows[r * most]` up to `rows[r * most + counts[r]]`. */
  readonly rows: Int32Array;
  readonly counts: Uint32Array;
  readonly most: number;
  /** Rows that each was compared with. */
  readonly compared: number;
}

/**
 * By Euclidean distance. Rows with the same features and label count once, and not for each other: or who writes a wrong row twice would confirm
 * it.
 */
export function nearestRows(
  { features, labels, copies, seed }: ClassRows,
  most: number,
  signal?: AbortSignal,
): NearestRows {
  const { rows, width, values } = features;
  const bound = Math.max(NEIGHBOURS * 10, Math.floor(MOST_WORK / (rows * (width + 1))));
  const order = new SeededRandom(seed).order(copies.unique.length).subarray(0, bound).sort();
  const others = order.map((place) => copies.unique[place] ?? 0);
  const norms = Float32Array.from({ length: rows }, (_, row) => dot(values, row * width, row * width, width));
  const found = new Int32Array(rows * most);
  const counts = new Uint32Array(rows);
  for (let from = 0; from < rows; from += BLOCK) {
    throwIfAborted(signal);
    const until = Math.min(rows, from + BLOCK);
    const nearest = Array.from({ length: until - from }, () => new Nearest(most));
    for (let start = 0; start < others.length; start += BLOCK) {
      const end = Math.min(others.length, start + BLOCK);
      for (let row = from; row < until; row++) {
        const own = nearest[row - from];
        for (let place = start; place < end; place++) {
          const other = others[place] ?? 0;
          const distance = (norms[other] ?? 0) - 2 * dot(values, row * width, other * width, width);
          if (own === undefined || distance >= own.farthest || other === row) continue;
          if (copies.first[other] === copies.first[row] && labels[other] === labels[row]) continue;
          own.add(other, distance);
        }
      }
    }
    for (const [at, own] of nearest.entries()) {
      found.set(own.rows, (from + at) * most);
      counts[from + at] = own.count;
    }
  }
  return { rows: found, counts, most, compared: others.length };
}

/** How the neighbours of each row are labelled. */
export interface Neighbourhoods {
  /** Share of neighbours that have its label, from 0 to 1. */
  readonly agree: Float32Array;
  /** The class of most neighbours. */
  readonly most: Int32Array;
}

/** Of the ten nearest rows of each. */
export function neighbourhoods(
  { rows, counts, most }: NearestRows,
  labels: Int32Array,
  classes: number,
): Neighbourhoods {
  const agree = new Float32Array(counts.length);
  const voted = new Int32Array(counts.length);
  const votes = new Uint32Array(classes);
  for (const [row, count] of counts.entries()) {
    votes.fill(0);
    const used = Math.min(count, NEIGHBOURS);
    for (const other of rows.subarray(row * most, row * most + used)) {
      const label = labels[other] ?? 0;
      votes[label] = (votes[label] ?? 0) + 1;
    }
    agree[row] = (votes[labels[row] ?? 0] ?? 0) / Math.max(used, 1);
    voted[row] = votes.indexOf(Math.max(...votes));
  }
  return { agree, most: voted };
}

/** Rows of which at most two of ten neighbours have the label, and most another one; the strangest first. */
export function disagreeing({ agree, most }: Neighbourhoods, labels: Int32Array): readonly DoubtedRow[] {
  const doubted: DoubtedRow[] = [];
  for (const [row, label] of labels.entries()) {
    const [share = 0, seems = label] = [agree[row], most[row]];
    if (share * NEIGHBOURS <= AGREE && seems !== label) doubted.push({ row, seems, score: 1 - share });
  }
  return doubted.sort((a, b) => b.score - a.score || a.row - b.row);
}

function dot(values: Float32Array, a: number, b: number, width: number): number {
  let sum = 0;
  for (let at = 0; at < width; at++) sum += (values[a + at] ?? 0) * (values[b + at] ?? 0);
  return sum;
}

/** The nearest rows so far, the farthest of them last. */
class Nearest {
  readonly rows: Int32Array;
  readonly #distances: Float64Array;
  count = 0;

  constructor(most: number) {
    this.rows = new Int32Array(most);
    this.#distances = new Float64Array(most).fill(Number.POSITIVE_INFINITY);
  }

  get farthest(): number {
    return this.#distances[this.#distances.length - 1] ?? 0;
  }

  add(row: number, distance: number): void {
    let place = this.rows.length - 1;
    for (; place > 0 && (this.#distances[place - 1] ?? 0) > distance; place--) {
      this.#distances[place] = this.#distances[place - 1] ?? 0;
      this.rows[place] = this.rows[place - 1] ?? 0;
    }
    this.#distances[place] = distance;
    this.rows[place] = row;
    this.count = Math.min(this.count + 1, this.rows.length);
  }
}
