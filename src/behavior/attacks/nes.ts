import { AssayError } from '../../core/index.ts';
import { Attempt } from './attempt.ts';
import { ascend } from './moves.ts';
import { checkCount } from './pgd.ts';
import type { AttackRandom } from './random.ts';
import type { AttackBatch, AttackOptions, AttackResult, AttackTarget } from './target.ts';
import type { Trial } from './trial.ts';

export interface NesOptions extends AttackOptions {
  readonly steps: number;
  readonly stepSize: number;
  /** Pairs of points around a row of which one gradient is estimated; 25 when absent. */
  readonly pairs?: number;
  /** How far they are from it, in the scale of each feature; 0.01 when absent. */
  readonly sigma?: number;
}

/** What a row is being moved by. */
interface Walker {
  readonly random: AttackRandom;
  readonly point: Float32Array;
}

/**
 * Natural evolution strategies (Ilyas et al. 2018): steps along a gradient of the margin that is estimated by pairs of points
 * on opposite sides. It asks for scores alone.
 */
export async function nes(target: AttackTarget, batch: AttackBatch, options: NesOptions): Promise<AttackResult> {
  const { steps, stepSize, pairs = 25, sigma = 0.01 } = options;
  checkCount('steps', steps);
  checkCount('pairs', pairs);
  for (const [name, size] of [
    ['a step', stepSize],
    ['sigma', sigma],
  ] as const)
    if (!Number.isFinite(size) || size <= 0) throw new AssayError('usage', `${name} of ${size} is not a distance`);
  const attempt = new Attempt('nes', target, batch, options);
  const { ball } = attempt;
  await attempt.begin();
  const walkers = new Map<number, Walker>();
  for (const row of attempt.standing())
    walkers.set(row, { random: options.random(row, 0), point: ball.original(row).slice() });
  for (let step = 0; step < steps; step++) {
    const estimates = new Map<number, Float32Array>();
    for (let pair = 0; pair < pairs; pair++) {
      const moving = known(walkers, attempt.standing(2));
      const directions = moving.map(({ random, point }) => Float32Array.from(point, () => random.normal()));
      const sides = moving.flatMap(({ row, point }, at): Trial[] => {
        const direction = directions[at] ?? new Float32Array();
        return [sigma, -sigma].map((reach) => {
          const side = point.map((value, feature) => value + reach * ball.scaleOf(feature) * (direction[feature] ?? 0));
          ball.project(row, side);
          return { row, point: side };
        });
      });
      const scores = await attempt.run(sides);
      for (const [at, { row, point }] of moving.entries()) {
        const [up, down] = [scores[2 * at], scores[2 * at + 1]];
        if (up === undefined || down === undefined) continue;
        const slope = attempt.marginOf(row, down) - attempt.marginOf(row, up);
        if (!Number.isFinite(slope)) continue;
        const estimate = estimates.get(row) ?? new Float32Array(point.length);
        const direction = directions[at] ?? new Float32Array();
        for (let feature = 0; feature < estimate.length; feature++)
          estimate[feature] = (estimate[feature] ?? 0) + slope * (direction[feature] ?? 0);
        estimates.set(row, estimate);
      }
    }
    const moved = known(walkers, attempt.standing());
    if (moved.length === 0) break;
    for (const { row, point } of moved) {
      ascend(ball, point, estimates.get(row) ?? new Float32Array(point.length), stepSize);
      ball.project(row, point);
    }
    await attempt.run(moved.map(({ row, point }) => ({ row, point: point.slice() })));
    attempt.progress(step + 1, steps);
  }
  return await attempt.finish();
}

function known(
  walkers: ReadonlyMap<number, Walker>,
  rows: readonly number[],
): readonly (Walker & { readonly row: number })[] {
  return rows.flatMap((row) => {
    const walker = walkers.get(row);
    return walker === undefined ? [] : [{ ...walker, row }];
  });
}
