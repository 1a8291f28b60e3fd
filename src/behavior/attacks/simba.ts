import { AssayError } from '../../core/index.ts';
import { Attempt } from './attempt.ts';
import { checkCount } from './pgd.ts';
import type { AttackRandom } from './random.ts';
import type { AttackBatch, AttackOptions, AttackResult, AttackTarget } from './target.ts';

export interface SimbaOptions extends AttackOptions {
  /** Features that are tried one after another, each in both directions. */
  readonly tries: number;
  /** How far one feature is moved, in its scale. */
  readonly stepSize: number;
}

/**
 * The simple black-box attack (Guo et al. 2019) in the basis of the features: moves one feature after another, in random
 * order, where that lowers the margin. It asks for scores alone.
 */
export async function simba(target: AttackTarget, batch: AttackBatch, options: SimbaOptions): Promise<AttackResult> {
  const { tries, stepSize } = options;
  checkCount('tries', tries);
  if (!Number.isFinite(stepSize) || stepSize <= 0)
    throw new AssayError('usage', `a step of ${stepSize} is not a distance`);
  const attempt = new Attempt('simba', target, batch, options);
  const { ball } = attempt;
  const first = await attempt.begin();
  const points = new Map<number, Float32Array>();
  const margins = new Map<number, number>();
  const orders = new Map<number, Uint32Array>();
  for (const row of attempt.standing()) {
    points.set(row, ball.original(row).slice());
    margins.set(row, attempt.marginOf(row, first[row] ?? new Float32Array()));
    orders.set(row, shuffled(target.width, options.random(row, 0)));
  }
  for (let attemptAt = 0; attemptAt < tries; attemptAt++) {
    if (attempt.standing().length === 0) break;
    const moved = new Set<number>();
    for (const direction of [-1, 1]) {
      const trials = attempt.standing().flatMap((row) => {
        const [point, order] = [points.get(row)?.slice(), orders.get(row)];
        if (point === undefined || order === undefined || moved.has(row)) return [];
        const feature = order[attemptAt % order.length] ?? 0;
        const before = point[feature] ?? 0;
        point[feature] = before + direction * stepSize * ball.scaleOf(feature);
        ball.project(row, point);
        return point[feature] === before ? [] : [{ row, point }];
      });
      const scores = await attempt.run(trials);
      for (const [at, { row, point }] of trials.entries()) {
        const margin = attempt.marginOf(row, scores[at] ?? new Float32Array());
        if (margin >= (margins.get(row) ?? 0)) continue;
        margins.set(row, margin);
        points.set(row, point);
        moved.add(row);
      }
    }
    attempt.progress(attemptAt + 1, tries);
  }
  return await attempt.finish();
}

/** All features in random order. */
function shuffled(width: number, random: AttackRandom): Uint32Array {
  const order = Uint32Array.from({ length: width }, (_, at) => at);
  for (let at = width - 1; at > 0; at--) {
    const other = random.below(at + 1);
    const held = order[at] ?? 0;
    order[at] = order[other] ?? 0;
    order[other] = held;
  }
  return order;
}
