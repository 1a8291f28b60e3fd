import type { Probabilities } from './probabilities.ts';

/** A row whose label is doubted. */
export interface DoubtedRow {
  readonly row: number;
  /** The class that it seems to have. */
  readonly seems: number;
  /** The larger, the stranger; from 0 to 1. */
  readonly score: number;
}

/**
 * Rows off the diagonal of the confident joint (Northcutt et al. 2021, arXiv 1911.00068): another class is at least as probable as it is on average
 * for its own rows. The score is how much more probable it is than the label. The strangest first.
 * @param labels of each row, below `classes`
 */
export function confidentLearning({ classes, values }: Probabilities, labels: Int32Array): readonly DoubtedRow[] {
  const sums = new Float64Array(classes);
  const counts = new Float64Array(classes);
  for (const [row, label] of labels.entries()) {
    sums[label] = (sums[label] ?? 0) + (values[row * classes + label] ?? 0);
    counts[label] = (counts[label] ?? 0) + 1;
  }
  // A class without rows has no average to reach.
  const thresholds = sums.map((sum, label) => sum / (counts[label] ?? 0));
  const doubted: DoubtedRow[] = [];
  for (const [row, label] of labels.entries()) {
    let [seems, most] = [-1, -1];
    for (let other = 0; other < classes; other++) {
      const probability = values[row * classes + other] ?? 0;
      if (probability >= (thresholds[other] ?? 0) && probability > most) [seems, most] = [other, probability];
    }
    if (seems < 0 || seems === label) continue;
    doubted.push({ row, seems, score: Math.max(0, most - (values[row * classes + label] ?? 0)) });
  }
  return doubted.sort((a, b) => b.score - a.score || a.row - b.row);
}
