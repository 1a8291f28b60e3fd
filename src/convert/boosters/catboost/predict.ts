import type { CatboostModel } from '../../../formats/boosters/index.ts';
import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Labels, labelCount } from '../../estimator/index.ts';
import type { Operators, Prediction } from '../../operators/index.ts';
import { classIndexes } from '../classes.ts';
import type { BoosterOwner } from '../owner.ts';
import { catboostSums } from './sums.ts';

/** What the prediction is: that of the loss, a class, the numbers of a regressor, or the sums. */
export type CatboostKind = 'loss' | 'classifier' | 'regressor' | 'sums';

const BINARY: ReadonlySet<string> = new Set(['Logloss', 'CrossEntropy']);
const CLASSES: ReadonlySet<string> = new Set(['MultiClass', 'MultiClassOneVsAll']);
const SEVERAL: ReadonlySet<string> = new Set(['MultiLogloss', 'MultiCrossEntropy']);
/** Losses whose regressors predict the exponential of the sum. */
const EXPONENTIAL: ReadonlySet<string> = new Set(['Poisson', 'Tweedie']);

/** What a model predicts (catboost/libs/model/eval_processing.cpp, catboost/python-package/catboost/core.py). */
export function predictCatboost(
  ops: Operators,
  model: CatboostModel,
  x: GraphValue,
  kind: CatboostKind,
  owner: BoosterOwner,
): Prediction {
  const [column] = model.categorical;
  if (column !== undefined)
    throw owner.refuse(
      `column ${column} is a feature of categories`,
      'train it on numbers that stand for the categories (OneHotEncoder, OrdinalEncoder)',
    );
  const { loss = '', dimension } = model;
  const sums = catboostSums(ops, model, x, owner);
  const classes = kind === 'classifier' || (kind === 'loss' && (BINARY.has(loss) || CLASSES.has(loss)));
  if (classes) return classesOf(ops, model, sums, owner);
  if (kind === 'loss' && SEVERAL.has(loss)) throw severalLabels(owner);
  const values = kind === 'sums' ? sums : regression(ops, loss, sums);
  return { kind: 'values', values, width: dimension };
}

function regression(ops: Operators, loss: string, sums: GraphValue): GraphValue {
  if (EXPONENTIAL.has(loss)) return ops.op('Exp', [sums]);
  if (loss !== 'RMSEWithUncertainty') return sums;
  // The second output is the logarithm of the standard deviation, of which the variance is predicted.
  const variance = ops.op('Exp', [ops.scale(ops.columns(sums, [1]), 2)]);
  return ops.concat([ops.columns(sums, [0]), variance]);
}

function classesOf(ops: Operators, model: CatboostModel, sums: GraphValue, owner: BoosterOwner): Prediction {
  const { loss = '', dimension, threshold } = model;
  if (SEVERAL.has(loss)) throw severalLabels(owner);
  if (!(dimension === 1 ? BINARY : CLASSES).has(loss))
    throw owner.refuse(`it is a classifier with the loss ${JSON.stringify(loss)}, and ${dimension} outputs`);
  const labels = labelsOf(model, owner);
  if (dimension > 1) {
    const shares = loss === 'MultiClass' ? ops.softmax(sums) : ops.sigmoid(sums);
    return { kind: 'classes', labels, scores: sums, probabilities: shares, decision: sums };
  }
  const bound = threshold === undefined ? 0 : Math.log(threshold / (1 - threshold));
  if (Number.isNaN(bound)) throw owner.broken(`its threshold ${threshold} is not a share`);
  const scores = ops.bothSides(ops.sub(sums, ops.real(bound)));
  return { kind: 'classes', labels, scores, probabilities: ops.bothShares(ops.sigmoid(sums)), decision: sums };
}

function labelsOf({ classes, dimension }: CatboostModel, owner: BoosterOwner): Labels {
  const count = Math.max(2, dimension);
  const labels = classes.length === 0 ? classIndexes(count) : ofClasses(classes);
  if (labels === undefined)
    throw owner.refuse('its classes are neither all whole numbers nor all texts', 'train it on labels of one kind');
  if (labelCount(labels) !== count) throw owner.broken(`it has ${labelCount(labels)} classes, and predicts ${count}`);
  return labels;
}

function ofClasses(classes: CatboostModel['classes']): Labels | undefined {
  const texts = classes.filter((one) => typeof one === 'string');
  if (texts.length === classes.length) return { kind: 'texts', values: texts };
  const numbers = classes.filter((one) => typeof one !== 'string').map(Number);
  if (numbers.length !== classes.length || !numbers.every(Number.isSafeInteger)) return undefined;
  return { kind: 'integers', values: numbers.map(BigInt) };
}

function severalLabels(owner: BoosterOwner) {
  return owner.refuse('it predicts several labels', 'train one classifier for each label');
}
