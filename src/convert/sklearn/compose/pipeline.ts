import { type Inert, sequenceOf } from '../../../formats/pickle/inert/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix } from '../../operators/index.ts';
import type { Converter, EstimatorContext } from '../context/index.ts';
import { matrixInputs } from '../context/index.ts';

/** The steps that do something. */
function stepsOf(estimator: Estimator): Estimator[] {
  return named(estimator, 'steps').flatMap(({ name, value }) =>
    isNothing(value) ? [] : [estimator.estimatorOf(value, `the step ${JSON.stringify(name)}`)],
  );
}

function isNothing(value: Inert): boolean {
  return value === 'passthrough' || value === null;
}

/** Pairs of a name and a value. */
function named(estimator: Estimator, attribute: string): { readonly name: string; readonly value: Inert }[] {
  return estimator.list(attribute).map((item) => {
    const [name, value, ...rest] = sequenceOf(item) ?? [];
    if (typeof name !== 'string' || value === undefined || rest.length > 0)
      throw estimator.broken(`${attribute} is not a list of names and estimators`);
    return { name, value };
  });
}

/** What the steps before the last one make of the features. */
function throughSteps(steps: readonly Estimator[], x: Columns, context: EstimatorContext): Columns {
  return steps.reduce<Columns>((at, step) => ({ kind: 'matrix', matrix: context.transform(step, at) }), x);
}

export const pipeline: Converter = {
  inputs(estimator, context) {
    const steps = stepsOf(estimator);
    // Functions of each number leave the number of features as it is, and before 1.3 do not know it.
    const first = steps.find((step) => !(step.name.endsWith('.FunctionTransformer') && step.lacks('n_features_in_')));
    if (first === undefined) throw estimator.refuse('no step says how many features it takes');
    return context.inputs(first);
  },
  transform(estimator, x, context) {
    const after = throughSteps(stepsOf(estimator), x, context);
    return context.matrix(estimator, after);
  },
  predict(estimator, x, context) {
    const steps = stepsOf(estimator);
    const last = steps.pop();
    if (last === undefined) throw estimator.refuse('it has no steps');
    return context.predict(last, throughSteps(steps, x, context));
  },
  ends: (estimator) => stepsOf(estimator).at(-1) ?? null,
};

export const featureUnion: Converter = {
  inputs(estimator, context) {
    const [first] = named(estimator, 'transformer_list').filter(({ value }) => typeof value === 'object' && value);
    if (first === undefined) return matrixInputs(estimator);
    return context.inputs(estimator.estimatorOf(first.value, first.name));
  },
  transform(estimator, x, context) {
    const weights = estimator.raw('transformer_weights') ?? null;
    if (weights !== null)
      throw estimator.refuse('it has transformer_weights', 'scale the features in a step of their own');
    const parts = named(estimator, 'transformer_list').flatMap(({ name, value }) => {
      if (value === 'drop' || value === null) return [];
      if (value === 'passthrough') return [context.matrix(estimator, x)];
      return [context.transform(estimator.estimatorOf(value, name), x)];
    });
    if (parts.length === 0) throw estimator.refuse('it has no transformers');
    return beside(parts, context);
  },
};

/** Matrices side by side. */
export function beside(parts: readonly Matrix[], { ops }: EstimatorContext): Matrix {
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  if (parts.every(({ type }) => type === 'string'))
    return { value: ops.concat(parts.map(({ value }) => value)), width, type: 'string' };
  return ops.result(ops.concat(parts.map((part) => ops.matrix(part))), width);
}

/** A search for parameters is the best estimator that it found. */
export const search: Converter = {
  inputs: (estimator, context) => context.inputs(estimator.estimator('best_estimator_')),
  transform: (estimator, x, context) => context.transform(estimator.estimator('best_estimator_'), x),
  predict: (estimator, x, context) => context.predict(estimator.estimator('best_estimator_'), x),
  ends: (estimator) => estimator.estimator('best_estimator_'),
};
