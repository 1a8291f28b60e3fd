import { AssayError } from '../../../core/index.ts';
import type { KerasArray, KerasVariables, KerasWeights } from '../../../formats/keras/index.ts';
import { type Dtype, rowMajor, type Tensor, withinBytes } from '../../tensors/index.ts';
import type { Layer, LayerContext, LayerVariable } from './layer.ts';
import type { Model, ModelPart } from './tree.ts';

/** Element types of weights. */
const TYPES: Readonly<Record<string, Readonly<Record<number, Dtype>>>> = {
  float: { 2: 'F16', 4: 'F32', 8: 'F64' },
  int: { 1: 'I8', 2: 'I16', 4: 'I32', 8: 'I64' },
  uint: { 1: 'U8', 2: 'U16', 4: 'U32', 8: 'U64' },
};

/**
 * Gives each layer the weights that Keras would load into it.
 * @throws AssayError `malformed` for weights that no layer has, that a layer lacks, or that stand in another order
 */
export function bindWeights(model: Model, weights: KerasWeights, context: LayerContext): void {
  if (weights.kind === 'by-path') new PathWeights(weights.groups, context).bind(model);
  else new ListedWeights(weights.layers, context).bind(model);
}

function tensorOf({ name, shape, type, bytes }: KerasArray, layer: Layer): Tensor {
  const dtype = TYPES[type.kind]?.[type.size];
  if (dtype === undefined || !('bigEndian' in type))
    throw layer.refuse(
      `has the weight ${JSON.stringify(name.slice(0, 120))} of the type ${type.kind === 'other' ? type.name : type.kind}`,
    );
  return withinBytes({ name, dtype, shape, strides: rowMajor(shape), offset: 0, bytes, bigEndian: type.bigEndian });
}

/** Of `.keras` files: a layer is found by its class and how many of that class stand before it in its model. */
class PathWeights {
  readonly #groups: ReadonlyMap<string, KerasVariables>;
  readonly #context: LayerContext;
  readonly #used = new Map<string, Set<string>>();

  constructor(groups: ReadonlyMap<string, KerasVariables>, context: LayerContext) {
    this.#groups = groups;
    this.#context = context;
  }

  bind(model: Model): void {
    this.#model(model, '');
    for (const [path, { arrays }] of this.#groups) {
      // The state of random numbers, which only training needs.
      if (/(?:^|\/)_?(?:seed|random)_generator$/.test(path)) continue;
      const used = this.#used.get(path);
      const unused = [...arrays.keys()].find((key) => used?.has(key) !== true);
      if (unused !== undefined)
        throw this.#broken(`the weight ${JSON.stringify(`${path}/vars/${unused}`.slice(0, 160))} belongs to no layer`);
    }
  }

  #model({ parts }: Model, base: string): void {
    const counts = new Map<string, number>();
    for (const part of parts) {
      const plain = snakeCase(part.className);
      const count = counts.get(plain) ?? 0;
      // Keras 2.12 lists a layer with weights twice, and counts it as often.
      counts.set(plain, count + (this.#context.isCountedTwice && variablesOf(part, true).length > 0 ? 2 : 1));
      const path = `${base}layers/${count === 0 ? plain : `${plain}_${count}`}`;
      if (part.kind === 'model') this.#model(part, `${path}/`);
      else if (part.kind === 'layer') this.#layer(part.layer, path);
    }
  }

  #layer(layer: Layer, path: string): void {
    const owner = this.#groups.get(path)?.owner;
    if (layer.variables.length > 0 && owner !== undefined && owner !== layer.name)
      throw layer.broken(`has the weights of ${JSON.stringify(owner.slice(0, 80))} in the file`);
    for (const { name, group, index } of layer.variables) {
      const at = group === '' ? path : `${path}/${group}`;
      const array = this.#groups.get(at)?.arrays.get(String(index));
      if (array === undefined) throw layer.broken(`has no weight ${name} in the file, at ${at}/vars/${index}`);
      const used = this.#used.get(at) ?? new Set();
      this.#used.set(at, used.add(String(index)));
      layer.bind(name, tensorOf(array, layer));
    }
  }

  #broken(what: string): AssayError {
    return new AssayError('malformed', what, { subject: this.#context.subject });
  }
}

/** How Keras names the classes of layers in paths (`naming.to_snake_case`). */
export function snakeCase(className: string): string {
  const words = className.replaceAll(/\W+/g, '').replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2');
  return words.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}

/** A variable, and the layer that it is of. */
interface Owned {
  readonly layer: Layer;
  readonly variable: LayerVariable;
  readonly isTrained: boolean;
}

/** Of `.h5` files: a list for each layer of the model. That of a model within has those that are trained first. */
class ListedWeights {
  readonly #layers: ReadonlyMap<string, readonly KerasArray[]>;
  readonly #context: LayerContext;

  constructor(layers: ReadonlyMap<string, readonly KerasArray[]>, context: LayerContext) {
    this.#layers = layers;
    this.#context = context;
  }

  bind(model: Model): void {
    const expected = model.parts.flatMap((part) => {
      const variables = variablesOf(part, true);
      return variables.length === 0
        ? []
        : [{ part, variables: [...variables.filter(isTrained), ...variables.filter((one) => !one.isTrained)] }];
    });
    const held = [...this.#layers].filter(([, arrays]) => arrays.length > 0);
    // Keras goes by the order, and we by the names: a file where they differ has two readings.
    const names = expected.map(({ part }) => part.name);
    if (names.join('\0') !== held.map(([name]) => name).join('\0'))
      throw this.#broken(
        `its layers with weights are (${shown(names)}), but the weights are those of (${shown(held.map(([name]) => name))})`,
      );
    for (const [index, { part, variables }] of expected.entries()) {
      const arrays = held[index]?.[1] ?? [];
      if (arrays.length !== variables.length)
        throw this.#broken(
          `the layer ${JSON.stringify(part.name.slice(0, 80))} has ${variables.length} weights, but the file ${arrays.length}`,
        );
      for (const [at, { layer, variable }] of variables.entries()) {
        const array = arrays[at];
        if (array === undefined) continue;
        checkName(array, layer, variable, part.kind === 'model');
        layer.bind(variable.name, tensorOf(array, layer));
      }
    }
  }

  #broken(what: string): AssayError {
    return new AssayError('malformed', what, { subject: this.#context.subject });
  }
}

function isTrained(one: Owned): boolean {
  return one.isTrained;
}

/** @param trainable whether the models around are */
function variablesOf(part: ModelPart, trainable: boolean): readonly Owned[] {
  if (part.kind === 'input') return [];
  if (part.kind === 'model') return part.parts.flatMap((one) => variablesOf(one, trainable && part.trainable));
  const { layer } = part;
  return layer.variables.map((variable) => ({
    layer,
    variable,
    isTrained: trainable && layer.trainable && !variable.frozen,
  }));
}

/**
 * The order says which weight is which; its name says it as well. Where both differ, programs may load different models.
 * @param isWithin whether the layer is one of a model within, where the name of the layer is in that of the weight
 */
function checkName({ name }: KerasArray, layer: Layer, variable: LayerVariable, isWithin: boolean): void {
  const parts = name.replace(/:\d+$/, '').split('/');
  const last = (parts.at(-1) ?? '').replace(/_\d+$/, '');
  const own = variable.name.slice(variable.name.lastIndexOf('.') + 1);
  const isOther = last !== own && KNOWN.has(last);
  if (isOther || (isWithin && !parts.some((one) => one === layer.name)))
    throw layer.broken(`has the weight ${JSON.stringify(name.slice(0, 120))} where its ${variable.name} is expected`);
}

/** Names of variables, which tell one of a layer from another. */
const KNOWN: ReadonlySet<string> = new Set([
  'kernel',
  'bias',
  'gamma',
  'beta',
  'moving_mean',
  'moving_variance',
  'recurrent_kernel',
  'depthwise_kernel',
  'pointwise_kernel',
  'embeddings',
  'alpha',
  'mean',
  'variance',
  'count',
  'scale',
]);

function shown(names: readonly string[]): string {
  return names
    .map((name) => name.slice(0, 40))
    .join(', ')
    .slice(0, 160);
}
