import { quotedName } from '../../core/index.ts';
import {
  dictOf,
  type Inert,
  type InertDict,
  inertTitle,
  isKind,
  sequenceOf,
} from '../../formats/pickle/inert/index.ts';
import type { ClassDefinition } from '../../formats/torchscript/index.ts';
import { type AtenValue, int, real, textKey, type Weights } from '../aten/index.ts';
import type { Network } from '../network/index.ts';
import type { Tensor } from '../tensors/index.ts';
import type { Checkpoint } from '../torch/index.ts';
import { rebuilt } from '../torch/index.ts';
import { type ScriptCode, scriptClass, TAGS } from './archive.ts';
import { itemType, type ScriptType, scriptTypeOf } from './types.ts';
import { isAten, type ScriptModule, type ScriptValue } from './values.ts';

const MAX_DEPTH = 64;

/** What objects are read out of. */
export interface ObjectReader {
  readonly net: Network;
  readonly code: ScriptCode;
  readonly weights: Weights;
  /** The tensors of the files, by the values that make them. */
  readonly tensors: ReadonlyMap<Inert, Tensor>;
  /** Objects that were made. */
  readonly objects: Map<Inert, ScriptObject>;
}

/** An object as the file describes it: its class, which is code of the archive, and its attributes. */
export class ScriptObject implements ScriptModule {
  readonly kind = 'object';
  /** Its class, as the code names it. */
  readonly qualified: string;
  /** Where it is in the model. */
  readonly location: string;
  readonly path: string;
  readonly definition: ClassDefinition;
  readonly #state: InertDict;
  readonly #reader: ObjectReader;
  readonly #values = new Map<string, ScriptValue>();

  constructor(value: Inert, location: string, reader: ObjectReader) {
    const { net, code } = reader;
    this.#reader = reader;
    this.location = location;
    this.qualified = scriptClass(value) ?? '';
    if (this.qualified === '' || !isKind(value, 'object')) throw net.broken(`${quotedName(location)} is no module`);
    const found = code.definition(this.qualified);
    const definition = found?.file.classes.get(found.name);
    if (found === undefined || definition === undefined)
      throw net.broken(`the code of the class ${this.title} is not in the archive`);
    this.path = found.path;
    this.definition = definition;
    if (definition.methods.has('__setstate__'))
      throw net.refuse(`${this.title} is not converted: it makes its state when it is loaded (__setstate__)`);
    const [state, ...more] = value.states;
    const dict = state === undefined ? undefined : dictOf(state);
    if (dict === undefined || more.length > 0 || value.items.length > 0 || value.entries.length > 0)
      throw net.refuse(`${this.title} is not converted: its state is not one dict`);
    this.#state = dict;
  }

  /** Its class, as it is documented. */
  get title(): string {
    return publicClass(this.qualified);
  }

  /** An attribute of the object, or a method of its class; `undefined` for neither. */
  attribute(name: string): ScriptValue | undefined {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const made = this.#read(name);
    if (made !== undefined) this.#values.set(name, made);
    return made;
  }

  #read(name: string): ScriptValue | undefined {
    const method = this.definition.methods.get(name);
    if (method !== undefined) return { kind: 'function', path: this.path, definition: method, self: this };
    const value = this.#state.get(name);
    if (value === undefined) return undefined;
    const type = scriptTypeOf(this.definition.attributes.get(name)?.type ?? '');
    return scriptValueOf(value, type, this.location === '' ? name : `${this.location}.${name}`, this.#reader);
  }
}

/** `__torch__.torch.nn.modules.linear.___torch_mangle_3.Linear` is `torch.nn.modules.linear.Linear`. */
export function publicClass(qualified: string): string {
  return qualified
    .replace(/^__torch__\./, '')
    .replace(/___torch_mangle_\d+\./g, '')
    .slice(0, 200);
}

/** A value of a pickle as one of a program. @param type by which whole numbers are told from others */
export function scriptValueOf(
  value: Inert,
  type: ScriptType,
  location: string,
  reader: ObjectReader,
  depth = 0,
): ScriptValue {
  const { net } = reader;
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) && type.name !== 'float' ? int(value) : real(value);
  if (depth >= MAX_DEPTH) throw net.refuse(`${quotedName(location)} is nested too deep`);
  if (isKind(value, 'object')) {
    const tensor = reader.tensors.get(value);
    if (tensor !== undefined) return reader.weights.cell(tensor);
    if (scriptClass(value) !== undefined) return objectOf(value, location, reader);
    const tagged = taggedValue(value);
    if (tagged !== undefined) return scriptValueOf(tagged, type, location, reader, depth + 1);
  }
  const items = sequenceOf(value);
  if (items !== undefined) {
    const made = items.map((item, index) =>
      plainValue(scriptValueOf(item, itemType(type, index), `${location}.${index}`, reader, depth + 1), location, net),
    );
    return isKind(value, 'tuple')
      ? { kind: 'tuple', items: made }
      : { kind: 'list', items: made, owner: ownerOf(location) };
  }
  const dict = dictOf(value);
  if (dict !== undefined) return dictValueOf(dict, type, location, reader, depth);
  throw net.refuse(`the attribute ${quotedName(location)} is ${inertTitle(value)}`);
}

function dictValueOf(
  dict: InertDict,
  type: ScriptType,
  location: string,
  reader: ObjectReader,
  depth: number,
): AtenValue {
  const { net } = reader;
  const entries = new Map<string | number, { readonly key: AtenValue; value: AtenValue }>();
  for (const [key, item] of dict.entries()) {
    if (typeof key !== 'string') throw net.refuse(`the attribute ${quotedName(location)} has keys that are not texts`);
    const read = scriptValueOf(item, itemType(type, 1), `${location}.${key}`, reader, depth + 1);
    entries.set(textKey(key), { key, value: plainValue(read, location, net) });
  }
  return { kind: 'dict', entries, owner: ownerOf(location) };
}

function ownerOf(location: string): string {
  return `the attribute ${quotedName(location)}`;
}

function plainValue(value: ScriptValue, location: string, net: Network): AtenValue {
  if (isAten(value)) return value;
  throw net.refuse(`the attribute ${quotedName(location)} holds modules in a list`);
}

/** The value whose type a call only says. */
function taggedValue(value: Inert): Inert | undefined {
  if (!isKind(value, 'object') || !isKind(value.callee, 'global') || value.states.length > 0) return undefined;
  if (!TAGS.has(`${value.callee.module}.${value.callee.name}`)) return undefined;
  return sequenceOf(value.args)?.[0];
}

function objectOf(value: Inert, location: string, reader: ObjectReader): ScriptObject {
  const known = reader.objects.get(value);
  if (known !== undefined) return known;
  const made = new ScriptObject(value, location, reader);
  reader.objects.set(value, made);
  return made;
}

/** The tensor that a value makes; `undefined` for every other value. @throws AssayError `unsupported` for one that is not plain */
export function scriptTensor(value: Inert, name: string, checkpoint: Checkpoint, net: Network): Tensor | undefined {
  if (!isKind(value, 'object')) return undefined;
  const found = rebuilt(value, name, checkpoint);
  if (found.kind === 'refused') throw net.refuse(`${quotedName(name)} is ${found.why}`);
  return found.kind === 'tensor' ? found.tensor : undefined;
}
