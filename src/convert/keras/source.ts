import { AssayError } from '../../core/index.ts';
import { type KerasFile, kerasObject } from '../../formats/keras/index.ts';
import { type GraphSize, type GraphTensor, Network, planOutput } from '../network/index.ts';
import type { OnnxSource, PlannedModel, PlannedOutput } from '../onnx-source/index.ts';
import type { InputFile, TensorReadOptions } from '../tensors/index.ts';
import { layerKind } from './layers/index.ts';
import {
  bindWeights,
  convertModel,
  type InputSlot,
  KerasValue,
  kerasModel,
  type LayerContext,
  type Model,
  type ModelTensor,
} from './model/index.ts';
import { isArchive, isHdf5, openKeras } from './open.ts';

/** Models of Keras 2 and 3: `.keras`, and `.h5` with an architecture. */
export const KERAS: OnnxSource = {
  id: 'keras',
  title: 'Keras model',
  async matches(file: InputFile, head: Uint8Array): Promise<boolean> {
    return isHdf5(head, file.source.size) || (await isArchive(file));
  },
  async plan(file: InputFile, options: TensorReadOptions): Promise<PlannedModel> {
    const keras = await openKeras(file, options);
    return planModel(keras, file.path, options);
  },
};

function planModel(
  { model: described, version, weights }: KerasFile,
  subject: string,
  options: TensorReadOptions,
): PlannedModel {
  const context: LayerContext = {
    subject,
    keras: version.startsWith('2.') ? 2 : 3,
    isCountedTwice: version.startsWith('2.12.'),
    kindOf: layerKind,
  };
  const model = kerasModel(kerasObject(described, 'model', subject), context);
  bindWeights(model, weights, context);
  const net = new Network(options, subject);
  const inputs = slotsOf(model).map((slot) => inputOf(net, slot, context));
  const outputs = named(convertModel(net, model, inputs, context), slotsOf(model)).map(
    ({ name, value }): PlannedOutput => {
      return planOutput(net, name, value.plain(net), 'values');
    },
  );
  const { className } = model;
  return { graph: net.graph, outputs, source: { class: `keras.${className}`, library: 'keras', version } };
}

/** The inputs of a model, in the order in which it takes them. */
function slotsOf({ isSequential, parts, inputs, name }: Model): readonly InputSlot[] {
  const slots = new Map(parts.flatMap((part) => (part.kind === 'input' ? [[part.name, part] as const] : [])));
  if (isSequential) return [...slots.values()];
  return inputs.map(({ layer }) => {
    const slot = slots.get(layer);
    if (slot === undefined)
      throw new AssayError(
        'malformed',
        `${name} has the input ${JSON.stringify(layer.slice(0, 80))}, which is not one`,
      );
    return slot;
  });
}

/** Types of inputs that are whole numbers. */
const WHOLE: ReadonlySet<string> = new Set(['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32']);

function inputOf(net: Network, { name, shape, type }: InputSlot, { subject }: LayerContext): KerasValue {
  const title = `the input ${JSON.stringify(name.slice(0, 80))}`;
  if (shape === undefined) {
    const hint = 'build the model before it is saved: model.build(shape)';
    throw new AssayError('unsupported', `${title} has a shape that the file does not contain`, { subject, hint });
  }
  if (type !== 'float32' && !WHOLE.has(type))
    throw new AssayError(
      'unsupported',
      `${title} is of the type ${type.slice(0, 40)}; float32 and whole numbers are converted`,
      { subject },
    );
  const sizes = shape.map((size, axis): GraphSize => size ?? (axis === 0 ? 'batch' : `${name}_${axis}`));
  const value: GraphTensor = net.input(name, type === 'float32' ? 'float32' : 'int64', sizes);
  return KerasValue.of(value);
}

/** Outputs have the names of their layers, which may be those of inputs or of each other. */
function named(tensors: readonly ModelTensor[], slots: readonly InputSlot[]): readonly ModelTensor[] {
  const taken = new Set(slots.map(({ name }) => name));
  return tensors.map(({ name, value }) => {
    let free = name;
    for (let count = 1; taken.has(free); count++) free = `${name}_${count}`;
    taken.add(free);
    return { name: free, value };
  });
}
