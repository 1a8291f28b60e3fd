/** The class with the highest score, the first of equal ones; -1 where a score is not a number: such a row tells no class. */
export function predicted(scores: Float32Array): number {
  let best = 0;
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at] ?? Number.NaN;
    if (Number.isNaN(score)) return -1;
    if (score > (scores[best] ?? 0)) best = at;
  }
  return best;
}

/** How far the score of a class is above the best other one; below zero for a row that fell. */
export function marginOf(scores: Float32Array, own: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at] ?? Number.NaN;
    if (Number.isNaN(score)) return Number.NEGATIVE_INFINITY;
    if (at !== own && score > best) best = score;
  }
  const mine = scores[own] ?? Number.NaN;
  // Both may be infinite.
  return mine === best ? 0 : mine - best;
}
