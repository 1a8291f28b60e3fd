import { AssayError } from '../../core/index.ts';
import { Attempt } from './attempt.ts';
import { checkCount } from './pgd.ts';
import type { AttackRandom } from './random.ts';
import type { AttackBatch, AttackOptions, AttackResult, AttackTarget } from './target.ts';

export interface SquareOptions extends AttackOptions {
  /** Runs of the model for each row. */
  readonly queries: number;
  /** How the numbers of a row lie: [channels, height, width]; a row of features when absent. */
  readonly image?: readonly [channels: number, height: number, width: number];
  /** The share of the image that the first squares cover. */
  readonly share?: number;
}

/** The share is halved at these of 10,000 queries. */
const HALVED = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];
const SCALE = 10_000;

/**
 * The Square attack for L-inf (Andriushchenko et al. 2020): random squares, of which those stay that lower the margin. It asks
 * for scores alone. Rows of features are images of one line, in which a square is a run of features.
 */
export async function square(target: AttackTarget, batch: AttackBatch, options: SquareOptions): Promise<AttackResult> {
  const { queries, share = 0.8, image = [1, 1, target.width] } = options;
  checkCount('queries', queries);
  for (const size of image) checkCount('a size of the image', size);
  if (options.norm !== 'linf') throw new AssayError('usage', 'the attack square is for the norm linf');
  if (image.reduce((product, size) => product * size, 1) !== target.width)
    throw new AssayError('usage', `an image of [${image.join(', ')}] does not have ${target.width} numbers`);
  if (!(share > 0 && share <= 1)) throw new AssayError('usage', `the share ${share} is not from 0 to 1`);
  const budget = Math.min(options.budget ?? Number.POSITIVE_INFINITY, queries);
  const attempt = new Attempt('square', target, batch, { ...options, budget });
  await attempt.begin();
  const { ball } = attempt;
  const randoms = new Map<number, AttackRandom>();
  const points = new Map<number, Float32Array>();
  const margins = new Map<number, number>();
  const [channels, height, width] = image;
  const paint = (row: number, point: Float32Array, random: AttackRandom, area: Area): void => {
    for (let channel = 0; channel < channels; channel++) {
      const up = random.unit() < 0.5;
      for (let y = area.top; y < area.top + area.height; y++)
        for (let x = area.left; x < area.left + area.width; x++) {
          const at = (channel * height + y) * width + x;
          point[at] = up ? ball.high(row, at) : ball.low(row, at);
        }
    }
  };
  const started = attempt.standing().map((row) => {
    const random = options.random(row, 0);
    const point = ball.original(row).slice();
    // Stripes, each up or down.
    for (let left = 0; left < width; left++) paint(row, point, random, { top: 0, left, height, width: 1 });
    randoms.set(row, random);
    return { row, point };
  });
  const first = await attempt.run(started);
  for (const [at, { row, point }] of started.entries()) {
    points.set(row, point);
    margins.set(row, attempt.marginOf(row, first[at] ?? new Float32Array()));
  }
  for (let query = 1; query < queries; query++) {
    const rows = attempt.standing();
    if (rows.length === 0) break;
    const side = sideAt(query, queries, share, height, width);
    const trials = rows.flatMap((row) => {
      const [random, point] = [randoms.get(row), points.get(row)?.slice()];
      if (random === undefined || point === undefined) return [];
      const top = random.below(height - side.height + 1);
      const left = random.below(width - side.width + 1);
      paint(row, point, random, { ...side, top, left });
      return [{ row, point }];
    });
    const seen = await attempt.run(trials);
    for (const [at, { row, point }] of trials.entries()) {
      const margin = attempt.marginOf(row, seen[at] ?? new Float32Array());
      if (margin >= (margins.get(row) ?? 0)) continue;
      margins.set(row, margin);
      points.set(row, point);
    }
    attempt.progress(query + 1, queries);
  }
  return await attempt.finish();
}

interface Area {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The sides of the squares of a query: they become smaller. */
function sideAt(
  query: number,
  queries: number,
  share: number,
  height: number,
  width: number,
): Omit<Area, 'top' | 'left'> {
  const at = (query / queries) * SCALE;
  const part = share / 2 ** HALVED.filter((one) => at > one).length;
  if (height === 1) return { height: 1, width: within(Math.round(part * width), width) };
  const side = within(Math.round(Math.sqrt(part * height * width)), Math.min(height, width));
  return { height: side, width: side };
}

function within(size: number, most: number): number {
  return Math.max(1, Math.min(size, most));
}
