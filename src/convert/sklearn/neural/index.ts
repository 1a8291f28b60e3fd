import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns, Prediction } from '../../operators/index.ts';
import { binaryPrediction, classPrediction, type EstimatorContext, type Family } from '../context/index.ts';

const ACTIVATIONS = { relu: 'Relu', tanh: 'Tanh', logistic: 'Sigmoid', identity: undefined } as const;

/** The sums of the last layer, before its own function. */
function layers(estimator: Estimator, x: Columns, context: EstimatorContext): { value: GraphValue; width: number } {
  const { ops } = context;
  const weights = estimator.list('coefs_');
  const biases = estimator.list('intercepts_');
  if (weights.length === 0 || weights.length !== biases.length)
    throw estimator.broken(`it has ${weights.length} layers, and intercepts for ${biases.length}`);
  const activation = ACTIVATIONS[estimator.choice('activation', ['relu', 'tanh', 'logistic', 'identity'])];
  return weights.reduce<{ value: GraphValue; width: number }>(
    (at, layer, index) => {
      const matrix = estimator.matrixOf(layer, `coefs_[${index}]`, { rows: at.width });
      const bias = estimator.matrixOf(biases[index], `intercepts_[${index}]`, { rows: 1, columns: matrix.columns });
      const sum = ops.add(ops.product(at.value, matrix), ops.reals(bias.values));
      const last = index === weights.length - 1;
      return { value: last || activation === undefined ? sum : ops.op(activation, [sum]), width: matrix.columns };
    },
    context.reals(estimator, x),
  );
}

function classifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const labels = estimator.labels('classes_', 2);
  const { value, width } = layers(estimator, x, context);
  const end = estimator.choice('out_activation_', ['softmax', 'logistic']);
  const count = labelCount(labels);
  if (width !== (count === 2 ? 1 : count))
    throw estimator.refuse(`its last layer has ${width} outputs for ${count} classes`);
  if (count === 2) return binaryPrediction(ops, labels, value, ops.sigmoid(value));
  if (end !== 'softmax') throw estimator.refuse('it predicts several labels', 'train one classifier for each label');
  return classPrediction(labels, value, ops.softmax(value));
}

function regressor(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { value, width } = layers(estimator, x, context);
  const end = estimator.choice('out_activation_', ['identity']);
  if (end !== 'identity') throw estimator.refuse('its last layer is not linear');
  return { kind: 'values', values: value, width };
}

/** Multi-layer perceptrons. */
export const NEURAL: Family = {
  'sklearn.neural_network.MLPClassifier': { predict: classifier },
  'sklearn.neural_network.MLPRegressor': { predict: regressor },
};
