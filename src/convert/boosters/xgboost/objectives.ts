/** What a model predicts, and how: the link between the sum of the leaves and the prediction. */
export interface XgboostObjective {
  readonly task: 'binary' | 'classes' | 'values';
  readonly link: 'identity' | 'sigmoid' | 'exp' | 'softmax' | 'step';
  /** How the base score, which is a prediction, becomes a part of the sum. */
  readonly base: 'identity' | 'logit' | 'log';
}

const VALUES: XgboostObjective = { task: 'values', link: 'identity', base: 'identity' };
const LOGARITHM: XgboostObjective = { task: 'values', link: 'exp', base: 'log' };
const CLASSES: XgboostObjective = { task: 'classes', link: 'softmax', base: 'identity' };

/** By the name that the model has (xgboost/src/objective). */
const OBJECTIVES: ReadonlyMap<string, XgboostObjective> = new Map([
  ['binary:logistic', { task: 'binary', link: 'sigmoid', base: 'logit' }],
  ['binary:hinge', { task: 'binary', link: 'step', base: 'identity' }],
  ['reg:logistic', { task: 'values', link: 'sigmoid', base: 'logit' }],
  ['multi:softmax', CLASSES],
  ['multi:softprob', CLASSES],
  ['reg:gamma', LOGARITHM],
  ['reg:tweedie', LOGARITHM],
  ['count:poisson', LOGARITHM],
  ['survival:cox', LOGARITHM],
  ['survival:aft', LOGARITHM],
  ...[
    ...['reg:squarederror', 'reg:linear', 'reg:squaredlogerror', 'reg:absoluteerror', 'reg:pseudohubererror'],
    ...['reg:quantileerror', 'rank:pairwise', 'rank:ndcg', 'rank:map', 'binary:logitraw'],
  ].map((name): [string, XgboostObjective] => [name, VALUES]),
]);

export function xgboostObjective(name: string): XgboostObjective | undefined {
  return OBJECTIVES.get(name);
}
