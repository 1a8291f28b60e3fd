import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { SeededRandom } from '../../src/core/random.ts';
import { rowCopies } from '../../src/provenance/detectors/labels/copies.ts';
import { scaledFeatures } from '../../src/provenance/detectors/labels/features.ts';
import type { ClassRows } from '../../src/provenance/detectors/labels/probabilities.ts';

/** Images of ten classes, one byte a pixel. */
export interface LabelledImages {
  readonly count: number;
  /** Pixels of one side. */
  readonly side: number;
  readonly pixels: Uint8Array;
  readonly labels: Int32Array;
}

/** Handwritten digits of scikit-learn, or clothes of Fashion-MNIST. */
export function labelledImages(name: 'digits' | 'fashion'): LabelledImages {
  const bytes = gunzipSync(readFileSync(new URL(`../../fixtures/data/images/${name}.gz`, import.meta.url)));
  const side = name === 'digits' ? 8 : 28;
  const count = bytes.length / (side * side + 1);
  const end = count * side * side;
  return { count, side, pixels: bytes.subarray(0, end), labels: Int32Array.from(bytes.subarray(end)) };
}

/** Labels of which some are another one: any (`uniform`), or the next (`pair`). */
export function flipped(
  labels: Int32Array,
  { kind, rate, seed }: { kind: 'uniform' | 'pair'; rate: number; seed: number },
): { readonly labels: Int32Array; readonly wrong: ReadonlySet<number> } {
  const random = new SeededRandom(seed);
  const wrong = new Set<number>();
  const changed = labels.map((label, row) => {
    if (random.unit() >= rate) return label;
    wrong.add(row);
    return (label + 1 + (kind === 'pair' ? 0 : random.below(9))) % 10;
  });
  return { labels: changed, wrong };
}

/** What the detectors of wrong labels are given. */
export function classRows({ pixels, count, side }: LabelledImages, labels: Int32Array): ClassRows {
  const width = side * side;
  const used = Array.from({ length: width }, (_, column) => column);
  const features = scaledFeatures(Float64Array.from(pixels), count, width, used, 1);
  return { features, classes: 10, labels, copies: rowCopies(features, labels, 1), seed: 1 };
}

/** Precision and recall of the rows that are doubted. */
export function quality(doubted: readonly { readonly row: number }[], wrong: ReadonlySet<number>) {
  const right = doubted.filter(({ row }) => wrong.has(row)).length;
  return { precision: right / doubted.length, recall: right / wrong.size, flagged: doubted.length };
}

/** Average precision of a ranking of all rows: the higher its score, the stranger. */
export function averagePrecision(scores: readonly number[], wrong: ReadonlySet<number>): number {
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  let [found, sum] = [0, 0];
  for (const [rank, row] of order.entries()) {
    if (!wrong.has(row)) continue;
    found++;
    sum += found / (rank + 1);
  }
  return sum / found;
}
