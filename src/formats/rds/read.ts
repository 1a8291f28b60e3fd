import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { RdsInput } from './input.ts';
import { type RdsFacts, type RdsKind, TYPE } from './types.ts';

const MAX_DEPTH = 2_000;
const MAX_NAME = 200;
const MAX_PARTS = 200;
const SYMBOL_BYTES = 96;
const HAS_ATTRIBUTES = 1 << 9;
const HAS_TAG = 1 << 10;
/** Of the bits of a cell of an environment: reading the variable calls a function. */
const ACTIVE_BINDING = 1 << 15;
/** Alternative representations of R's own, which hold data alone. */
const ALTERNATIVES =
  /^(?:compact_intseq|compact_realseq|deferred_string|wrap_(?:integer|logical|real|complex|raw|string|list))$/;

export function newFacts(): RdsFacts {
  return { parts: new Map(), version: undefined, writer: undefined, objects: 0 };
}

/**
 * Reads an R object, or the objects that `save` wrote, to its end: nothing is built, and nothing is evaluated. What it finds is in `facts` also when it throws.
 * @returns where it ends
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit`
 */
export async function readRds(source: ByteSource, facts: RdsFacts, budget: FileBudget): Promise<number> {
  const head = Buffer.from(await source.read(0, Math.min(7, source.size))).toString('latin1');
  const [, magic = '', encoding = ''] = /^(RD[XAB][23]\n)?([XBA])\n/.exec(head) ?? [];
  if (encoding !== 'X' && encoding !== 'B' && encoding !== 'A')
    throw new AssayError('malformed', 'not an R object: it does not begin as one', { subject: source.name, offset: 0 });
  const reader = new RdsReader(new RdsInput(source, magic.length + 2, encoding, budget), facts, budget);
  try {
    await reader.run();
    return await reader.end();
  } finally {
    reader.dispose();
  }
}

class RdsReader {
  readonly #input: RdsInput;
  readonly #facts: RdsFacts;
  readonly #budget: FileBudget;
  /** What references name, and the names of symbols among it. */
  readonly #kept: string[] = [];
  #held = 0;

  constructor(input: RdsInput, facts: RdsFacts, budget: FileBudget) {
    this.#input = input;
    this.#facts = facts;
    this.#budget = budget;
  }

  dispose(): void {
    this.#budget.release(this.#held);
    this.#held = 0;
  }

  /** Where the object ends, with the white space that text ends in. */
  async end(): Promise<number> {
    await this.#input.skipSpace();
    return this.#input.offset;
  }

  async run(): Promise<void> {
    const input = this.#input;
    const version = await input.integer();
    if (version !== 2 && version !== 3) throw new AssayError('unsupported', `version ${version} of R's serialization`);
    const writer = await input.integer();
    await input.integer();
    this.#facts.version = version;
    this.#facts.writer = [writer >> 16, (writer >> 8) & 0xff, writer & 0xff].join('.');
    if (version === 3) {
      const length = await input.integer();
      if (length < 0 || length > 64) throw input.bad(`the name of an encoding of ${length} bytes`);
      await input.text(length, 64);
    }
    await this.#item(0);
  }

  /** Reads one object. @returns its type, and the name of a symbol */
  async #item(depth: number): Promise<{ readonly type: number; readonly name: string }> {
    if (depth > MAX_DEPTH)
      throw new AssayError('limit', `objects are nested deeper than ${MAX_DEPTH}`, { offset: this.#input.offset });
    this.#facts.objects++;
    this.#budget.work(4);
    const at = this.#input.offset;
    const flags = await this.#input.integer();
    const type = flags & 0xff;
    let name = '';
    if (type === TYPE.symbol) name = await this.#symbol();
    else if (type === TYPE.reference) name = await this.#reference(flags);
    else if (type === TYPE.list) await this.#cells(flags, depth);
    else if (PAIRS.has(type)) await this.#pair(type, flags, depth, at);
    else if (!(await this.#special(type, depth, at))) await this.#vector(type, flags, depth, at);
    return { type, name };
  }

  #note(kind: RdsKind, at: number, name = ''): void {
    const { parts } = this.#facts;
    const key = `${kind} ${name}`;
    const known = parts.get(key);
    if (known !== undefined) known.count++;
    else if (parts.size < MAX_PARTS) parts.set(key, { kind, at, name, count: 1 });
  }

  #keep(name: string): void {
    this.#budget.hold(SYMBOL_BYTES);
    this.#held += SYMBOL_BYTES;
    this.#kept.push(name);
  }

  async #symbol(): Promise<string> {
    const name = await this.#char();
    this.#keep(name);
    return name;
  }

  async #reference(flags: number): Promise<string> {
    const short = flags >>> 8;
    const index = short === 0 ? await this.#input.integer() : short;
    const name = this.#kept[index - 1];
    if (name === undefined) throw this.#input.bad(`a reference to object ${index} of ${this.#kept.length}`);
    return name;
  }

  /** A text of R, with its own flags. */
  async #char(): Promise<string> {
    const flags = await this.#input.integer();
    if ((flags & 0xff) !== TYPE.char) throw this.#input.bad('an object in place of a text');
    return await this.#charOf(flags, 0);
  }

  async #charOf(flags: number, depth: number): Promise<string> {
    const length = await this.#input.integer();
    if (length < -1) throw this.#input.bad(`a text of ${length} bytes`);
    const text = length === -1 ? 'NA' : await this.#input.text(length, MAX_NAME);
    if ((flags & HAS_ATTRIBUTES) !== 0) await this.#item(depth + 1);
    return text;
  }

  /** A list of cells, each with the rest behind it. */
  async #cells(first: number, depth: number): Promise<void> {
    for (let flags = first; ; flags = await this.#input.integer()) {
      const type = flags & 0xff;
      if (type !== TYPE.list) {
        if (type !== TYPE.nilValue && type !== TYPE.nil) await this.#rest(flags, depth);
        return;
      }
      this.#budget.work(4);
      if (((flags >>> 12) & ACTIVE_BINDING) !== 0) this.#note('active-binding', this.#input.offset);
      if ((flags & HAS_ATTRIBUTES) !== 0) await this.#item(depth + 1);
      if ((flags & HAS_TAG) !== 0) await this.#item(depth + 1);
      await this.#item(depth + 1);
    }
  }

  /** The last cell's rest, when it is not the end of a list: its flags are read already. */
  async #rest(flags: number, depth: number): Promise<void> {
    const type = flags & 0xff;
    const at = this.#input.offset;
    if (type === TYPE.symbol) await this.#symbol();
    else if (type === TYPE.reference) await this.#reference(flags);
    else if (PAIRS.has(type)) await this.#pair(type, flags, depth + 1, at);
    else if (!(await this.#special(type, depth + 1, at))) await this.#vector(type, flags, depth + 1, at);
  }

  async #pair(type: number, flags: number, depth: number, at: number): Promise<void> {
    const kind = PAIRS.get(type);
    if (kind !== undefined) this.#note(kind, at);
    if ((flags & HAS_ATTRIBUTES) !== 0) await this.#item(depth + 1);
    if ((flags & HAS_TAG) !== 0) await this.#item(depth + 1);
    const head = await this.#item(depth + 1);
    const rest = await this.#item(depth + 1);
    // A promise with a value is not evaluated again.
    if (type === TYPE.promise && head.type === TYPE.unbound && CODE.has(rest.type)) this.#note('promise-with-code', at);
  }

  /** Objects that are not vectors. @returns false when it is one */
  async #special(type: number, depth: number, at: number): Promise<boolean> {
    switch (type) {
      case TYPE.nil:
      case TYPE.nilValue:
      case TYPE.emptyEnvironment:
      case TYPE.baseEnvironment:
      case TYPE.globalEnvironment:
      case TYPE.baseNamespace:
        return true;
      case TYPE.missing:
      case TYPE.unbound:
        this.#note('missing-argument', at);
        return true;
      case TYPE.persistent:
      case TYPE.package:
      case TYPE.namespace:
        await this.#named(type, at);
        return true;
      case TYPE.environment:
        await this.#environment(depth, at);
        return true;
      case TYPE.pointer:
        this.#note('pointer', at);
        this.#keep('');
        await this.#item(depth + 1);
        await this.#item(depth + 1);
        return false;
      case TYPE.altrep:
        await this.#alternative(depth, at);
        return true;
      default:
        return false;
    }
  }

  /** R looks the names up: a package is loaded, a hook is called. */
  async #named(type: number, at: number): Promise<void> {
    const zero = await this.#input.integer();
    const count = await this.#input.integer();
    if (zero !== 0 || count < 0 || count > 100) throw this.#input.bad(`${count} names of a package`);
    const names: string[] = [];
    for (let i = 0; i < count; i++) names.push(await this.#char());
    const kind = type === TYPE.package ? 'package' : type === TYPE.namespace ? 'namespace' : 'persistent-name';
    this.#note(kind, at, names[0] ?? '');
    this.#keep('');
  }

  async #environment(depth: number, at: number): Promise<void> {
    this.#note('environment', at);
    await this.#input.integer();
    this.#keep('');
    for (let i = 0; i < 4; i++) await this.#item(depth + 1);
  }

  /** Class and package as symbols, type, then the state that a method of the class takes. */
  async #alternative(depth: number, at: number): Promise<void> {
    const flags = await this.#input.integer();
    if ((flags & 0xff) !== TYPE.list) throw this.#input.bad('an alternative representation without a class');
    const names = [(await this.#item(depth + 1)).name];
    const rest = await this.#input.integer();
    if ((rest & 0xff) !== TYPE.list) throw this.#input.bad('an alternative representation without a package');
    names.push((await this.#item(depth + 1)).name);
    await this.#item(depth + 1);
    const [name = '', owner = ''] = names;
    if (owner !== 'base' || !ALTERNATIVES.test(name))
      this.#note(/^mmap_/.test(name) ? 'mapped-file' : 'alternative-class', at, `${owner}:${name}`);
    await this.#item(depth + 1);
    await this.#item(depth + 1);
  }

  async #vector(type: number, flags: number, depth: number, at: number): Promise<void> {
    switch (type) {
      case TYPE.char:
        await this.#charOf(flags, depth);
        return;
      case TYPE.special:
      case TYPE.builtin: {
        const length = await this.#input.integer();
        if (length < 0 || length > MAX_NAME) throw this.#input.bad(`a name of ${length} bytes`);
        this.#note('builtin', at, await this.#input.text(length, MAX_NAME));
        break;
      }
      case TYPE.logical:
      case TYPE.integer:
        await this.#input.skip(await this.#length(), 4, 1);
        break;
      case TYPE.real:
        await this.#input.skip(await this.#length(), 8, 1);
        break;
      case TYPE.complex:
        await this.#input.skip(await this.#length(), 16, 2);
        break;
      case TYPE.raw:
        await this.#input.skip(await this.#length(), 1, 1);
        break;
      case TYPE.string:
        await this.#strings(await this.#length());
        break;
      case TYPE.expression:
      case TYPE.vector: {
        if (type === TYPE.expression) this.#note('expression', at);
        const count = await this.#length();
        this.#fits(count, this.#input.encoding === 'A' ? 2 : 4);
        for (let i = 0; i < count; i++) await this.#item(depth + 1);
        break;
      }
      case TYPE.bytecode:
        this.#note('byte-code', at);
        await this.#byteCode(depth);
        break;
      case TYPE.weak:
        this.#note('weak-reference', at);
        this.#keep('');
        break;
      case TYPE.pointer:
      case TYPE.s4:
        break;
      default:
        throw this.#input.bad(`an object of type ${type}`);
    }
    if ((flags & HAS_ATTRIBUTES) !== 0) await this.#item(depth + 1);
  }

  async #length(): Promise<number> {
    const length = await this.#input.integer();
    if (length >= 0) return length;
    if (length !== -1) throw this.#input.bad(`a length of ${length}`);
    const [upper, lower] = [await this.#input.integer(), await this.#input.integer()];
    if (upper < 0 || upper > 65_536) throw this.#input.bad('a length that no vector has');
    return upper * 2 ** 32 + (lower >>> 0);
  }

  #fits(count: number, size: number): void {
    if (count > this.#input.left / size)
      throw this.#input.bad(`${count} elements, but ${this.#input.left} bytes are left`, 'truncated');
  }

  async #strings(count: number): Promise<void> {
    this.#fits(count, this.#input.encoding === 'A' ? 4 : 8);
    for (let i = 0; i < count; i++) await this.#char();
  }

  /** Instructions and constants (`ReadBC`). */
  async #byteCode(depth: number): Promise<void> {
    const repeated = await this.#input.integer();
    this.#fits(repeated, 1);
    if (repeated < 0) throw this.#input.bad(`${repeated} repeated parts`);
    await this.#code(depth);
  }

  async #code(depth: number): Promise<void> {
    await this.#item(depth + 1);
    const constants = await this.#input.integer();
    this.#fits(constants, this.#input.encoding === 'A' ? 2 : 4);
    if (constants < 0) throw this.#input.bad(`${constants} constants`);
    for (let i = 0; i < constants; i++) {
      const type = await this.#input.integer();
      if (type === TYPE.bytecode) {
        if (depth > MAX_DEPTH) throw new AssayError('limit', 'byte code is nested too deep');
        await this.#code(depth + 1);
      } else await this.#codePart(type, depth);
    }
  }

  async #codePart(type: number, depth: number): Promise<void> {
    if (depth > MAX_DEPTH)
      throw new AssayError('limit', 'byte code is nested too deep', { offset: this.#input.offset });
    if (type === TYPE.repeatedReference) {
      await this.#input.integer();
      return;
    }
    let own = type;
    if (type === TYPE.repeatedDefinition) {
      await this.#input.integer();
      own = await this.#input.integer();
    }
    if (!CODE_PAIRS.has(own)) {
      await this.#item(depth + 1);
      return;
    }
    if (own === TYPE.attributedLanguage || own === TYPE.attributedList) await this.#item(depth + 1);
    await this.#item(depth + 1);
    await this.#codePart(await this.#input.integer(), depth + 1);
    await this.#codePart(await this.#input.integer(), depth + 1);
  }
}

/** Types that are two objects, and what they are. */
const PAIRS: ReadonlyMap<number, RdsKind> = new Map([
  [TYPE.closure, 'closure'],
  [TYPE.promise, 'promise'],
  [TYPE.language, 'language'],
  [TYPE.dots, 'language'],
]);
/** Types that evaluate to something else than themselves, but for symbols. */
const CODE: ReadonlySet<number> = new Set([TYPE.language, TYPE.bytecode, TYPE.expression, TYPE.promise]);
const CODE_PAIRS: ReadonlySet<number> = new Set([
  TYPE.list,
  TYPE.language,
  TYPE.attributedLanguage,
  TYPE.attributedList,
]);
