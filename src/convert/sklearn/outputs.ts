import type { Estimator } from '../estimator/index.ts';
import type { PlannedOutput } from '../onnx-source/index.ts';
import { type Columns, GraphOutputs } from '../operators/index.ts';
import type { GraphContext } from './context/index.ts';

/** Makes what an estimator returns the outputs of the graph, and describes them. */
export function describeOutputs(
  estimator: Estimator,
  x: Columns,
  context: GraphContext,
): { readonly outputs: readonly PlannedOutput[] } {
  const out = new GraphOutputs(context.ops);
  if (predicts(estimator, context)) out.prediction(context.predict(estimator, x));
  else {
    const { value, width, type } = context.transform(estimator, x);
    if (type === 'string') throw estimator.refuse('its result is texts');
    out.reals('transformed', 'transformed', value, width);
  }
  return { outputs: out.list };
}

/** A pipeline predicts when its last step does. */
function predicts(estimator: Estimator, context: GraphContext): boolean {
  const { ends, predict } = context.converter(estimator);
  const last = ends?.(estimator);
  if (last === undefined) return predict !== undefined;
  return last === null ? false : predicts(last, context);
}
