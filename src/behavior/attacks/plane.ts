import type { AttackNorm } from './target.ts';

/** The features of a row: where each may lie, and how far it goes in the norm. */
export interface Box {
  readonly low: (feature: number) => number;
  readonly high: (feature: number) => number;
  readonly scaleOf: (feature: number) => number;
  readonly norm: AttackNorm;
}

const BISECTIONS = 40;
const DOUBLINGS = 60;

/**
 * The shortest way `d` from a point to the plane `w d = c` within a box, or, where the box ends before it, the way as far as the box goes.
 * Along the shortest way all features move in proportion to what they give, until their bound: how far is found by bisection.
 */
export function wayToPlane(point: Float32Array, w: Float32Array, c: number, box: Box): Float64Array {
  const way = new Float64Array(point.length);
  if (c === 0 || !Number.isFinite(c)) return way;
  const side = Math.sign(c);
  const speeds = Float64Array.from(w, (weight, at) => {
    const scale = box.scaleOf(at);
    return side * scale * (box.norm === 'linf' ? Math.sign(weight) : weight);
  });
  const gained = (time: number): number => {
    let sum = 0;
    for (let at = 0; at < way.length; at++) {
      const here = point[at] ?? 0;
      const moved = Math.min(box.high(at) - here, Math.max(box.low(at) - here, time * (speeds[at] ?? 0)));
      way[at] = moved;
      sum += moved * (w[at] ?? 0);
    }
    return side * sum;
  };
  const wanted = Math.abs(c);
  const rate = speeds.reduce((sum, speed, at) => sum + speed * (w[at] ?? 0), 0) * side;
  if (!(rate > 0)) return way;
  // Without bounds, it is reached here; with bounds, later.
  let [from, to] = [0, wanted / rate];
  let isReached = gained(to) >= wanted;
  for (let doubling = 0; !isReached && doubling < DOUBLINGS; doubling++) {
    from = to;
    to *= 2;
    isReached = gained(to) >= wanted;
  }
  for (let bisection = 0; isReached && bisection < BISECTIONS && to > from; bisection++) {
    const middle = (from + to) / 2;
    if (gained(middle) >= wanted) to = middle;
    else from = middle;
  }
  gained(to);
  return way;
}

/** How far a way is in the norm of a box. */
export function lengthIn({ norm, scaleOf }: Pick<Box, 'norm' | 'scaleOf'>, way: ArrayLike<number>): number {
  let [most, sum] = [0, 0];
  for (let at = 0; at < way.length; at++) {
    const moved = Math.abs(way[at] ?? 0);
    if (moved === 0) continue;
    most = Math.max(most, moved / scaleOf(at));
    sum += moved ** 2;
  }
  return norm === 'linf' ? most : Math.sqrt(sum);
}
