import type { AssayError } from '../../../core/index.ts';
import { KerasConfig, type KerasObject, type KerasRecord, kerasKey } from '../../../formats/keras/index.ts';
import { type GraphTensor, type Network, shownShape } from '../../network/index.ts';
import { rowMajor, type Tensor } from '../../tensors/index.ts';
import type { KerasValue } from './value.ts';

/** A variable of a layer. */
export interface LayerVariable {
  readonly name: string;
  /** Where a `.keras` file has it: a path below the layer, and a number there. */
  readonly group: string;
  readonly index: number;
  /** Whether it is never trained: older files have such ones behind the others. */
  readonly frozen: boolean;
}

/** How a layer is called, beside its inputs. */
export interface CallSettings {
  /** Inputs by the names of arguments. */
  readonly named: ReadonlyMap<string, readonly KerasValue[]>;
  readonly config: KerasConfig;
}

/** How the layers of a class are converted. */
export interface LayerKind {
  /** Its variables, in the order in which Keras makes them. */
  readonly variables?: (layer: Layer) => readonly LayerVariable[];
  /** What becomes of the mask of its inputs: it is handed on when absent. `refused`: it would change the result. */
  readonly mask?: 'dropped' | 'refused' | 'read';
  /** @returns one value for each output */
  readonly convert: (
    net: Network,
    layer: Layer,
    inputs: readonly KerasValue[],
    call: CallSettings,
  ) => KerasValue | readonly KerasValue[];
}

export type KindOf = (className: string) => LayerKind | undefined;

/** A call with nothing but its inputs. */
export const NO_SETTINGS: CallSettings = { named: new Map(), config: new KerasConfig({}, 'a call', 'model') };

export interface LayerContext {
  /** The file, for messages. */
  readonly subject: string;
  /** The first number of the version of Keras. */
  readonly keras: 2 | 3;
  /** Whether a layer with weights counts as two in the paths of weights. */
  readonly isCountedTwice: boolean;
  readonly kindOf: KindOf;
}

/** A layer of a model, with the weights that the file has for it. */
export class Layer {
  readonly className: string;
  readonly name: string;
  readonly kind: LayerKind;
  readonly config: KerasConfig;
  readonly context: LayerContext;
  readonly variables: readonly LayerVariable[];
  readonly trainable: boolean;
  readonly #weights = new Map<string, Tensor>();
  readonly #ordered = new Map<string, Tensor>();

  /** @throws AssayError `unsupported` for a class that is not converted */
  constructor({ className, config }: KerasObject, context: LayerContext) {
    this.className = className;
    this.context = context;
    const given = kerasKey(config, 'name');
    const name = typeof given === 'string' ? given : className;
    this.name = name;
    this.config = new KerasConfig(config, `${className} ${JSON.stringify(name.slice(0, 80))}`, context.subject);
    const kind = context.kindOf(className);
    if (kind === undefined) throw this.unknown();
    this.kind = kind;
    this.trainable = this.config.flag('trainable', true);
    this.variables = kind.variables?.(this) ?? [];
  }

  /** A layer within this one: a cell of its weights stands below `group`. */
  within(object: KerasObject, config: KerasRecord = object.config): Layer {
    return new Layer({ ...object, config }, this.context);
  }

  /** Gives a layer within this one the weights that are its own here. @param prefix of the names of its variables */
  lend(inner: Layer, prefix: string): void {
    for (const { name } of inner.variables) {
      const weight = this.#weights.get(`${prefix}${name}`);
      if (weight !== undefined) inner.bind(name, weight);
    }
  }

  bind(name: string, weight: Tensor): void {
    this.#weights.set(name, weight);
  }

  /**
   * A weight, its dimensions in another order where one is given.
   * @param shape what the configuration says; `undefined` for what it does not
   * @throws AssayError `malformed` for another shape
   */
  weight(
    net: Network,
    name: string,
    shape: readonly (number | undefined)[],
    order: readonly number[] = shape.map((_, axis) => axis),
  ): GraphTensor {
    const held = this.#held(name, shape);
    return net.weight(this.#inOrder(name, held, order));
  }

  /** The sizes of a weight, which the file says. */
  shapeOf(name: string): readonly number[] {
    return this.#held(name).shape;
  }

  #held(name: string, shape?: readonly (number | undefined)[]): Tensor {
    const held = this.#weights.get(name);
    if (held === undefined) throw this.broken(`has no weight ${name}`);
    if (shape === undefined) return held;
    const fits =
      held.shape.length === shape.length && shape.every((size, i) => size === undefined || size === held.shape[i]);
    if (fits) return held;
    throw this.broken(`has the ${name} ${shownShape(held.shape)}, but its configuration says ${shownShape(shape)}`);
  }

  /** The same weight for each call of the layer. */
  #inOrder(name: string, held: Tensor, order: readonly number[]): Tensor {
    const key = `${name} ${order.join()}`;
    let tensor = this.#ordered.get(key);
    if (tensor === undefined) {
      tensor = {
        ...held,
        shape: order.map((axis) => held.shape[axis] ?? 1),
        strides: order.map((axis) => held.strides[axis] ?? 1),
      };
      this.#ordered.set(key, tensor);
    }
    return tensor;
  }

  /** A kernel [...space, channels, multiplier] as one of a convolution whose groups are single channels: [channels * multiplier, 1, ...space]. */
  depthwise(net: Network, name: string, shape: readonly (number | undefined)[]): GraphTensor {
    const held = this.#held(name, shape);
    const key = `${name} depthwise`;
    let tensor = this.#ordered.get(key);
    if (tensor === undefined) {
      const [space, [channels = 1, multiplier = 1]] = [held.shape.slice(0, -2), held.shape.slice(-2)];
      // Both stand side by side as the last dimensions, so that they are one of neighbours.
      const strides = rowMajor(held.shape).slice(0, -2);
      tensor = { ...held, shape: [channels * multiplier, 1, ...space], strides: [1, 1, ...strides] };
      this.#ordered.set(key, tensor);
    }
    return net.weight(tensor);
  }

  refuse(why: string, hint?: string): AssayError {
    return this.config.refuse(why, hint);
  }

  broken(what: string): AssayError {
    return this.config.broken(what);
  }

  unknown(): AssayError {
    return this.refuse(
      'is not of a class that is converted: a class of your own has code that is not in the file',
      'convert the model where its code is, or replace the layer with one that docs/convert.md lists',
    );
  }
}

/** Variables of a layer by their names, all of them trained. */
export function trained(...names: readonly string[]): LayerVariable[] {
  return names.map((name, index) => ({ name, group: '', index, frozen: false }));
}

/** Variables of a layer within another, by what its names and its group are put behind. */
export function nested(variables: readonly LayerVariable[], prefix: string, group: string): LayerVariable[] {
  return variables.map((variable) => ({
    ...variable,
    name: `${prefix}${variable.name}`,
    group: variable.group === '' ? group : `${group}/${variable.group}`,
  }));
}
