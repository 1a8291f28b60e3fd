import { AssayError } from '../../core/index.ts';
import {
  dictOf,
  type Inert,
  type InertDict,
  type InertObject,
  inertTitle,
  isDictCall,
  isKind,
} from '../../formats/pickle/inert/index.ts';
import { type ListOptions, quotedName, TensorList } from './list.ts';
import { moduleState } from './module.ts';
import type { Tensor, TensorSet } from './tensor.ts';

/** What a value is, for a safe format. */
export type TensorFound =
  | { readonly kind: 'tensor'; readonly tensor: Tensor }
  /** A tensor of a form that safetensors does not have, and why. */
  | { readonly kind: 'refused'; readonly why: string; readonly hint?: string }
  | { readonly kind: 'no-tensor' };

/** How a source writes its tensors. */
export interface TensorReader {
  /** Looks at one value; `name` is for the tensor. */
  find(value: Inert, name: string): TensorFound;
  /** Whether a call only makes a value, and changes no other. */
  isHarmless(call: InertObject): boolean;
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
  // What is not salvaged was judged: its calls are listed ones, with known results.
  if (options.salvage) refuseChanged(calls, collector.kept, options);
  return collector.result();
}

/**
 * Refuses values that a call of the file may have changed: what it would do is not known, because nothing runs.
 * @param kept what the result rests on
 * @throws AssayError `unsupported` naming the call
 */
export function refuseChanged(
  calls: readonly InertObject[],
  kept: ReadonlySet<Inert>,
  { reader, subject }: { readonly reader: Pick<TensorReader, 'isHarmless'>; readonly subject: string },
): void {
  const seen = new Set<Inert>();
  for (const call of calls) {
    if (kept.has(call) || isDictCall(call) || reader.isHarmless(call) || !reaches(call, kept, seen)) continue;
    throw new AssayError(
      'unsupported',
      `${inertTitle(call)} receives a tensor, or what holds one, and could have changed it`,
      { subject },
    );
  }
}

/** Whether a kept value can be reached from what a call was given. */
function reaches(call: InertObject, kept: ReadonlySet<Inert>, seen: Set<Inert>): boolean {
  const waiting: Inert[] = [call];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    if (kept.has(value)) return true;
    seen.add(value);
    waiting.push(...valuesWithin(value));
  }
  return false;
}

class Collector {
  readonly #options: CollectOptions;
  readonly #list: TensorList;
  /** Values on which the result rests. */
  readonly kept = new Set<Inert>();
  /** Containers around the value that is visited. */
  readonly #open = new Set<Inert>();

  constructor(options: CollectOptions) {
    this.#options = options;
    this.#list = new TensorList(options);
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
    this.kept.add(value);
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

/** The values within a value. */
export function valuesWithin(value: Inert): Inert[] {
  if (typeof value !== 'object' || value === null) return [];
  switch (value.kind) {
    case 'list':
    case 'tuple':
    case 'set':
      return [...value.items];
    case 'dict':
      return [...value.entries()].flat();
    case 'object':
      return [value.callee, value.args, value.kwargs ?? null, ...value.states, ...value.items, ...value.entries.flat()];
    case 'persistent':
      return [value.id];
    case 'array':
      return [value.wrapper, ...(value.content.kind === 'pickle' ? [value.content.value] : [])];
    default:
      return [];
  }
}
