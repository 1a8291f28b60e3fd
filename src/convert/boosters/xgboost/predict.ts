import type { XgboostModel } from '../../../formats/boosters/index.ts';
import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Labels, labelCount } from '../../estimator/index.ts';
import type { Operators, Prediction } from '../../operators/index.ts';
import { classIndexes } from '../classes.ts';
import type { BoosterOwner } from '../owner.ts';
import { margins, type XgboostFeatures } from './margin.ts';
import { type XgboostObjective, xgboostObjective } from './objectives.ts';

export interface XgboostUse {
  readonly owner: BoosterOwner;
  /** What the prediction is: that of the objective, numbers, or one of these classes. */
  readonly as: 'objective' | 'values' | ((count: number) => Labels);
  /** Whether the rounds after the best one are left out, where training stopped early. */
  readonly best: boolean;
}

/** What a model predicts (xgboost/src/objective, python-package/xgboost/sklearn.py). */
export function predictXgboost(
  ops: Operators,
  model: XgboostModel,
  x: XgboostFeatures,
  { owner, as, best }: XgboostUse,
): Prediction {
  const objective = xgboostObjective(model.objective);
  if (objective === undefined) throw owner.refuse(`its objective is ${JSON.stringify(model.objective.slice(0, 80))}`);
  const outputs = Math.max(1, model.classes, model.targets);
  const base = startOf(ops, model, objective, outputs, owner);
  const rounds = best ? bestRounds(model, owner) : undefined;
  const sums = margins(ops, model, x, { owner, outputs, base, rounds });
  const linked = link(ops, objective, sums);
  if (as === 'values' || (as === 'objective' && objective.task === 'values')) {
    if (as === 'values' && objective.task === 'classes') throw owner.refuse(`its objective is ${model.objective}`);
    return { kind: 'values', values: linked, width: outputs };
  }
  if (outputs > 1 && objective.task !== 'classes')
    throw owner.refuse('it predicts several labels', 'train one classifier for each label');
  const expected = objective.task === 'classes' ? outputs : 2;
  const labels = as === 'objective' ? classIndexes(expected) : as(expected);
  if (labelCount(labels) !== expected)
    throw owner.broken(`it has ${labelCount(labels)} classes, and predicts ${expected}`);
  if (objective.task === 'classes')
    return { kind: 'classes', labels, scores: sums, probabilities: linked, decision: sums };
  // The wrapper takes the second class where the prediction is above one half.
  const decision = ops.sub(linked, ops.real(0.5));
  const scores = ops.bothSides(objective.link === 'sigmoid' ? sums : decision);
  return { kind: 'classes', labels, scores, probabilities: ops.bothShares(linked), decision: sums };
}

function link(ops: Operators, objective: XgboostObjective, sums: GraphValue): GraphValue {
  switch (objective.link) {
    case 'identity':
      return sums;
    case 'sigmoid':
      return ops.sigmoid(sums);
    case 'exp':
      return ops.op('Exp', [sums]);
    case 'softmax':
      return ops.softmax(sums);
    case 'step':
      return ops.cast(ops.op('Greater', [sums, ops.real(0)]), ops.precision);
  }
}

/** Bytes of an output in lists of labels and sums, about. */
const OUTPUT_BYTES = 64;

/** What the sums start from: the base score, as a sum. */
function startOf(
  ops: Operators,
  model: XgboostModel,
  { base }: XgboostObjective,
  outputs: number,
  owner: BoosterOwner,
): Float32Array {
  const { baseScore, baseIsMargin } = model;
  // No list of the file has this length.
  ops.budget.work(outputs);
  ops.budget.hold(OUTPUT_BYTES * outputs);
  if (baseScore.length !== 1 && baseScore.length !== outputs)
    throw owner.broken(`it has ${baseScore.length} base scores for ${outputs} outputs`);
  const starts = Float32Array.from({ length: outputs }, (_, output) => {
    const score = (baseScore.length === 1 ? baseScore[0] : baseScore[output]) ?? Number.NaN;
    if (baseIsMargin || base === 'identity') return score;
    return base === 'log' ? Math.log(score) : -Math.log(1 / score - 1);
  });
  if (!starts.every(Number.isFinite)) throw owner.broken(`its base score ${baseScore[0]} is not one of its objective`);
  return starts;
}

/** The rounds that the wrappers for scikit-learn predict with. */
function bestRounds({ attributes, booster }: XgboostModel, owner: BoosterOwner): number | undefined {
  const text = attributes.get('best_iteration');
  if (text === undefined || booster.kind === 'linear') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw owner.broken(`best_iteration is ${JSON.stringify(text.slice(0, 40))}`);
  return Number(text) + 1;
}
