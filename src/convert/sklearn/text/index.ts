import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Columns } from '../../operators/index.ts';
import type { Converter, EstimatorContext, Family } from '../context/index.ts';
import { termsOf } from './terms.ts';
import { weighted } from './weights.ts';

/** How often each term of the vocabulary stands in a row. [N, width] */
function countsOf(estimator: Estimator, x: Columns, { ops }: EstimatorContext): { value: GraphValue; width: number } {
  if (x.kind !== 'terms') throw estimator.refuse('it is not given texts: another step comes before it');
  if (x.vectoriser !== estimator.value)
    throw estimator.refuse('the model has another vectoriser, with terms of its own', 'convert a model for each');
  const terms = termsOf(estimator);
  ops.budget.hold(terms.reduce((sum, term) => sum + 48 + 2 * term.length, 0));
  const counts = ops.graph.op('TfIdfVectorizer', [x.value], {
    mode: 'TF',
    min_gram_length: 1,
    max_gram_length: 1,
    max_skip_count: 0,
    ngram_counts: [0],
    ngram_indexes: terms.map((_, index) => index),
    pool_strings: terms,
  });
  const value = ops.cast(counts, ops.precision);
  if (!estimator.flag('binary', false)) return { value, width: terms.length };
  return { value: ops.cast(ops.op('Greater', [value, ops.real(0)]), ops.precision), width: terms.length };
}

const countVectorizer: Converter = {
  inputs: (estimator) => ({ kind: 'terms', vectoriser: estimator }),
  transform(estimator, x, context) {
    const { value, width } = countsOf(estimator, x, context);
    return context.ops.result(value, width);
  },
};

const tfidfVectorizer: Converter = {
  inputs: (estimator) => ({ kind: 'terms', vectoriser: estimator }),
  transform(estimator, x, context) {
    const { value, width } = countsOf(estimator, x, context);
    return context.ops.result(weighted(context.ops, estimator.estimator('_tfidf'), value, width), width);
  },
};

const tfidfTransformer: Converter = {
  transform(estimator, x, context) {
    const { value, width } = context.reals(estimator, x);
    return context.ops.result(weighted(context.ops, estimator, value, width), width);
  },
};

const hashingVectorizer: Converter = {
  inputs: (estimator) => {
    throw hashes(estimator);
  },
  transform: (estimator) => {
    throw hashes(estimator);
  },
};

function hashes(estimator: Estimator) {
  const why = 'it keeps no terms, and no operator of ONNX computes its hashes';
  return estimator.refuse(why, 'train the model with TfidfVectorizer or CountVectorizer');
}

const at = (name: string) => `sklearn.feature_extraction.${name}`;

/** Counts and weights of the terms of texts. */
export const VECTORISERS: Family = {
  [at('CountVectorizer')]: countVectorizer,
  [at('TfidfVectorizer')]: tfidfVectorizer,
  [at('TfidfTransformer')]: tfidfTransformer,
  [at('HashingVectorizer')]: hashingVectorizer,
};

export { vectoriserDocument } from './terms.ts';
