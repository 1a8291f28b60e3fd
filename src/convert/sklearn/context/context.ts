import { AssayError } from '../../../core/index.ts';
import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix, Operators, Prediction } from '../../operators/index.ts';
import { type ModelInputs, matrixInputs } from './inputs.ts';

/** What a converter of an estimator is given besides. */
export interface EstimatorContext {
  readonly ops: Operators;
  /** The features as numbers in the type of computation. @throws AssayError when they are not as many as the estimator was fitted with */
  readonly reals: (estimator: Estimator, x: Columns) => { readonly value: GraphValue; readonly width: number };
  /** The features as one matrix, of whatever type. */
  readonly matrix: (estimator: Estimator, x: Columns) => Matrix;
  transform(estimator: Estimator, x: Columns): Matrix;
  predict(estimator: Estimator, x: Columns): Prediction;
  inputs(estimator: Estimator): ModelInputs;
  canTransform(estimator: Estimator): boolean;
  converter(estimator: Estimator): Converter;
}

/** How an estimator becomes operators. */
export interface Converter {
  /** What it is given, when it is the first one; a matrix of numbers when absent. */
  inputs?(estimator: Estimator, context: Pick<EstimatorContext, 'inputs' | 'converter'>): ModelInputs;
  transform?(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix;
  predict?(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction;
  /** The estimator whose kind is that of this one, as the last step of a pipeline; null for none. */
  ends?(estimator: Estimator): Estimator | null;
}

/** Converters by the names of their classes. */
export type Family = Readonly<Record<string, Converter>>;

/** Estimators within estimators. */
const MAX_DEPTH = 32;
/** Estimators of one model: an estimator can be named many times. */
const WORK_OF_ESTIMATOR = 1_000;

/** Applies the converters of a registry to one graph. */
export class GraphContext implements EstimatorContext {
  readonly ops: Operators;
  readonly #converters: ReadonlyMap<string, Converter>;
  /** Estimators around the one that is converted. */
  readonly #open: Estimator[] = [];

  constructor(ops: Operators, converters: ReadonlyMap<string, Converter>) {
    this.ops = ops;
    this.#converters = converters;
  }

  transform(estimator: Estimator, x: Columns): Matrix {
    const { transform } = this.converter(estimator);
    if (transform === undefined) throw estimator.refuse('it is used as a transformer');
    return this.#within(estimator, () => transform(estimator, x, this));
  }

  predict(estimator: Estimator, x: Columns): Prediction {
    const { predict } = this.converter(estimator);
    if (predict === undefined) throw estimator.refuse('it is used as a predictor');
    return this.#within(estimator, () => predict(estimator, x, this));
  }

  inputs(estimator: Estimator): ModelInputs {
    const { inputs } = this.converter(estimator);
    return this.#within(estimator, () => (inputs === undefined ? matrixInputs(estimator) : inputs(estimator, this)));
  }

  canTransform(estimator: Estimator): boolean {
    return this.converter(estimator).transform !== undefined;
  }

  converter(estimator: Estimator): Converter {
    const found = this.#converters.get(estimator.name);
    if (found !== undefined) return found;
    const { module, name } = estimator.cls;
    const [top = ''] = module.split('.');
    if (KNOWN_LIBRARIES.has(top)) throw estimator.refuse('this class has no converter');
    throw new AssayError('unsupported', `${module}.${name} is not converted: it has code that is not in the file`, {
      subject: estimator.file.path,
      hint: 'convert it in Python, in a sandbox, and scan the result; or replace it by an estimator of scikit-learn',
    });
  }

  readonly matrix = (estimator: Estimator, x: Columns): Matrix => {
    if (x.kind === 'matrix') return x.matrix;
    if (x.kind === 'terms') throw estimator.refuse('it is given texts, which no vectoriser counts');
    const parts = x.names.map((name) => x.columns.get(name)).filter((part) => part !== undefined);
    const [first] = parts;
    if (first === undefined) throw estimator.broken('it is given no features');
    if (parts.some(({ type }) => (type === 'string') !== (first.type === 'string')))
      throw estimator.refuse('it is given both texts and numbers');
    if (first.type === 'string')
      return { value: this.ops.concat(parts.map(({ value }) => value)), width: parts.length, type: 'string' };
    return this.ops.result(this.ops.concat(parts.map((part) => this.ops.matrix(part))), parts.length);
  };

  readonly reals = (estimator: Estimator, x: Columns): { readonly value: GraphValue; readonly width: number } => {
    const matrix = this.matrix(estimator, x);
    if (matrix.type === 'string') throw estimator.refuse('it is given texts instead of numbers');
    const expected = estimator.lacks('n_features_in_') ? matrix.width : estimator.count('n_features_in_');
    if (expected !== matrix.width)
      throw estimator.broken(`it was fitted with ${expected} features, and is given ${matrix.width}`);
    return { value: this.ops.matrix(matrix), width: matrix.width };
  };

  #within<T>(estimator: Estimator, body: () => T): T {
    if (this.#open.some(({ value }) => value === estimator.value) || this.#open.length >= MAX_DEPTH)
      throw estimator.broken('it holds itself, or estimators are nested too deep');
    this.ops.budget.work(WORK_OF_ESTIMATOR);
    this.#open.push(estimator);
    try {
      return body();
    } finally {
      this.#open.pop();
    }
  }
}

const KNOWN_LIBRARIES: ReadonlySet<string> = new Set(['sklearn', 'xgboost', 'lightgbm', 'catboost']);
