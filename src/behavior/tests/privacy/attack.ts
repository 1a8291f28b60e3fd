import type { TestedModel } from '../../subject/index.ts';
import { hasNumbers } from '../changed.ts';
import { confidenceOf } from './confidence.ts';
import type { Groups } from './groups.ts';
import { type LiraVariant, liraScores, type ShadowOdds } from './lira.ts';
import { columnSpreads, type NoisyOptions, noisyLabels, rightLabels } from './noisy-labels.ts';
import type { MemberScores, RightLabels } from './roc-measures.ts';

/** An attack, and what it needs beside the model. */
export type AttackPlan =
  | { readonly attack: 'loss' }
  | ({ readonly attack: 'label' } & Omit<NoisyOptions, 'spreads' | 'group'>)
  | {
      readonly attack: 'lira';
      readonly members: ShadowOdds;
      readonly others: ShadowOdds;
      readonly variant: LiraVariant;
    };

export interface Attacked {
  readonly scores: MemberScores;
  readonly right: RightLabels;
  readonly notes: readonly string[];
}

/**
 * Attacks a model.
 * @returns why nothing can be told
 * @throws AssayError `usage` for a model or labels that do not fit; what running the model throws
 */
export async function runAttack(model: TestedModel, groups: Groups, plan: AttackPlan): Promise<Attacked | string> {
  if (plan.attack === 'label') return await byLabels(model, groups, plan);
  const right = {
    members: await rightLabels(model, groups.members),
    others: await rightLabels(model, groups.others),
  };
  const [own, other] = [await confidenceOf(model, groups.members), await confidenceOf(model, groups.others)];
  const strange = own.strange + other.strange;
  if (strange > 0) return `${strange} rows have scores that are not finite numbers`;
  if (plan.attack === 'loss') return { scores: { members: own.log, others: other.log }, right, notes: [] };
  const all = joined(own.odds, other.odds);
  const scores = liraScores(all, joinedOdds(plan.members, plan.others), plan.variant);
  if (scores === undefined) return 'the shadows do not differ: they cannot be told from one another';
  const { length } = own.odds;
  return {
    scores: { members: scores.subarray(0, length), others: scores.subarray(length) },
    right,
    notes: plan.variant === 'online' ? [] : ['offline: a row has fewer than 2 shadows that were trained on it'],
  };
}

async function byLabels(
  model: TestedModel,
  { members, others }: Groups,
  plan: AttackPlan & { readonly attack: 'label' },
): Promise<Attacked> {
  const options = { ...plan, spreads: columnSpreads(members.feeds) };
  const own = await noisyLabels(model, members, { ...options, group: 0 });
  const other = await noisyLabels(model, others, { ...options, group: 1 });
  return {
    scores: { members: own.kept, others: other.kept },
    right: { members: own.right, others: other.right },
    notes: hasNumbers(members.feeds) ? [] : ['no input has numbers that noise is added to: labels alone count'],
  };
}

/** The spread of the odds is that of all rows. */
function joinedOdds(members: ShadowOdds, others: ShadowOdds): ShadowOdds {
  const inside = new Uint8Array(members.inside.length + others.inside.length);
  inside.set(members.inside);
  inside.set(others.inside, members.inside.length);
  return {
    rows: members.rows + others.rows,
    odds: members.odds.map((own, shadow) => joined(own, others.odds[shadow] ?? new Float64Array())),
    inside,
  };
}

function joined(first: Float64Array, second: Float64Array): Float64Array {
  const all = new Float64Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
