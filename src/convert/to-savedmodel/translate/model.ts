import { AssayError, type FileBudget } from '../../../core/index.ts';
import type { OnnxModel, OnnxValue } from '../../../formats/onnx/index.ts';
import {
  attr,
  type SavedModel,
  type TfPort,
  type TfShape,
  type TfValue,
  tfPort,
} from '../../../formats/tensorflow/index.ts';
import { Constants, tensorflowType } from '../call/index.ts';
import { TfOps } from '../ops/index.ts';
import { InputNames } from './input-names.ts';
import { Translator } from './translator.ts';

/** Operators before opset 13 have other meanings under the same names, and those after 21 are not known here. */
const OPSETS = { least: 13, most: 21 };

/**
 * The SavedModel of an ONNX model: one graph with the tag `serve` and the signature `serving_default`, whose inputs and outputs have
 * the names that they have in ONNX, where TensorFlow can load them. Constants stand in the graph.
 * @throws AssayError `unsupported` naming the operator that is not translated; `malformed`, `limit`
 */
export async function savedModelOf(model: OnnxModel, budget: FileBudget): Promise<SavedModel> {
  checkModel(model);
  const { graph } = model;
  const tf = new TfOps();
  const constants = await Constants.of(model, budget);
  const values = new Map<string, TfValue>();
  const given = new Set(graph.initializers.map(({ name }) => name));
  const inputs = new Map<string, TfPort>();
  const names = new InputNames();
  for (const input of graph.inputs) {
    if (given.has(input.name)) continue;
    const { type, shape } = typeOf(input);
    const value = tf.graph.placeholder(plainName(input), { type, shape });
    if (values.has(input.name)) throw twice(input);
    values.set(input.name, value);
    inputs.set(names.add(input.name), tfPort(value));
  }
  new Translator(tf, constants, budget).translate(graph, values);
  const outputs = new Map<string, TfPort>();
  const results: TfValue[] = [];
  for (const output of graph.outputs) {
    const value = values.get(plainName(output));
    if (value === undefined) throw new AssayError('malformed', `nothing makes the output ${shown(output)}`);
    if (outputs.has(output.name)) throw twice(output);
    const { type, shape } = typeOf(output);
    if (type !== value.type)
      throw new AssayError('malformed', `the output ${shown(output)} is ${value.type}, not ${type}`);
    const result = tf.graph.op('Identity', [value], { type, shape }, { T: attr.type(type) }, output.name);
    results.push(result);
    outputs.set(output.name, tfPort(result));
  }
  const signature = { inputs, outputs, method: 'tensorflow/serving/predict' };
  return {
    metaGraphs: [
      {
        tags: ['serve'],
        graph: tf.graph.graph(results),
        signatures: new Map([['serving_default', signature]]),
        properties: new Map([
          ...model.metadata.map(({ key, value }) => [key, value] as const),
          ...names.renamed.map(([name, original]) => [`assay.input.${name}`, original] as const),
        ]),
      },
    ],
  };
}

function checkModel({ functions, opsets }: OnnxModel): void {
  const [inner] = functions;
  if (inner !== undefined)
    throw new AssayError('unsupported', `the function ${inner.name.slice(0, 80)} is not translated`);
  const version = opsets.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0;
  if (version < OPSETS.least || version > OPSETS.most)
    throw new AssayError('unsupported', `operators of opset ${version} are not translated`, {
      hint: `convert the model to one of the opsets ${OPSETS.least} to ${OPSETS.most}`,
    });
}

function typeOf(value: OnnxValue): { readonly type: ReturnType<typeof tensorflowType>; readonly shape: TfShape } {
  const { type } = value;
  if (type?.kind !== 'tensor' || type.element === undefined)
    throw new AssayError('unsupported', `${shown(value)} is not a tensor of a known type`);
  const shape = type.shape?.map(({ size }) => (typeof size === 'number' && size >= 0 ? size : undefined));
  return { type: tensorflowType(type.element, value.name), shape };
}

/** TensorFlow's own functions take names as C does, to their first NUL. */
function plainName(value: OnnxValue): string {
  if (value.name !== '' && !value.name.includes('\0')) return value.name;
  throw new AssayError('unsupported', `TensorFlow cannot name the input or output ${shown(value)}`, {
    hint: 'give the column a name without a NUL character before the model is trained',
  });
}

function twice(value: OnnxValue): AssayError {
  return new AssayError('malformed', `the model has two inputs or outputs ${shown(value)}`);
}

function shown({ name }: OnnxValue): string {
  return JSON.stringify(name.slice(0, 80));
}
