/** A point that is tried for a row. */
export interface Trial {
  readonly row: number;
  readonly point: Float32Array;
}

/** Whether a gradient says anything: a number that is not zero, and none that is not a number. */
export function points(gradient: Float32Array): boolean {
  return gradient.every((one) => Number.isFinite(one)) && gradient.some((one) => one !== 0);
}

/** The points of trials as the rows of a run. */
export function joinedPoints(trials: readonly Trial[], width: number): Float32Array {
  const all = new Float32Array(trials.length * width);
  for (const [at, { point }] of trials.entries()) all.set(point, at * width);
  return all;
}
