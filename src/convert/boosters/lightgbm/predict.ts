import type { LightgbmModel } from '../../../formats/boosters/index.ts';
import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Labels, labelCount } from '../../estimator/index.ts';
import type { Operators, Prediction } from '../../operators/index.ts';
import { classIndexes } from '../classes.ts';
import type { BoosterOwner } from '../owner.ts';
import { lightgbmObjective } from './objectives.ts';
import { lightgbmSums } from './sums.ts';

export interface LightgbmUse {
  readonly owner: BoosterOwner;
  /** What the prediction is: that of the objective, numbers, or one of these classes. */
  readonly as: 'objective' | 'values' | ((count: number) => Labels);
  /** Iterations that are used; all when undefined. */
  readonly iterations: number | undefined;
}

/** What a model predicts (LightGBM/src/boosting/gbdt_prediction.cpp, python-package/lightgbm/sklearn.py). */
export function predictLightgbm(
  ops: Operators,
  model: LightgbmModel,
  x: { readonly value: GraphValue; readonly width: number },
  { owner, as, iterations }: LightgbmUse,
): Prediction {
  const objective = lightgbmObjective(model.objective);
  if (objective === undefined)
    throw owner.refuse(`its objective is ${JSON.stringify((model.objective ?? '').slice(0, 80))}`);
  const outputs = model.perIteration;
  if (outputs !== (objective.task === 'binary' ? 1 : model.classes) && objective.task !== 'values')
    throw owner.broken(`it has ${outputs} outputs for ${model.classes} classes`);
  const sums = lightgbmSums(ops, model, x, { owner, iterations });
  const linked = objective.link(ops, sums);
  const isValues = as === 'values' || (as === 'objective' && objective.task === 'values');
  if (isValues) return { kind: 'values', values: linked, width: outputs };
  if (objective.task === 'values')
    throw owner.refuse(`it is a classifier whose objective is ${model.objective ?? 'code'}`);
  const expected = objective.task === 'binary' ? 2 : outputs;
  const labels = as === 'objective' ? classIndexes(expected) : as(expected);
  if (labelCount(labels) !== expected)
    throw owner.broken(`it has ${labelCount(labels)} classes, and predicts ${expected}`);
  if (objective.task === 'classes')
    return { kind: 'classes', labels, scores: sums, probabilities: linked, decision: sums };
  return {
    kind: 'classes',
    labels,
    scores: ops.bothSides(sums),
    probabilities: ops.bothShares(linked),
    decision: sums,
  };
}
