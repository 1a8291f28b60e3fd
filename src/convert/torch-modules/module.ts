import { AssayError, quotedName } from '../../core/index.ts';
import {
  calleeName,
  dictOf,
  globalName,
  type Inert,
  type InertDict,
  type InertGlobal,
  inertTitle,
  isKind,
  sequenceOf,
} from '../../formats/pickle/inert/index.ts';
import type { KeptValues, Tensor } from '../tensors/index.ts';
import { instanceClass, type TorchFile } from '../torch/index.ts';

/** The file that modules are of. */
export interface ModuleFile {
  readonly path: string;
  readonly torch: TorchFile;
  /** What the conversion rests on. */
  readonly kept: KeptValues;
  /** Tensors that were read, by the value that makes them: tied ones are one. */
  readonly tensors: Map<Inert, Tensor>;
}

/** Hooks that run when the module does. Those of state dicts only run when one is saved or loaded. */
const HOOKS = ['_forward_hooks', '_forward_pre_hooks', '_backward_hooks', '_backward_pre_hooks'] as const;
const PARTS = ['_parameters', '_buffers', '_modules'] as const;
/** Attributes of all modules that hold functions, and are not looked at when one runs. */
const OTHER_HOOKS: ReadonlySet<string> = new Set([
  '_state_dict_hooks',
  '_state_dict_pre_hooks',
  '_load_state_dict_pre_hooks',
  '_load_state_dict_post_hooks',
]);
const MAX_SIZE = 2 ** 31;
/** Modules of PyTorch before 1.4 name what computed for them; nothing asks it any more. */
const BACKEND = '_backend';
const OLD_BACKEND = 'torch.nn.backends.thnn._get_thnn_function_backend';

/** A module as its file describes it: a class, which is a name, and what its state holds. Errors name the module. */
export class TorchModule {
  readonly cls: InertGlobal;
  /** Its class as it is documented: `torch.nn.Conv2d`. */
  readonly name: string;
  /** Where it is in the model: `features.0`; nothing for the model itself. */
  readonly path: string;
  readonly file: ModuleFile;
  readonly value: Inert;
  readonly #state: InertDict;
  readonly #parts: Readonly<Record<(typeof PARTS)[number], InertDict>>;

  constructor(value: Inert, cls: InertGlobal, state: InertDict, path: string, file: ModuleFile) {
    this.value = value;
    this.cls = cls;
    this.name = publicName(cls);
    this.path = path;
    this.file = file;
    this.#state = state;
    this.#parts = {
      _parameters: this.#part('_parameters'),
      _buffers: this.#part('_buffers'),
      _modules: this.#part('_modules'),
    };
    this.#refuseHidden();
    this.#refuseHooks();
  }

  /** The module and where it is, for messages. */
  get title(): string {
    return this.path === '' ? this.name : `${this.path} (${this.name})`;
  }

  raw(name: string): Inert | undefined {
    return this.#state.get(name);
  }

  flag(name: string, fallback?: boolean): boolean {
    const value = this.raw(name) ?? fallback;
    if (typeof value === 'boolean') return value;
    // Models of Python 2 have numbers there.
    if (value === 0 || value === 1) return value === 1;
    throw this.#wrong(name, value, 'not a Boolean');
  }

  number(name: string, fallback?: number): number {
    const value = this.raw(name) ?? fallback;
    if (typeof value === 'number') return value;
    throw this.#wrong(name, value, 'not a number');
  }

  /** A whole number, which may be negative. */
  whole(name: string, fallback?: number): number {
    const number = this.number(name, fallback);
    if (!Number.isSafeInteger(number) || Math.abs(number) > MAX_SIZE)
      throw this.broken(`${name} is ${number}, which is not a size`);
    return number;
  }

  text(name: string, fallback?: string): string {
    const value = this.raw(name) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.#wrong(name, value, 'not a text');
  }

  /** One of some texts. @throws AssayError `unsupported` for another one */
  choice<T extends string>(name: string, choices: readonly T[], fallback?: NoInfer<T>): T {
    const text = this.text(name, fallback);
    const found = choices.find((one) => one === text);
    if (found === undefined) throw this.refuse(`${name} is ${quotedName(text)}`);
    return found;
  }

  /** Whether an attribute is absent, or None. */
  lacks(name: string): boolean {
    return (this.raw(name) ?? null) === null;
  }

  /** A size for each of some dimensions, which may be one number for all. @param fallback for an attribute that is absent */
  sizes(name: string, count: number, fallback?: number): number[] {
    const value = this.raw(name) ?? fallback;
    const items = typeof value === 'number' ? Array.from({ length: count }, () => value) : this.#items(value);
    const sizes = items?.filter((item) => typeof item === 'number');
    if (sizes === undefined || sizes.length !== items?.length) throw this.#wrong(name, value, 'not sizes');
    if (sizes.length !== count) throw this.broken(`${name} has ${sizes.length} sizes instead of ${count}`);
    if (!sizes.every((size) => Number.isSafeInteger(size) && Math.abs(size) <= MAX_SIZE))
      throw this.broken(`${name} is not a list of sizes`);
    return sizes;
  }

  /** The items of a tuple or list, of which `torch.Size` is one; `undefined` for any other value. */
  #items(value: Inert | undefined): readonly Inert[] | undefined {
    const [size] =
      isKind(value, 'object') && globalName(value.callee) === 'torch.Size' && isKind(value.args, 'tuple')
        ? value.args.items
        : [];
    return sequenceOf(size ?? value);
  }

  list(name: string): readonly Inert[] {
    const value = this.raw(name);
    const items = this.#items(value);
    if (items === undefined) throw this.#wrong(name, value, 'not a list');
    return items;
  }

  /** A parameter or a buffer; `undefined` when it is None. @throws AssayError `malformed` for one that is absent */
  tensor(name: string): Tensor | undefined {
    const { _parameters, _buffers } = this.#parts;
    const value = (_parameters.has(name) ? _parameters : _buffers).get(name);
    if (value === undefined) throw this.broken(`it has no ${name}`);
    return value === null ? undefined : this.tensorOf(value, name);
  }

  /** Whether there is a parameter or buffer of this name, which may be None. */
  hasTensor(name: string): boolean {
    return this.#parts._parameters.has(name) || this.#parts._buffers.has(name);
  }

  /** The value of a parameter, as the pickle has it. */
  parameterValue(name: string): Inert | undefined {
    return this.#parts._parameters.get(name);
  }

  needed(name: string): Tensor {
    const tensor = this.tensor(name);
    if (tensor === undefined) throw this.broken(`its ${name} is None`);
    return tensor;
  }

  tensorOf(value: Inert, name: string): Tensor {
    const known = this.file.tensors.get(value);
    if (known !== undefined) return known;
    const found = this.file.torch.reader.find(value, this.path === '' ? name : `${this.path}.${name}`);
    if (found.kind === 'refused') throw this.refuse(`its ${name} is ${found.why}`);
    if (found.kind === 'no-tensor') throw this.#wrong(name, value, 'not a tensor');
    this.file.kept.addTensor(value);
    this.file.tensors.set(value, found.tensor);
    return found.tensor;
  }

  /** A module within; `undefined` when there is none, or it is None. */
  childOrNone(name: string): TorchModule | undefined {
    const value = this.#parts._modules.get(name);
    return value === undefined || value === null ? undefined : torchModuleOf(value, this.#pathOf(name), this.file);
  }

  child(name: string): TorchModule {
    const child = this.childOrNone(name);
    if (child === undefined) throw this.broken(`it has no module ${name}`);
    return child;
  }

  /** The modules within, in the order of their registration. Those that are None are left out. */
  children(): { readonly name: string; readonly module: TorchModule }[] {
    const children: { name: string; module: TorchModule }[] = [];
    for (const [name, value] of this.#parts._modules.entries()) {
      if (typeof name !== 'string') throw this.broken('a module within does not have a name');
      if (value !== null) children.push({ name, module: torchModuleOf(value, this.#pathOf(name), this.file) });
    }
    return children;
  }

  #pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  /**
   * @throws AssayError `unsupported` for an attribute that could be called, and so stand for a method of the class
   * @param known those that no method has the name of
   */
  refuseCallables(known: readonly string[] = []): void {
    for (const [key, value] of this.#state.entries()) {
      const name = String(key);
      if (OTHER_HOOKS.has(name) || known.includes(name) || PARTS.some((part) => part === name)) continue;
      if (name === BACKEND && calleeName(value) === OLD_BACKEND) continue;
      if (this.#isData(value, name)) continue;
      throw this.refuse(`its attribute ${quotedName(name)} is ${inertTitle(value)}, which could stand for a method`);
    }
  }

  #isData(value: Inert, name: string): boolean {
    if (isKind(value, 'global') || isKind(value, 'persistent') || isKind(value, 'array')) return false;
    if (!isKind(value, 'object')) return true;
    if (dictOf(value) !== undefined || this.#items(value) !== undefined || isSetCall(value)) return true;
    return this.file.torch.reader.find(value, name).kind === 'tensor';
  }

  /** An attribute of the instance is found before a parameter, a buffer or a module of its name, in this order. */
  #refuseHidden(): void {
    const seen = new Set<Inert>();
    for (const part of [this.#state, ...PARTS.map((name) => this.#parts[name])])
      for (const [name] of part.entries()) {
        if (typeof name !== 'string') throw this.refuse('one of its attributes does not have a name');
        if (seen.has(name)) throw this.refuse(`two of its attributes have the name ${quotedName(name)}`);
        seen.add(name);
      }
  }

  #refuseHooks(): void {
    for (const name of HOOKS) {
      const hooks = this.raw(name);
      if (hooks === undefined || hooks === null) continue;
      const dict = dictOf(hooks);
      const [first] = dict?.entries() ?? [];
      if (dict?.size === 0 && !(isKind(hooks, 'object') && hooks.states.length > 0)) continue;
      const what = first === undefined ? inertTitle(hooks) : hookTitle(first[1]);
      throw this.refuse(
        `it has a hook (${name.slice(1)}: ${what}), which runs with the module`,
        'remove it before you save the module, as with torch.nn.utils.remove_weight_norm',
      );
    }
  }

  #part(name: (typeof PARTS)[number]): InertDict {
    const value = this.raw(name);
    const dict = dictOf(value);
    if (dict === undefined || (isKind(value, 'object') && value.states.length > 0))
      throw this.#wrong(name, value, 'not a dict');
    this.file.kept.add(value ?? null);
    return dict;
  }

  /** An error of a model that cannot be converted. */
  refuse(why: string, hint?: string): AssayError {
    return new AssayError('unsupported', `${this.title} is not converted: ${why}`, {
      subject: this.file.path,
      hint: hint ?? 'convert it in Python (torch.onnx.export), in a sandbox, and scan the result',
    });
  }

  /** An error of a state that contradicts itself. */
  broken(what: string): AssayError {
    return new AssayError('malformed', `${this.title} contradicts itself: ${what}`, { subject: this.file.path });
  }

  #wrong(name: string, value: Inert | undefined, what: string): AssayError {
    return this.broken(value === undefined ? `it has no ${name}` : `${name} is ${inertTitle(value)}, ${what}`);
  }
}

/**
 * A module. @param path where it is in the model
 * @throws AssayError `unsupported` for a value that is not an instance of a class with one dict as its state
 */
export function torchModuleOf(value: Inert, path: string, file: ModuleFile): TorchModule {
  const cls = instanceClass(value);
  const where = path === '' ? '' : `${path}: `;
  const refuse = (why: string) => new AssayError('unsupported', `${where}${why}`, { subject: file.path });
  if (cls === undefined || !isKind(value, 'object')) throw refuse(`holds ${inertTitle(value)}, which is not a module`);
  const [state, ...more] = value.states;
  if (!isKind(state, 'dict') || more.length + value.items.length + value.entries.length > 0)
    throw refuse(`${publicName(cls)} has a state that is not one dict`);
  if (!PARTS.every((name) => state.has(name))) throw refuse(`${publicName(cls)} is not a module`);
  file.kept.add(value);
  file.kept.add(state);
  return new TorchModule(value, cls, state, path, file);
}

/** The name that a class is documented by: `torch.nn.Conv2d` of `torch.nn.modules.conv.Conv2d`. */
function publicName({ module, name }: InertGlobal): string {
  return `${module.startsWith('torch.nn.modules.') ? 'torch.nn' : module}.${name}`;
}

function isSetCall(value: Inert): boolean {
  return (
    isKind(value, 'object') &&
    ['builtins.set', 'builtins.frozenset'].includes(globalName(value.callee) ?? '') &&
    value.states.length === 0
  );
}

function hookTitle(hook: Inert): string {
  return isKind(hook, 'object') ? (globalName(instanceClass(hook)) ?? inertTitle(hook)) : inertTitle(hook);
}
