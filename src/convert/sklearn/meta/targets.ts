import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Operators } from '../../operators/index.ts';
import type { Converter } from '../context/index.ts';
import { appliedFunction } from '../preprocessing/index.ts';
import { memberInputs, valuesOf } from './members.ts';

/** A regressor for each target. */
export const multiOutputRegressor: Converter = {
  inputs: memberInputs('estimators_'),
  predict(estimator, x, context) {
    const values = estimator.estimators('estimators_').map((member) => valuesOf(member, x, context, 1).values);
    if (values.length === 0) throw estimator.broken('it has no estimators');
    return { kind: 'values', values: context.ops.concat(values), width: values.length };
  },
};

/** A regressor of a target that was transformed, whose prediction is transformed back. */
export const transformedTarget: Converter = {
  inputs: (estimator, context) => context.inputs(estimator.estimator('regressor_')),
  predict(estimator, x, context) {
    const { values, width } = valuesOf(estimator.estimator('regressor_'), x, context);
    const back = inverse(estimator.estimator('transformer_'), values, width, context.ops);
    return { kind: 'values', values: back, width };
  },
};

function inverse(transformer: Estimator, y: GraphValue, width: number, ops: Operators): GraphValue {
  const scaled = (factor: string | undefined, shift: string | undefined) => {
    const times = factor === undefined ? y : ops.mul(y, ops.reals(transformer.vector(factor, width)));
    return shift === undefined ? times : ops.add(times, ops.reals(transformer.vector(shift, width)));
  };
  switch (transformer.name) {
    case 'sklearn.preprocessing.FunctionTransformer':
      return appliedFunction(transformer, 'inverse_func', y, ops);
    case 'sklearn.preprocessing.StandardScaler': {
      const mean = transformer.flag('with_mean', true) ? 'mean_' : undefined;
      return scaled(transformer.flag('with_std', true) ? 'scale_' : undefined, mean);
    }
    case 'sklearn.preprocessing.RobustScaler': {
      const centre = transformer.flag('with_centering', true) ? 'center_' : undefined;
      return scaled(transformer.flag('with_scaling', true) ? 'scale_' : undefined, centre);
    }
    case 'sklearn.preprocessing.MinMaxScaler':
      return ops.div(
        ops.sub(y, ops.reals(transformer.vector('min_', width))),
        ops.reals(transformer.vector('scale_', width)),
      );
    default:
      throw transformer.refuse('its inverse has no converter');
  }
}
