import type { Ball } from './ball.ts';
import type { AttackRandom } from './random.ts';

/**
 * Moves a point along a gradient, as far as a step goes in the norm of the ball, in the scale of each feature. What is not a
 * number does not move it.
 */
export function ascend(ball: Ball, point: Float32Array, gradient: Float32Array, step: number): void {
  if (ball.norm === 'linf') {
    for (let at = 0; at < point.length; at++)
      point[at] = (point[at] ?? 0) + step * ball.scaleOf(at) * signOf(gradient[at]);
    return;
  }
  const length = lengthOf(gradient);
  if (length === 0 || !Number.isFinite(length)) return;
  for (let at = 0; at < point.length; at++) point[at] = (point[at] ?? 0) + (step / length) * (gradient[at] ?? 0);
}

function signOf(value: number | undefined): number {
  return value === undefined || Number.isNaN(value) ? 0 : Math.sign(value);
}

export function lengthOf(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < vector.length; at++) sum += (vector[at] ?? 0) ** 2;
  return Math.sqrt(sum);
}

/** A random point of the ball of a row: uniform for L-inf, and in a random direction for L2. */
export function randomPoint(ball: Ball, row: number, random: AttackRandom): Float32Array {
  const origin = ball.original(row);
  const point = origin.slice();
  if (ball.norm === 'linf') {
    for (let at = 0; at < point.length; at++) {
      const [low, high] = [ball.low(row, at), ball.high(row, at)];
      point[at] = low + random.unit() * (high - low);
    }
  } else {
    const direction = Float64Array.from(point, () => random.normal());
    const length = lengthOf(direction);
    const radius = length === 0 ? 0 : (ball.eps * random.unit() ** (1 / point.length)) / length;
    for (let at = 0; at < point.length; at++) point[at] = (origin[at] ?? 0) + radius * (direction[at] ?? 0);
  }
  ball.project(row, point);
  return point;
}
