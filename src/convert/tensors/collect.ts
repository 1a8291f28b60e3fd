import { AssayError, quotedName } from '../../core/index.ts';
import {
  dictOf,
  type Inert,
  type InertDict,
  type InertObject,
  inertTitle,
  isKind,
} from '../../formats/pickle/inert/index.ts';
import { type CallReader, KeptValues, valuesWithin } from './kept.ts';
import { type ListOptions, TensorList } from './list.ts';
import { moduleState } from './module.ts';
import type { Tensor, TensorSet } from './tensor.ts';

/** What a value is, for a safe format. */
export type TensorFound =
  | { readonly kind: 'tensor'; readonly tensor: Tensor }
  /** A tensor of a form that safetensors does not have, and why. */
  | { readonly kind: 'refused'; readonly why: string; readonly hint?: string }
  | { readonly kind: 'no-tensor' };

/** How a source writes its tensors. */
export interface TensorReader extends CallReader {
  /** Looks at one value; `name` is for the tensor. */
  find(value: Inert, name: string): TensorFound;
}

export interface CollectOptions extends ListOptions {
  readonly reader: TensorReader;
  /** The name of a tensor that is the whole value; `tensor` when absent. */
  readonly stem?: string;
}

/** Nesting of the attributes of a module that are looked at. */
const MAX_ATTRIBUTE_DEPTH = 4;
/** Nesting of names. */
const MAX_DEPTH = 64;
/** The name of a tensor that is the whole value, where the file does not give it one. */
const SINGLE = 'tensor';

/**
 * The tensors within a value, named by the keys that lead to them: `state_dict.layer.weight`. A module of PyTorch is read as its
 * `state_dict()`.
 * @throws AssayError `unsupported` for a tensor that safetensors does not have, unless it is left out by `salvage`, and for a kept
 *   value that a call of the file may have changed
 */
export function collectTensors(value: Inert, calls: readonly InertObject[], options: CollectOptions): TensorSet {
  const collector = new Collector(options);
  collector.visit(value, []);
  // What is not salvaged is clean, or its user accepts what its calls do.
  if (options.salvage) collector.kept.refuseChanged(calls, options.subject);
  return collector.result();
}

class Collector {
  readonly #options: CollectOptions;
  readonly #list: TensorList;
  readonly kept: KeptValues;
  /** Containers around the value that is visited. */
  readonly #open = new Set<Inert>();

  constructor(options: CollectOptions) {
    this.#options = options;
    this.#list = new TensorList(options);
    this.kept = new KeptValues(options.reader);
  }

  result(): TensorSet {
    return this.#list.result();
  }

  visit(value: Inert, path: readonly string[]): void {
    if (path.length > MAX_DEPTH || this.#open.has(value)) {
      throw this.#refuse(`${quotedName(path.join('.'))} holds itself, or is nested too deep`);
    }
    const { reader, stem = SINGLE } = this.#options;
    const found = reader.find(value, path.length === 0 ? stem : path.join('.'));
    if (found.kind === 'tensor') this.#keep(value, found.tensor);
    else if (found.kind === 'refused') this.#list.refuse(found.why, path.join('.'), found.hint);
    else this.#descend(value, path);
  }

  #keep(value: Inert, tensor: Tensor): void {
    this.#list.add(tensor);
    for (const one of this.#open) this.kept.add(one);
    this.kept.addTensor(value);
  }

  #descend(value: Inert, path: readonly string[]): void {
    const module = moduleState(value);
    const dict = module?.kept ?? dictOf(value);
    const list = isKind(value, 'list') || isKind(value, 'tuple') ? value.items : undefined;
    if (dict === undefined && list === undefined) {
      this.#leave(inertTitle(value), path);
      return;
    }
    this.#open.add(value);
    if (list !== undefined) for (const [index, item] of list.entries()) this.visit(item, [...path, String(index)]);
    else if (dict !== undefined) this.#entries(dict, path);
    if (module !== undefined)
      for (const [name, item] of module.attributes.entries()) this.#attribute(item, [...path, String(name)]);
    this.#open.delete(value);
  }

  /** Tensors that `state_dict()` leaves out are named; those in a form of their own may be the weights of a quantised layer. */
  #attribute(value: Inert, path: readonly string[], depth = 0): void {
    const found = this.#options.reader.find(value, path.join('.'));
    if (found.kind === 'refused') this.#list.refuse(found.why, path.join('.'));
    else if (found.kind === 'tensor') this.#leave('a tensor that state_dict() leaves out', path);
    else if (depth < MAX_ATTRIBUTE_DEPTH)
      for (const [index, item] of valuesWithin(value).entries())
        this.#attribute(item, [...path, String(index)], depth + 1);
  }

  #entries(dict: InertDict, path: readonly string[]): void {
    for (const [key, item] of dict.entries()) {
      if (typeof key === 'string') this.visit(item, [...path, key]);
      else if (typeof key === 'number' || typeof key === 'bigint') this.visit(item, [...path, String(key)]);
      else this.#leave(`a value whose key is ${inertTitle(key)}`, path);
    }
  }

  #leave(what: string, path: readonly string[]): void {
    this.#list.leave(what, path.join('.'));
  }

  #refuse(what: string): AssayError {
    return new AssayError('unsupported', what, { subject: this.#options.subject });
  }
}
