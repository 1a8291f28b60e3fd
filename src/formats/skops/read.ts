import { AssayError, type FileBudget, isAssayError } from '../../core/index.ts';
import { writeNpy, writeNpyDtype, writeObjects } from './arrays.ts';
import { literalText } from './literal-text.ts';
import {
  broken,
  isSkopsRecord,
  type SkopsJson,
  type SkopsRecord,
  skopsField,
  skopsList,
  skopsRecord,
  skopsText,
} from './schema.ts';
import { PickleWriter } from './writer.ts';

/** What contradicts itself in a schema, or what releases of skops read in different ways. */
export interface SkopsFault {
  /** `mismatch`: what is checked is not what is made (CVE-2025-54412, CVE-2025-54413). */
  readonly kind: 'mismatch' | 'structure';
  readonly what: string;
}

export interface SkopsObjects {
  /** A pickle whose loading imports, calls and sets what loading the schema does. */
  readonly pickle: Uint8Array;
  readonly faults: readonly SkopsFault[];
  /** Releases its memory. */
  close(): void;
}

/** @returns `undefined` when the archive has no such member */
export type MemberReader = (name: string) => Promise<Uint8Array | undefined>;

/** Scalars of NumPy, which stand in a file as arrays without dimensions. */
const SCALAR =
  /^(?:float(?:16|32|64|128)?|longdouble|u?int(?:8|16|32|64|c|p)?|u?longlong|bool_?|str_|bytes_|complex(?:64|128|256)|datetime64|timedelta64)$/;
const PRIMITIVES: ReadonlySet<string> = new Set(['str', 'int', 'float', 'bool']);
const GENERATORS: ReadonlySet<string> = new Set(['MT19937', 'PCG64', 'PCG64DXSM', 'Philox', 'SFC64']);
/** Classes of native code whose instances a function of their module makes, without a call of `__init__`. */
const NEW_BY_FUNCTION = /^sklearn\.(?:neighbors\._(?:kd|ball)_tree|metrics\._dist_metrics)$/;
const TREE = ['sklearn.tree._tree', 'Tree'] as const;

/**
 * Follows the nodes of a `schema.json` as skops does (skops/io/_general.py, _numpy.py, _sklearn.py, _scipy.py and old/, releases 0.1 to 0.14, protocols 0 to
 * 2), and writes the pickle that makes the same objects: so its names, their uses and what they are handed are judged as those of a pickle.
 * Where releases differ, the pickle does what each of them does.
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit`
 */
export async function readSkops(root: SkopsRecord, member: MemberReader, budget: FileBudget): Promise<SkopsObjects> {
  const nodes = new NodeWriter(root, member, budget);
  try {
    await nodes.node(root);
    return { pickle: nodes.writer.finish(), faults: nodes.faults, close: () => nodes.writer.close() };
  } catch (error) {
    nodes.writer.close();
    throw error;
  }
}

interface Met {
  readonly index: number;
  readonly says: string;
  done: boolean;
}

class NodeWriter {
  readonly writer: PickleWriter;
  readonly faults: SkopsFault[] = [];
  readonly #member: MemberReader;
  readonly #protocol: SkopsJson | undefined;
  /** Nodes by their `__id__`: skops takes the first for all. */
  readonly #met = new Map<SkopsJson, Met>();
  /** Objects that are kept under a number. */
  #kept = 0;

  constructor(root: SkopsRecord, member: MemberReader, budget: FileBudget) {
    this.writer = new PickleWriter(budget);
    this.#member = member;
    this.#protocol = skopsField(root, 'protocol');
  }

  /** Leaves one object on the stack. */
  async node(value: SkopsJson | undefined): Promise<void> {
    const state = skopsRecord(value, 'a node');
    const id = skopsField(state, '__id__');
    const loader = skopsText(skopsField(state, '__loader__'), '__loader__');
    const says = `${loader} ${skopsText(skopsField(state, '__module__') ?? '', '__module__')}.${skopsText(skopsField(state, '__class__') ?? '', '__class__')}`;
    const met = id === undefined || id === null ? undefined : this.#met.get(id);
    if (met !== undefined) {
      if (met.says !== says && loader !== 'CachedNode') {
        this.#fault('structure', `two different nodes have the __id__ ${JSON.stringify(id)}`);
        await this.#made(state, loader);
        this.writer.op('0');
      }
      if (met.done) this.writer.kept(met.index);
      else {
        this.#fault('structure', 'a node holds itself');
        this.writer.literal(null);
      }
      return;
    }
    const own: Met = { index: this.#kept, says, done: false };
    if (id !== undefined && id !== null) {
      this.#kept++;
      this.#met.set(id, own);
    }
    await this.#made(state, loader);
    if (id === undefined || id === null) return;
    this.writer.keep(own.index);
    own.done = true;
  }

  #fault(kind: SkopsFault['kind'], what: string): void {
    if (this.faults.length < 50) this.faults.push({ kind, what: what.slice(0, 300) });
  }

  async #made(state: SkopsRecord, loader: string): Promise<void> {
    const content = skopsField(state, 'content');
    const module = skopsText(skopsField(state, '__module__') ?? '', '__module__');
    const name = skopsText(skopsField(state, '__class__') ?? '', '__class__');
    switch (loader) {
      case 'DictNode':
        return await this.#dict(state, module, name);
      case 'DefaultDictNode':
        return await this.#defaultDict(content);
      case '_DictWithDeprecatedKeysNode':
        return await this.node(skopsField(content, 'main'));
      case 'ListNode':
        return await this.#collection(module, name, 'list', skopsList(content, 'a ListNode'));
      case 'SetNode':
        return await this.#collection(module, name, 'set', skopsList(content, 'a SetNode'));
      case 'TupleNode':
        return await this.#collection(module, name, 'tuple', skopsList(content, 'a TupleNode'));
      case 'JsonNode':
        if (module !== 'builtins') this.#fault('structure', `a JsonNode of ${module}.${name}`);
        return this.#literal(literalText(skopsText(content, 'a JsonNode')));
      case 'SliceNode':
        return this.#slice(content);
      case 'BytesNode':
      case 'BytearrayNode':
        return this.writer.bytes(await this.#file(state));
      case 'TypeNode':
        return this.writer.global(module, name);
      case 'FunctionNode':
        return this.#function(content, module, name);
      case 'PartialNode':
        return await this.#partial(content);
      case 'MethodNode':
        return await this.#method(content, module, name);
      case 'OperatorFuncNode':
        return await this.#operator(state, module, name);
      case 'ConstructorFromReduceNode':
        this.writer.global(module, name);
        await this.node(content);
        return this.writer.op('R');
      case 'ObjectNode':
        return await this.#object(content, module, name);
      case 'TreeNode':
      case 'LossNode':
      case 'QuantileForestNode':
        return await this.#reduced(state, loader, module, name);
      case 'NdArrayNode':
        return await this.#array(state, module, name);
      case 'MaskedArrayNode':
        return await this.#masked(content, module, name);
      case 'DTypeNode':
        return await this.#dtype(content);
      case 'RandomStateNode':
      case 'RandomGeneratorNode':
        return await this.#random(content, loader, module, name);
      case 'SparseMatrixNode':
        await this.#file(state);
        return this.writer.literal(null);
      default:
        this.#fault('structure', `the loader ${JSON.stringify(loader)} is not one of skops`);
        return this.writer.global(module, name);
    }
  }

  async #dict(state: SkopsRecord, module: string, name: string): Promise<void> {
    const content = skopsRecord(skopsField(state, 'content'), 'a DictNode');
    const types = skopsList(skopsField(skopsField(state, 'key_types'), 'content'), 'key_types').map((type) => ({
      module: skopsText(skopsField(type, '__module__'), '__module__'),
      name: skopsText(skopsField(type, '__class__'), '__class__'),
      plain: skopsField(type, '__loader__') === 'TypeNode',
    }));
    const primitive = types.every((type) => type.plain && type.module === 'builtins' && PRIMITIVES.has(type.name));
    // Other types are called with the key.
    if (!primitive) await this.#popped(skopsField(state, 'key_types'));
    if (module === 'builtins' && name === 'dict') this.writer.op('}');
    else this.#called(module, name);
    this.writer.op('(');
    for (const [at, [key, value]] of Object.entries(content).entries()) {
      const type = types[at];
      if (type === undefined) this.#fault('structure', 'a key of a DictNode has no type');
      if (type === undefined || (type.module === 'builtins' && PRIMITIVES.has(type.name)) || isScalar(type))
        this.#key(key, type?.name ?? 'str');
      else {
        this.writer.global(type.module, type.name);
        this.writer.text(key);
        this.writer.op('\x85');
        this.writer.op('R');
      }
      await this.node(value);
    }
    this.writer.op('u');
  }

  #key(key: string, type: string): void {
    if (/^u?int/.test(type) && /^-?\d{1,40}$/.test(key)) this.writer.integer(BigInt(key));
    else if (/^float/.test(type) && key.trim() !== '' && !Number.isNaN(Number(key))) this.writer.float(Number(key));
    else this.writer.text(key);
  }

  async #defaultDict(content: SkopsJson | undefined): Promise<void> {
    this.writer.global('collections', 'defaultdict');
    await this.node(skopsField(content, 'default_factory'));
    this.writer.op('\x85');
    this.writer.op('R');
    this.writer.op('(');
    for (const [key, value] of Object.entries(
      skopsRecord(skopsField(skopsField(content, 'main'), 'content'), 'a DictNode'),
    )) {
      this.writer.text(key);
      await this.node(value);
    }
    this.writer.op('u');
  }

  async #collection(module: string, name: string, natural: string, items: readonly SkopsJson[]): Promise<void> {
    const own = module === 'builtins' && name === natural;
    if (!own) this.writer.global(module, name);
    if (own && natural === 'set') this.writer.op('\x8f');
    else if (!own || natural === 'list') this.writer.op(']');
    this.writer.op('(');
    for (const item of items) await this.node(item);
    if (own) return this.writer.op(natural === 'set' ? '\x90' : natural === 'tuple' ? 't' : 'e');
    this.writer.op('e');
    this.writer.op('\x85');
    this.writer.op('R');
  }

  #literal(value: ReturnType<typeof literalText>): void {
    const { writer } = this;
    if (typeof value === 'string') writer.text(value);
    else if (typeof value === 'bigint') writer.integer(value);
    else if (typeof value === 'number') writer.float(value);
    else if (typeof value === 'boolean' || value === null) writer.literal(value);
    else if (Array.isArray(value)) {
      writer.op(']');
      writer.op('(');
      for (const item of value) this.#literal(item);
      writer.op('e');
    } else {
      writer.op('}');
      writer.op('(');
      for (const [key, item] of Object.entries(value)) {
        writer.text(key);
        this.#literal(item);
      }
      writer.op('u');
    }
  }

  #slice(content: SkopsJson | undefined): void {
    this.writer.global('builtins', 'slice');
    for (const key of ['start', 'stop', 'step']) {
      const end = skopsField(content, key) ?? null;
      if (end !== null && !(typeof end === 'number' && Number.isSafeInteger(end)))
        throw broken('a SliceNode of other ends than integers');
      if (end === null) this.writer.literal(null);
      else this.writer.integer(BigInt(end));
    }
    this.writer.op('\x87');
    this.writer.op('R');
  }

  /** Protocol 0 had the name in the content. */
  #function(content: SkopsJson | undefined, module: string, name: string): void {
    if (!isSkopsRecord(content)) {
      this.writer.global(module, name);
      return;
    }
    if (this.#protocol !== 0) {
      this.writer.global(module, name);
      this.writer.op('0');
    }
    this.writer.global(
      skopsText(skopsField(content, 'module_path'), 'module_path'),
      skopsText(skopsField(content, 'function'), 'function'),
    );
  }

  async #partial(content: SkopsJson | undefined): Promise<void> {
    this.writer.global('functools', 'partial');
    await this.node(skopsField(content, 'func'));
    this.writer.op('\x85');
    this.writer.op('R');
    this.writer.op('(');
    for (const key of ['func', 'args', 'kwds', 'namespace']) await this.node(skopsField(content, key));
    this.writer.op('t');
    this.writer.op('b');
  }

  async #method(content: SkopsJson | undefined, module: string, name: string): Promise<void> {
    const owner = skopsField(content, 'obj');
    if (skopsField(owner, '__module__') !== module || skopsField(owner, '__class__') !== name)
      this.#fault('mismatch', `a MethodNode is checked as ${module}.${name}, and its object is of another class`);
    this.writer.global('builtins', 'getattr');
    await this.node(owner);
    this.writer.text(skopsText(skopsField(content, 'func'), 'the name of a method'));
    this.writer.op('\x86');
    this.writer.op('R');
  }

  async #operator(state: SkopsRecord, module: string, name: string): Promise<void> {
    if (module !== 'operator') {
      this.#fault('mismatch', `an OperatorFuncNode is checked as ${module}.${name}, and calls operator.${name}`);
      this.writer.global(module, name);
      this.writer.op('0');
    }
    this.writer.global('operator', name);
    const attrs = skopsField(state, 'attrs');
    if (attrs === undefined) {
      this.#fault('structure', 'an OperatorFuncNode has no attrs');
      this.writer.op(')');
    } else await this.node(attrs);
    this.writer.op('R');
  }

  async #object(content: SkopsJson | undefined, module: string, name: string): Promise<void> {
    // As their pickles make them, which is the same.
    if (NEW_BY_FUNCTION.test(module)) {
      this.writer.global(module, 'newObj');
      this.writer.global(module, name);
      this.writer.op('\x85');
      this.writer.op('R');
    } else {
      this.writer.global(module, name);
      this.writer.op(')');
      this.writer.op('\x81');
    }
    if (content === undefined || content === null) return;
    if (
      isSkopsRecord(content) &&
      skopsField(content, '__loader__') === 'JsonNode' &&
      skopsField(content, 'content') === 'null'
    )
      return;
    await this.node(content);
    this.writer.op('b');
  }

  /** skops makes a tree by a fixed class; earlier releases by the class that the file names. */
  async #reduced(state: SkopsRecord, loader: string, module: string, name: string): Promise<void> {
    if (loader === 'TreeNode' && (module !== TREE[0] || name !== TREE[1])) {
      this.#fault('mismatch', `a TreeNode is of the class ${module}.${name}`);
      this.#called(module, name);
      this.writer.op('0');
    }
    if (loader === 'TreeNode') this.writer.global(...TREE);
    else this.writer.global(module, name);
    await this.node(skopsField(skopsField(state, '__reduce__'), 'args'));
    this.writer.op('R');
    const content = skopsField(state, 'content');
    if (
      Object.keys(skopsRecord(skopsField(content, 'content') ?? {}, 'a state')).length === 0 &&
      skopsField(content, '__loader__') === 'DictNode'
    )
      return;
    await this.node(content);
    this.writer.op('b');
  }

  async #array(state: SkopsRecord, module: string, name: string): Promise<void> {
    const own = (module === 'numpy' && name === 'ndarray') || isScalar({ module, name });
    if (!own) this.writer.global(module, name);
    if (skopsField(state, 'type') === 'json') await this.#objects(state);
    else await writeNpy(this.writer, await this.#file(state), 'array');
    if (own) return;
    this.writer.op('\x85');
    this.writer.op('R');
  }

  async #objects(state: SkopsRecord): Promise<void> {
    const sizes = skopsList(skopsField(skopsField(state, 'shape'), 'content'), 'a shape').map((size) =>
      Number(skopsText(skopsField(size, 'content'), 'a size')),
    );
    const items = skopsList(skopsField(state, 'content'), 'an array of objects');
    if (sizes.length !== 1 || sizes[0] !== items.length)
      return await this.#collection('builtins', 'list', 'list', items);
    // The objects are written before the array, whose writer does not wait, and taken from where they are kept.
    const first = this.#kept;
    this.#kept += items.length;
    for (const [at, item] of items.entries()) {
      await this.node(item);
      this.writer.keep(first + at);
      this.writer.op('0');
    }
    writeObjects(this.writer, [items.length], () => {
      for (const at of items.keys()) this.writer.kept(first + at);
    });
  }

  async #masked(content: SkopsJson | undefined, module: string, name: string): Promise<void> {
    if (!/^numpy\.ma(?:\.core)?$/.test(module) || name !== 'MaskedArray')
      this.#fault('structure', `a MaskedArrayNode of ${module}.${name}`);
    await this.node(skopsField(content, 'data'));
    await this.node(skopsField(content, 'mask'));
    this.writer.op('\x86');
  }

  async #dtype(content: SkopsJson | undefined): Promise<void> {
    if (skopsField(content, 'type') !== 'numpy') throw new AssayError('unsupported', 'a dtype of objects');
    await writeNpyDtype(this.writer, await this.#file(skopsRecord(content, 'a DTypeNode')), 'dtype');
  }

  async #random(content: SkopsJson | undefined, loader: string, module: string, name: string): Promise<void> {
    const wanted = loader === 'RandomStateNode' ? 'RandomState' : 'Generator';
    if (!/^numpy\.random(?:\.mtrand|\._generator)?$/.test(module) || name !== wanted) this.#called(module, name, true);
    if (wanted === 'RandomState') {
      this.writer.global('numpy.random._pickle', '__randomstate_ctor');
      this.writer.text('MT19937');
      this.writer.op('\x85');
      this.writer.op('R');
      await this.node(content);
      this.writer.op('b');
      return;
    }
    const state = skopsField(content, 'bit_generator');
    const kind = skopsField(skopsField(state, 'content'), 'bit_generator') ?? skopsField(state, 'bit_generator');
    const word =
      typeof kind === 'string' ? kind : literalText(skopsText(skopsField(kind, 'content'), 'a bit generator'));
    if (typeof word !== 'string') throw broken('a bit generator without a name');
    if (!GENERATORS.has(word)) this.#called('numpy.random', word, true);
    if (skopsField(state, '__loader__') !== undefined) await this.#popped(state);
    const seed = skopsField(content, 'seed_seq');
    if (seed !== undefined) await this.#popped(seed);
    this.writer.literal(null);
  }

  #called(module: string, name: string, popped = false): void {
    this.writer.global(module, name);
    this.writer.op(')');
    this.writer.op('R');
    if (popped) this.writer.op('0');
  }

  async #popped(value: SkopsJson | undefined): Promise<void> {
    await this.node(value);
    this.writer.op('0');
  }

  async #file(state: SkopsRecord): Promise<Uint8Array> {
    const name = skopsText(skopsField(state, 'file'), 'the name of a file');
    try {
      const bytes = await this.#member(name);
      if (bytes !== undefined) return bytes;
    } catch (error) {
      if (!isAssayError(error)) throw error;
      throw new AssayError(error.code, `the member ${JSON.stringify(name.slice(0, 80))}: ${error.message}`, {
        cause: error,
      });
    }
    throw broken(`the archive has no member ${JSON.stringify(name.slice(0, 80))}`);
  }
}

function isScalar({ module, name }: { readonly module: string; readonly name: string }): boolean {
  return module === 'numpy' && SCALAR.test(name);
}
