import type { AssayError } from '../../core/index.ts';
import type { GraphValue } from '../../formats/onnx/index.ts';
import { heldBoosters } from '../boosters/held/index.ts';
import { boosterVersion } from '../boosters/index.ts';
import { type Estimator, estimatorOf } from '../estimator/index.ts';
import { Buffers, compressionOf, holdArrays, isPickle, uncompressed, wholePickle } from '../numpy/index.ts';
import type { OnnxSource, PlannedModel } from '../onnx-source/index.ts';
import { type Columns, type Matrix, Operators } from '../operators/index.ts';
import type { InputFile, TensorReadOptions } from '../tensors/index.ts';
import { GraphContext, type ModelInputs } from './context/index.ts';
import { describeOutputs } from './outputs.ts';
import { CONVERTERS } from './registry.ts';
import { vectoriserDocument } from './text/index.ts';

/** Names of columns that are inputs of a model. */
const MAX_INPUTS = 10_000;

/** Estimators of scikit-learn, and of libraries that follow it, in a pickle or a file of joblib. */
export const SKLEARN: OnnxSource = {
  id: 'sklearn',
  title: 'scikit-learn estimator',
  async matches({ source }: InputFile, head: Uint8Array): Promise<boolean> {
    return isPickle(head, source.size) || compressionOf(head, source.size) !== undefined;
  },
  async plan(file: InputFile, options: TensorReadOptions): Promise<PlannedModel> {
    const estimator = await readEstimator(file, options);
    return planEstimator(estimator, options);
  },
};

/** @throws AssayError `unsupported` for a file that does not hold an estimator */
async function readEstimator({ path, source }: InputFile, options: TensorReadOptions): Promise<Estimator> {
  const whole = await uncompressed(source, options);
  const pickle = await wholePickle(whole, options);
  const buffers = await Buffers.of(whole, pickle.calls, options);
  const arrays = await holdArrays(pickle.value, buffers, options);
  const boosters = await heldBoosters(pickle.value, buffers, options, path);
  return estimatorOf(pickle.value, { path, arrays, boosters });
}

function planEstimator(estimator: Estimator, { budget }: TensorReadOptions): PlannedModel {
  const ops = new Operators(budget);
  const context = new GraphContext(ops, CONVERTERS);
  const inputs = context.inputs(estimator);
  const vectoriser = inputs.kind === 'terms' ? vectoriserDocument(inputs.vectoriser) : undefined;
  const x = inputColumns(ops, estimator, inputs);
  const described = describeOutputs(estimator, x, context);
  const [library = ''] = estimator.cls.module.split('.');
  const version = estimator.version ?? boosterVersion(estimator);
  return { graph: ops.graph, ...described, source: { class: estimator.name, library, version }, vectoriser };
}

function inputColumns(ops: Operators, estimator: Estimator, inputs: ModelInputs): Columns {
  const { graph } = ops;
  if (inputs.kind === 'matrix') {
    const { type, width } = inputs;
    return { kind: 'matrix', matrix: { value: graph.input('X', type, ['batch', width]), width, type } };
  }
  if (inputs.kind === 'terms') {
    const value = graph.input('terms', 'string', ['batch', 'length']);
    return { kind: 'terms', value, vectoriser: inputs.vectoriser.value };
  }
  const { columns } = inputs;
  if (columns.length > MAX_INPUTS) throw estimator.refuse(`it has more than ${MAX_INPUTS} named columns`);
  const made = new Map<string, Matrix>();
  const add = (name: string, type: Matrix['type'], value: GraphValue) => made.set(name, { value, width: 1, type });
  for (const { name, type } of columns) {
    if (name === '' || RESULTS.has(name) || made.has(name)) throw refusedName(estimator, name);
    add(name, type, graph.input(name, type, ['batch', 1]));
  }
  return { kind: 'named', names: columns.map(({ name }) => name), columns: made };
}

/** Names of outputs, which no input may have. */
const RESULTS: ReadonlySet<string> = new Set([
  'label',
  'probabilities',
  'decision',
  'variable',
  'transformed',
  'distances',
]);

function refusedName(estimator: Estimator, name: string): AssayError {
  return estimator.refuse(`the column name ${JSON.stringify(name)} is empty, used twice, or that of an output`);
}
