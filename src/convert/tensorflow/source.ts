import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { TF_GRAPH, TF_SAVED_MODEL } from '../../formats/protobuf/index.ts';
import type { TfShape } from '../../formats/tensorflow/index.ts';
import { type GraphSize, type GraphTensor, Network, planOutput } from '../network/index.ts';
import type { PlannedModel } from '../onnx-source/index.ts';
import type { InputFile, TensorReadOptions } from '../tensors/index.ts';
import { Datum, datumType, nodeQuoted } from './graph/index.ts';
import { type OpenedModel, openFrozen, openSavedModel } from './model/index.ts';
import { Interpreter, readValues } from './run/index.ts';

/** A SavedModel, with the files of its folder `variables`, by their names. */
export async function planTensorflowFolder(
  file: InputFile,
  variables: ReadonlyMap<string, ByteSource>,
  options: TensorReadOptions,
): Promise<PlannedModel> {
  return planOpened(file, await openSavedModel(file, variables, options), 'SavedModel', options);
}

/** A frozen graph. */
export async function planFrozenGraph(file: InputFile, options: TensorReadOptions): Promise<PlannedModel> {
  return planOpened(file, await openFrozen(file, options), 'GraphDef', options);
}

/** Whether a file holds a SavedModel, or a graph. @param head its first bytes */
export function tensorflowKind(head: Uint8Array, size: number): 'saved-model' | 'graph' | undefined {
  const probe = { head, tail: head, size };
  if (TF_SAVED_MODEL.identify(probe)) return 'saved-model';
  return TF_GRAPH.identify(probe) ? 'graph' : undefined;
}

async function planOpened(
  { path }: InputFile,
  model: OpenedModel,
  kind: string,
  options: TensorReadOptions,
): Promise<PlannedModel> {
  const net = new Network(options, path);
  const values = await readValues(model, options);
  const given = new Map<string, Datum>();
  const rows = new Set<GraphSize>();
  for (const [name, { tensor, type, shape }] of model.signature.inputs) {
    const input = inputOf(net, name, datumType(type), shape);
    rows.add(input.shape[0]);
    given.set(tensor, Datum.of(input, input.type === 'int64' || input.type === 'bool' ? input.type : 'float32'));
  }
  if (given.size === 0 || model.signature.outputs.size === 0)
    throw new AssayError('unsupported', 'has no inputs or no outputs', { subject: path });
  const wanted = [...model.signature.outputs].sort(([a], [b]) => (a < b ? -1 : 1));
  const results = new Interpreter(net, model, values, options).results(
    wanted.map(([, { tensor }]) => tensor),
    given,
  );
  const outputs = wanted.map(([name], index) => {
    const result = results[index];
    if (result === undefined || 'variable' in result)
      throw net.broken(`its output ${nodeQuoted(name)} is not a tensor`);
    if (model.signature.inputs.has(name)) throw net.refuse(`an input and an output are both named ${nodeQuoted(name)}`);
    const { tensor } = result;
    const sizes = tensor.shape.map((size, axis) => (axis === 0 && rows.has(size) ? 'batch' : size));
    return planOutput(net, name, { ...tensor, shape: sizes }, 'values');
  });
  return { graph: net.graph, outputs, source: { class: kind, library: 'tensorflow', version: undefined } };
}

/** Sizes that are not known have names of their own: two inputs need not have the same number of rows. */
function inputOf(net: Network, name: string, type: ReturnType<typeof datumType>, shape: TfShape): GraphTensor {
  if (type === undefined || type === 'bool')
    throw net.refuse(`its input ${nodeQuoted(name)} is neither numbers nor integers`);
  if (shape === undefined) throw net.refuse(`how many dimensions its input ${nodeQuoted(name)} has is not known`);
  const declared = shape.map((size, axis) => size ?? (axis === 0 ? 'batch' : `${name}_${axis}`));
  const own = shape.map((size, axis): GraphSize => size ?? `${name}:${axis}`);
  return { ...net.input(name, type, declared), shape: own };
}
