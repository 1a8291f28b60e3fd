import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns, Prediction } from '../../operators/index.ts';
import { TreeEnsemble } from '../../trees/index.ts';
import { binaryPrediction, classPrediction, type EstimatorContext } from '../context/index.ts';
import { addSklearnTree, checkedTree, sklearnTree } from '../trees/index.ts';

/** Shares of 0 and 1 are kept apart from both, as in training. */
const TINY = 2 ** -23;

/** The sums of the trees of each output; the outputs stand in the columns of `estimators_`. */
function sums(
  estimator: Estimator,
  x: Columns,
  context: EstimatorContext,
  outputs: number,
  base: Float64Array,
): GraphValue {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const members = estimator.array('estimators_');
  const [rounds = 0, columns = 0] = members.shape;
  const items = members.objects();
  if (items === undefined || members.shape.length !== 2 || columns !== outputs)
    throw estimator.broken(`estimators_ has the shape (${members.shape.join(', ')}) for ${outputs} outputs`);
  const rate = estimator.number('learning_rate');
  const ensemble = new TreeEnsemble(ops, { outputs, features: width, numbers: ops.precision, subject: estimator.name });
  for (const [index, item] of items.entries()) {
    const member = estimator.estimatorOf(item, `estimators_[${index}]`);
    const tree = checkedTree(member, sklearnTree(member), width, 1, 1);
    const output = index % outputs;
    addSklearnTree(ensemble, tree, ([leaf = 0]) =>
      Float64Array.from({ length: outputs }, (_, at) => (at === output ? leaf * rate : 0)),
    );
  }
  if (rounds === 0) throw estimator.broken('it has no trees');
  const narrow = ops.cast(value, 'float32');
  return ensemble.sums(ops.cast(narrow, 'float64'), base);
}

export function gradientClassifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const labels = estimator.labels('classes_', 2);
  const count = labelCount(labels);
  const loss = estimator.choice('loss', ['deviance', 'log_loss', 'exponential']);
  const outputs = count === 2 ? 1 : count;
  const raw = sums(estimator, x, context, outputs, classBase(estimator, count, loss));
  if (outputs > 1) return classPrediction(labels, raw, ops.softmax(raw), raw);
  return binaryPrediction(ops, labels, raw, ops.sigmoid(loss === 'exponential' ? ops.scale(raw, 2) : raw));
}

/** What a sample has before the first tree: the link of the shares of the classes. */
function classBase(estimator: Estimator, count: number, loss: string): Float64Array {
  const outputs = count === 2 ? 1 : count;
  if (estimator.raw('init_') === 'zero' || estimator.raw('init') === 'zero') return new Float64Array(outputs);
  const init = estimator.estimator('init_');
  if (init.name !== 'sklearn.dummy.DummyClassifier') throw estimator.refuse(`it starts from ${init.name}`);
  const shares = init.vector('class_prior_', count).map((share) => Math.min(Math.max(share, TINY), 1 - TINY));
  if (count > 2) return shares.map(Math.log);
  const share = shares[1] ?? 0;
  const logit = Math.log(share / (1 - share));
  return Float64Array.of(loss === 'exponential' ? logit / 2 : logit);
}

export function gradientRegressor(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  return { kind: 'values', values: sums(estimator, x, context, 1, regressionBase(estimator)), width: 1 };
}

function regressionBase(estimator: Estimator): Float64Array {
  if (estimator.raw('init_') === 'zero' || estimator.raw('init') === 'zero') return new Float64Array(1);
  const init = estimator.estimator('init_');
  if (init.name !== 'sklearn.dummy.DummyRegressor') throw estimator.refuse(`it starts from ${init.name}`);
  return init.vector('constant_', 1);
}
