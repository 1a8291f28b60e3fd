import { AssayError } from '../../../core/index.ts';
import { isList, isRecord, type KerasJson, type KerasRecord, kerasKey } from '../../../formats/keras/index.ts';

/** One result of a call of a layer. */
export interface TensorReference {
  readonly layer: string;
  /** Which of the calls of the layer, as the file counts them. */
  readonly call: number;
  readonly output: number;
}

/** A call of a layer: where its inputs come from. */
export interface LayerCall {
  readonly inputs: readonly TensorReference[];
  /** Inputs by the names of arguments. */
  readonly named: ReadonlyMap<string, readonly TensorReference[]>;
  /** What else it is called with. */
  readonly settings: KerasRecord;
}

/** How a file writes calls: Keras 3 as arguments, Keras 2 as lists. */
export type CallStyle = 'arguments' | 'lists';

export interface Calls {
  readonly style: CallStyle;
  readonly calls: readonly LayerCall[];
}

/** Reads references of one model; errors name the layer. */
export class ReferenceReader {
  readonly #where: string;
  readonly #subject: string;

  constructor(where: string, subject: string) {
    this.#where = where;
    this.#subject = subject;
  }

  /** The value of `inbound_nodes`. */
  calls(value: KerasJson | undefined): Calls {
    if (value === undefined || value === null) return { style: 'lists', calls: [] };
    if (!isList(value)) throw this.#broken('inbound_nodes that are not a list');
    const style = value.some(isRecord) ? 'arguments' : 'lists';
    return { style, calls: value.map((node) => (style === 'arguments' ? this.#arguments(node) : this.#lists(node))) };
  }

  /** Of Keras 3: `{args, kwargs}`, where a tensor says where it comes from. */
  #arguments(node: KerasJson): LayerCall {
    const args = isRecord(node) ? kerasKey(node, 'args') : undefined;
    const kwargs = isRecord(node) ? kerasKey(node, 'kwargs') : undefined;
    if (!isList(args)) throw this.#broken('a call without arguments');
    const inputs: TensorReference[] = [];
    const values: [string, KerasJson][] = [];
    for (const [index, arg] of args.entries()) {
      const found = this.#tensors(arg);
      if (found === undefined) values.push([`argument ${index}`, arg]);
      else inputs.push(...found);
    }
    const { named, settings } = this.#keywords(kwargs, (one) => this.#tensors(one));
    return {
      inputs,
      named,
      settings: { ...settings, ...Object.fromEntries(values.filter(([, one]) => !isNothing(one))) },
    };
  }

  /** The tensors of an argument: one, or a list of them; `undefined` for another value. */
  #tensors(value: KerasJson): readonly TensorReference[] | undefined {
    if (isList(value)) {
      const all = value.map((one) => this.#tensors(one));
      const found = all.filter((one) => one !== undefined);
      return value.length > 0 && found.length === value.length ? found.flat() : undefined;
    }
    if (!isRecord(value) || kerasKey(value, 'class_name') !== '__keras_tensor__') return undefined;
    const config = kerasKey(value, 'config');
    return [this.#reference(isRecord(config) ? kerasKey(config, 'keras_history') : undefined)];
  }

  /** Of Keras 2: the inputs of a call as `[layer, call, output, settings]`. */
  #lists(node: KerasJson): LayerCall {
    if (!isList(node)) throw this.#broken('a call that is not a list');
    const entries = typeof node[0] === 'string' ? [node] : node;
    const inputs: TensorReference[] = [];
    let last: KerasJson | undefined;
    for (const entry of entries) {
      inputs.push(this.#reference(isList(entry) ? entry.slice(0, 3) : undefined));
      last = isList(entry) ? entry[3] : undefined;
    }
    return { inputs, ...this.#keywords(last, (one) => this.#listed(one)) };
  }

  #listed(value: KerasJson): readonly TensorReference[] | undefined {
    if (!isList(value)) return undefined;
    if (isReference(value)) return [this.#reference(value.slice(0, 3))];
    const all = value.map((one) => this.#listed(one));
    const found = all.filter((one) => one !== undefined);
    return value.length > 0 && found.length === value.length ? found.flat() : undefined;
  }

  #keywords(
    value: KerasJson | undefined,
    tensorsOf: (value: KerasJson) => readonly TensorReference[] | undefined,
  ): Pick<LayerCall, 'named' | 'settings'> {
    const named = new Map<string, readonly TensorReference[]>();
    const settings: [string, KerasJson][] = [];
    for (const [name, one] of isRecord(value) ? Object.entries(value) : []) {
      if (isNothing(one)) continue;
      const tensors = tensorsOf(one);
      if (tensors === undefined) settings.push([name, one]);
      else named.set(name, tensors);
    }
    return { named, settings: Object.fromEntries(settings) };
  }

  /** `input_layers` and `output_layers`: one reference, a list of them, or an object of them by names, which Keras sorts. */
  ends(value: KerasJson | undefined): readonly TensorReference[] {
    if (isList(value)) return isReference(value) ? [this.#reference(value)] : value.flatMap((one) => this.ends(one));
    if (isRecord(value)) {
      const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
      return entries.flatMap(([, one]) => this.ends(one));
    }
    throw this.#broken('inputs or outputs that are not references');
  }

  #reference(value: KerasJson | undefined): TensorReference {
    if (!isList(value) || !isReference(value)) throw this.#broken('an input that is not a reference to a layer');
    const [layer, call, output] = value;
    if (typeof layer !== 'string' || !isIndex(call) || !isIndex(output))
      throw this.#broken('an input that is not a reference to a layer');
    return { layer, call, output };
  }

  #broken(what: string): AssayError {
    return new AssayError('malformed', `${this.#where} has ${what}`, { subject: this.#subject });
  }
}

/** What stands for an argument that is not given: null, one for each input. */
function isNothing(value: KerasJson): boolean {
  return value === null || (isList(value) && value.length > 0 && value.every(isNothing));
}

function isReference(value: readonly KerasJson[]): boolean {
  return typeof value[0] === 'string' && value.length >= 3 && typeof value[1] === 'number';
}

function isIndex(value: KerasJson | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
