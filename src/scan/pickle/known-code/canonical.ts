import type { CallNode, CollectionNode, GraphNode, PickleGraph } from '../../../formats/pickle/graph/index.ts';
import { digestOfParts } from './hash.ts';
import { isPlainOption, isPlainType } from './options.ts';
import {
  argumentsOf,
  calleeOf,
  entriesIn,
  exactFields,
  isCallOf,
  isConstantNode,
  itemsIn,
  NotKnown,
  textIn,
} from './parts.ts';

/** Functions of a payload that the list must have. */
export interface FoundFunction {
  readonly digest: string;
  /** Where it is defined. */
  readonly module: string;
  readonly name: string;
}

/** What a payload of numba is made of, once its form is known. */
export interface Payload {
  readonly functions: readonly FoundFunction[];
  /** All names that loading it imports, `[module, name]`; the name of a module itself is empty. */
  readonly imports: readonly (readonly [module: string, name: string])[];
}

const CLOUDPICKLE = /^numba\.cloudpickle\.cloudpickle(?:_fast)?$/;
const SERIALIZE = /^numba\.core\.serialize$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Instances that globals and constants of functions are, made by these. Each was read: it makes the value and does nothing else. */
const MAKERS =
  /^(?:numpy:dtype|numpy\._?core\.multiarray:(?:scalar|_reconstruct)|builtins:complex|numba\.core\.types\.abstract:_type_reconstructor|copyreg:_reconstructor|numba\.core\.typing\.templates:Signature)$/;
/** Depth of values in each other. */
const MAX_DEPTH = 400;
const CODE_ARGUMENTS = new Set([16, 18]);
const SLOTS = [
  '__name__',
  '__qualname__',
  '__annotations__',
  '__kwdefaults__',
  '__defaults__',
  '__module__',
  '__doc__',
];

/**
 * Spells a payload of numba (`custom_reduce`) so that equal functions have equal digests, wherever the library lies and whichever
 * release of numba wrote it. What a digest leaves out is checked here: paths, line numbers, identities, compiler options, cells.
 * @returns `undefined` for any other form
 */
export function readCompiled(graph: PickleGraph): Payload | undefined {
  try {
    return new PayloadReader(graph).read();
  } catch (error) {
    if (error instanceof NotKnown) return undefined;
    throw error;
  }
}

interface Namespace {
  readonly own: ReadonlyMap<string, string>;
  readonly names: ReadonlySet<string>;
}

class PayloadReader {
  readonly #graph: PickleGraph;
  readonly #functions = new Map<string, FoundFunction>();
  readonly #imports = new Map<string, readonly [string, string]>();
  readonly #spelled = new Map<GraphNode, string>();
  /** Calls whose result is a part of something that was read. */
  readonly #read = new Set<GraphNode>();
  /** By function, the call that gives it its attributes and globals. */
  readonly #states = new Map<GraphNode, CallNode>();
  /** By dict of globals: what the functions that share it put there and look up. */
  readonly #namespaces = new Map<GraphNode, Namespace[]>();
  #depth = 0;

  constructor(graph: PickleGraph) {
    this.#graph = graph;
    for (const call of graph.calls) {
      if (!isCallOf(call, CLOUDPICKLE, '_function_setstate')) continue;
      const [target] = argumentsOf(call, 2);
      if (target === undefined || this.#states.has(target)) throw new NotKnown();
      this.#states.set(target, call);
    }
  }

  read(): Payload {
    const [cls, states] = itemsIn(this.#graph.root, 'tuple');
    if (itemsIn(this.#graph.root, 'tuple').length !== 2) throw new NotKnown();
    this.#dispatcher(cls, states);
    // A call that is not part of the dispatcher would run beside it.
    if (this.#graph.calls.some((call) => !this.#read.has(call))) throw new NotKnown();
    for (const shared of this.#namespaces.values()) keepApart(shared);
    return { functions: [...this.#functions.values()], imports: [...this.#imports.values()] };
  }

  /** Every spelling names its kind first, so that no value is spelled as one of another kind. */
  #spell(node: GraphNode | undefined): string {
    if (node === undefined) throw new NotKnown();
    const known = this.#spelled.get(node);
    if (known !== undefined) return known;
    if (++this.#depth > MAX_DEPTH) throw new NotKnown();
    const spelled = this.#spellNew(node);
    this.#depth--;
    this.#spelled.set(node, spelled);
    return spelled;
  }

  #spellNew(node: GraphNode): string {
    switch (node.kind) {
      case 'constant':
        return `${node.type} ${node.value}`;
      case 'global':
        return `global ${this.#name(node)}`;
      case 'call':
        return this.#value(node);
      default:
        return this.#collection(node);
    }
  }

  #collection({ kind, items }: CollectionNode): string {
    const spelled = items.map((item) => this.#spell(item));
    return `${kind} ${digestOfParts([kind, ...(kind === 'frozenset' ? spelled.sort() : spelled)])}`;
  }

  #name(node: GraphNode | undefined): string {
    if (node?.kind !== 'global') throw new NotKnown();
    this.#imports.set(`${node.module}:${node.name}`, [node.module, node.name]);
    // NumPy 2 renamed the package.
    return `${node.module.replace(/^numpy\.core\b/, 'numpy._core')}:${node.name}`;
  }

  #value(call: CallNode): string {
    this.#read.add(call);
    if (isCallOf(call, SERIALIZE, 'custom_rebuild')) return this.#nested(call);
    if (isCallOf(call, CLOUDPICKLE, 'subimport')) {
      this.#name(call.callee);
      const module = textIn(argumentsOf(call, 1)[0]);
      this.#imports.set(`${module}:`, [module, '']);
      return `module ${module}`;
    }
    if (this.#isType(call.callee, /^CodeType$/)) return this.#code(call);
    const maker = this.#name(call.callee);
    if (!MAKERS.test(maker)) throw new NotKnown();
    if (/:_type_reconstructor$/.test(maker)) return this.#type(call);
    const state = call.state === undefined ? 'none' : this.#spell(call.state);
    return `instance ${digestOfParts([maker, call.isNew ? 'new' : 'call', this.#spell(call.args), state])}`;
  }

  /** A type of numba: `_code` is its number in a process, which loading sets. */
  #type(call: CallNode): string {
    const [maker, args, state] = argumentsOf(call, 3);
    const entries = [...entriesIn(state)].filter(([key]) => key !== '_code');
    const code = entriesIn(state).get('_code');
    if (code !== undefined && !isConstantNode(code, 'int')) throw new NotKnown();
    const attributes = entries.flatMap(([key, value]) => [key, this.#spell(value)]);
    return `type ${digestOfParts([this.#spell(maker), this.#spell(args), ...attributes])}`;
  }

  /** `_builtin_type(name)`, which returns a type of Python's own. */
  #isType(node: GraphNode, name: RegExp): boolean {
    if (!isCallOf(node, CLOUDPICKLE, '_builtin_type')) return false;
    this.#read.add(node);
    this.#name(calleeOf(node));
    return name.test(textIn(argumentsOf(node, 1)[0]));
  }

  /** `custom_rebuild(MethodType(_rebuild, _CustomPickled)(class, states))`: numba carries its own method by value. */
  #nested(call: CallNode): string {
    this.#name(call.callee);
    const [inner] = argumentsOf(call, 1);
    const [cls, states] = argumentsOf(inner, 2);
    if (inner?.kind !== 'call' || inner.callee.kind !== 'call') throw new NotKnown();
    this.#read.add(inner).add(inner.callee);
    if (!this.#isType(inner.callee.callee, /^MethodType$/)) throw new NotKnown();
    const [method, owner] = argumentsOf(inner.callee, 2);
    if (this.#name(owner) !== 'numba.core.serialize:_CustomPickled') throw new NotKnown();
    const found = this.#function(method);
    if (found.module !== 'numba.core.serialize' || found.name !== '_CustomPickled._rebuild') throw new NotKnown();
    this.#need(found);
    return this.#dispatcher(cls, states);
  }

  #need(found: FoundFunction): void {
    this.#functions.set(found.digest, found);
  }

  #dispatcher(cls: GraphNode | undefined, states: GraphNode | undefined): string {
    const name = this.#name(cls);
    switch (name) {
      case 'numba.core.registry:CPUDispatcher':
        return this.#cpu(states);
      case 'numba.np.ufunc.dufunc:DUFunc':
        return this.#ufunc(states);
      case 'numba.np.ufunc.ufuncbuilder:UFuncDispatcher': {
        const [code, locals, options] = exactFields(states, ['pyfunc', 'locals', 'targetoptions']);
        const found = this.#function(code);
        this.#need(found);
        this.#plain(locals, options);
        return `ufunc-dispatcher ${found.digest}`;
      }
      default:
        throw new NotKnown();
    }
  }

  /** Compiled when it is called; or while it is loaded, for the signatures that its decorator names. */
  #cpu(states: GraphNode | undefined): string {
    const own = ['uuid', 'py_func', 'locals', 'targetoptions', 'can_compile', 'sigs'];
    const older = entriesIn(states).has('impl_kind');
    const [uuid, code, locals, options, open, signatures, kind] = exactFields(
      states,
      older ? [...own, 'impl_kind'] : own,
    );
    if (!UUID.test(textIn(uuid))) throw new NotKnown();
    if (older && !isConstantNode(kind, 'text', 'direct')) throw new NotKnown();
    const found = this.#function(code);
    const listed = itemsIn(signatures, 'list');
    if (listed.length === 0 && isConstantNode(open, 'bool', '1')) {
      this.#need(found);
      this.#plain(locals, options);
      return `dispatcher ${found.digest}`;
    }
    // What is compiled while it is loaded is compared with all that decides how.
    if (listed.length === 0 || !isConstantNode(open, 'bool', '0')) throw new NotKnown();
    const chosen = [...entriesIn(locals)].sort(byKey).flatMap(([key, value]) => [key, this.#spell(value)]);
    const spelled = [
      found.digest,
      ...chosen,
      'options',
      this.#spell(options),
      ...listed.map((one) => this.#spell(one)),
    ];
    const signed = { ...found, digest: digestOfParts(['signed', ...spelled]) };
    this.#need(signed);
    return `signed ${signed.digest}`;
  }

  #ufunc(states: GraphNode | undefined): string {
    const [inner, identity, frozen, signatures] = exactFields(states, ['dispatcher', 'identity', 'frozen', 'siglist']);
    const dispatcher = this.#spell(inner);
    if (!dispatcher.startsWith('ufunc-dispatcher ') || !isConstantNode(frozen, 'bool', '0')) throw new NotKnown();
    if (itemsIn(signatures, 'list').length > 0) throw new NotKnown();
    return `ufunc ${digestOfParts([dispatcher, this.#spell(identity)])}`;
  }

  /** Options and types of variables, which decide how the function is compiled once it is called. */
  #plain(locals: GraphNode | undefined, options: GraphNode | undefined): void {
    for (const [, type] of entriesIn(locals)) {
      // Its calls are read, and its classes are among the imports.
      this.#spell(type);
      if (!isPlainType(type)) throw new NotKnown();
    }
    for (const [key, value] of entriesIn(options)) if (!isPlainOption(key, value)) throw new NotKnown();
  }

  #function(node: GraphNode | undefined): FoundFunction {
    if (node?.kind !== 'call') throw new NotKnown();
    const setter = this.#states.get(node);
    if (setter === undefined) throw new NotKnown();
    this.#read.add(node).add(setter);
    this.#name(setter.callee);
    if (!isCallOf(node, CLOUDPICKLE, '_make_function') && !this.#isType(node.callee, /^(?:Function|Lambda)Type$/))
      throw new NotKnown();
    if (node.callee.kind === 'global') this.#name(node.callee);
    const [code, globals, name, defaults, cells] = argumentsOf(node, 5);
    const [, state] = argumentsOf(setter, 2);
    const [attributes, slots] = itemsIn(state, 'tuple');
    if (itemsIn(state, 'tuple').length !== 2 || itemsIn(attributes, 'dict').length > 0) throw new NotKnown();
    const module = this.#namespace(globals, code);
    const held = this.#slots(slots);
    const own = this.#globals(held.get('__globals__'));
    const names = new Set(namesIn(code));
    this.#share(globals, { own, names });
    const count = this.#cells(cells, held.get('__closure__'));
    const modules = itemsIn(held.get('_cloudpickle_submodules'), 'list').map((one) => this.#spell(one));
    const digest = digestOfParts([
      'function',
      ...[this.#spell(code), module.package, module.name, this.#spell(name), this.#spell(defaults), String(count)],
      ...SLOTS.map((slot) => this.#spell(held.get(slot))),
      ...modules.sort(),
      'globals',
      ...[...own].sort(byKey).flat(),
    ]);
    return { digest, module: module.name, name: textIn(held.get('__qualname__')) };
  }

  #slots(node: GraphNode | undefined): ReadonlyMap<string, GraphNode> {
    const held = entriesIn(node);
    const expected = [...SLOTS, '__closure__', '_cloudpickle_submodules', '__globals__'];
    const typed = held.get('__type_params__');
    if (typed !== undefined && itemsIn(typed, 'tuple').length > 0) throw new NotKnown();
    if (held.size !== expected.length + (typed === undefined ? 0 : 1)) throw new NotKnown();
    if (!expected.every((slot) => held.has(slot))) throw new NotKnown();
    return held;
  }

  /** The module that a function is of. Its path and that of the code, which differ by machine, lead to its file. */
  #namespace(
    globals: GraphNode | undefined,
    code: GraphNode | undefined,
  ): { readonly name: string; readonly package: string } {
    const [owner, name, file] = exactFields(globals, ['__package__', '__name__', '__file__']);
    const module = textIn(name);
    const path = module.replaceAll('.', '/');
    const pattern = new RegExp(`(?:^|/)${path.replace(/[^\w/]/g, '\\$&')}(?:/__init__)?\\.py$`);
    for (const one of [textIn(file), ...filesIn(code)])
      if (one.includes('\0') || !pattern.test(one.replaceAll('\\', '/'))) throw new NotKnown();
    return { name: module, package: textIn(owner) };
  }

  #globals(node: GraphNode | undefined): ReadonlyMap<string, string> {
    return new Map([...entriesIn(node)].map(([key, value]) => [key, this.#spell(value)]));
  }

  #share(globals: GraphNode | undefined, namespace: Namespace): void {
    if (globals === undefined) throw new NotKnown();
    const known = this.#namespaces.get(globals);
    if (known === undefined) this.#namespaces.set(globals, [namespace]);
    else known.push(namespace);
  }

  /** Variables of the function around it: numbers, texts, and functions that are known themselves. */
  #cells(empty: GraphNode | undefined, filled: GraphNode | undefined): number {
    if (isConstantNode(empty, 'none') && isConstantNode(filled, 'none')) return 0;
    const [made, given] = [itemsIn(empty, 'tuple'), itemsIn(filled, 'tuple')];
    if (made.length !== given.length) throw new NotKnown();
    for (const cell of made) {
      if (!isCallOf(cell, CLOUDPICKLE, '_make_empty_cell')) throw new NotKnown();
      argumentsOf(cell, 0);
      this.#name(calleeOf(cell));
      this.#read.add(cell);
    }
    for (const cell of given) {
      if (!isCallOf(cell, CLOUDPICKLE, '_make_cell')) throw new NotKnown();
      this.#name(calleeOf(cell));
      this.#read.add(cell);
      const [content] = argumentsOf(cell, 1);
      const spelled = this.#spell(content);
      if (!/^(?:none|bool|int|float|text|dispatcher|signed|ufunc) /.test(spelled)) throw new NotKnown();
    }
    return made.length;
  }

  /** `CodeType(...)`: all of it but the file and the number of its first line, from which its other lines are counted. */
  #code(call: CallNode): string {
    const args = itemsIn(call.args, 'tuple');
    if (call.isNew || call.state !== undefined || !CODE_ARGUMENTS.has(args.length)) throw new NotKnown();
    const line = args.length - (args.length === 16 ? 4 : 5);
    const first = args[line];
    if (first?.kind !== 'constant' || first.type !== 'int' || !/^\d{1,7}$/.test(first.value)) throw new NotKnown();
    const spelled = args.map((arg, i) => (i === 10 || i === line ? 'any' : this.#spell(arg)));
    return `code ${digestOfParts(['code', ...spelled])}`;
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** Functions that share their globals see what each other put there: none may find a name that it does not bring itself. */
function keepApart(shared: readonly Namespace[]): void {
  for (const { own, names } of shared) {
    for (const other of shared) {
      for (const [key, value] of other.own) {
        const mine = own.get(key);
        if (mine === undefined ? names.has(key) : mine !== value) throw new NotKnown();
      }
    }
  }
}

/** Code and the code nested in it. */
function* codesIn(code: GraphNode | undefined, depth = 0): Generator<readonly GraphNode[]> {
  if (code?.kind !== 'call' || depth > MAX_DEPTH) throw new NotKnown();
  const args = itemsIn(code.args, 'tuple');
  yield args;
  for (const constant of itemsIn(args[7], 'tuple'))
    if (constant.kind === 'call' && constant.callee.kind === 'call') yield* codesIn(constant, depth + 1);
}

function* namesIn(code: GraphNode | undefined): Generator<string> {
  for (const args of codesIn(code)) for (const name of itemsIn(args[8], 'tuple')) yield textIn(name);
}

function* filesIn(code: GraphNode | undefined): Generator<string> {
  for (const args of codesIn(code)) yield textIn(args[10]);
}
