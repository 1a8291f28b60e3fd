import { NONE, type Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, textAt, unexpected } from '../contract.ts';

/** Estimators whose `cleanup` drops their own model. That of transformers deletes folders. */
const ESTIMATORS =
  /^flaml\.(?:automl\.)?model:(?:LGBM|XGBoost|XGBoostSklearn|XGBoostLimitDepth|RandomForest|ExtraTrees|LRL1|LRL2|CatBoost|KNeighbors|SKLearn|SVC|ElasticNet|LassoLars|SGD|HistGradientBoosting)(?:Estimator|Classifier)$/;
const KEPT = /^(?:mlflow_integration|_trained_estimator)$/;

/** Whether deleting an AutoML object calls only the `cleanup` of estimators of the library. */
function estimatorBreach(of: Value, context: ContractContext): Breach | undefined {
  if (of.kind === NONE) return undefined;
  const maker = context.madeBy(of);
  if (!ESTIMATORS.test(`${maker?.module}:${maker?.name}`))
    return unexpected('its estimator is not a class of its library');
  const state = context.state.builtStates.get(of.ref);
  const items = state === undefined ? undefined : context.state.itemsOf(state);
  if (items === undefined) return unexpected('the state of its estimator is unknown');
  for (let i = 0; i < items.length; i += 2) {
    const key = textAt(items, i, context);
    if (context.state.waits) return undefined;
    if (key === undefined || key === 'cleanup')
      return 'the state of the estimator sets its cleanup function, which Python calls when it deletes the estimator';
  }
  return undefined;
}

/** The state of AutoML: with MLflow, loading creates a client; `cleanup` of its estimator runs when it is deleted. */
const autoMLState: Contract = ([state], context) => {
  const items = state === undefined ? undefined : context.state.itemsOf(state);
  if (items === undefined) return unexpected('its state is not a plain dict');
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key, value] = [textAt(items, i, context), items[i + 1]];
    if (context.state.waits) return undefined;
    if (key === undefined) return 'a key of the state is not a string';
    if (!KEPT.test(key) || value === undefined) continue;
    const isNone = value.kind === NONE || unexpected('it creates an MLflow client');
    const found = key === '_trained_estimator' ? estimatorBreach(value, context) : isNone;
    if (found !== undefined && found !== true) return found;
  }
  return undefined;
};

export const FLAML_STATES: readonly (readonly [string, Contract])[] = [
  ['flaml.automl.automl:AutoML', autoMLState],
  ['flaml.automl:AutoML', autoMLState],
];
