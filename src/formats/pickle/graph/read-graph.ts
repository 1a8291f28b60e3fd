import { OP } from '../opcodes.ts';
import type { CallNode, CollectionNode, ConstantNode, GraphNode, PickleGraph } from './nodes.ts';

/** What one stack slot holds. */
type Slot = GraphNode | 'mark';

const NONE: ConstantNode = { kind: 'constant', type: 'none', value: '' };
const PROTOCOL = 4;

/** Thrown for what the reader does not accept; never leaves this module. */
class Refused extends Error {}

/**
 * Reads a pickle of protocol 4 as the C pickler writes it, into the objects that loading makes. A container is only filled, and
 * an instance only given a state, before something else holds it, so that the graph at the end is what each call received.
 * @returns `undefined` for any other instruction, order or spelling
 */
export function readPickleGraph(bytes: Uint8Array): PickleGraph | undefined {
  try {
    return new GraphReader(bytes).read();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

class GraphReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: Slot[] = [];
  readonly #memo: GraphNode[] = [];
  readonly #calls: CallNode[] = [];
  /** Objects that another object or a call holds. */
  readonly #held = new Set<GraphNode>();
  #at = 0;
  #frameEnd = 0;
  #framed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): PickleGraph {
    if (this.#u1() !== OP.PROTO || this.#u1() !== PROTOCOL) throw new Refused();
    for (;;) {
      const op = this.#u1();
      if (op === OP.FRAME) this.#frame();
      else if (op === OP.STOP) return this.#stop();
      else this.#step(op);
      if (this.#frameEnd !== 0 && this.#at > this.#frameEnd) throw new Refused();
      if (this.#at === this.#frameEnd) this.#frameEnd = 0;
    }
  }

  #stop(): PickleGraph {
    const root = this.#pop();
    if (this.#stack.length > 0 || this.#at !== this.#bytes.length) throw new Refused();
    if (this.#framed && this.#frameEnd !== this.#at) throw new Refused();
    return { root, calls: this.#calls };
  }

  #frame(): void {
    if (this.#frameEnd !== 0) throw new Refused();
    this.#framed = true;
    const length = this.#u8();
    this.#frameEnd = this.#at + length;
    if (length === 0 || this.#frameEnd > this.#bytes.length) throw new Refused();
  }

  #step(op: number): void {
    if (this.#constant(op) || this.#collection(op)) return;
    switch (op) {
      case OP.MEMOIZE:
        this.#memo.push(this.#peek());
        return;
      case OP.BINGET:
        this.#get(this.#u1());
        return;
      case OP.LONG_BINGET:
        this.#get(this.#u4());
        return;
      case OP.MARK:
        this.#stack.push('mark');
        return;
      case OP.POP:
        this.#pop();
        return;
      case OP.STACK_GLOBAL: {
        const [module, name] = this.#take(2);
        if (module?.kind !== 'constant' || module.type !== 'text') throw new Refused();
        if (name?.kind !== 'constant' || name.type !== 'text') throw new Refused();
        this.#stack.push({ kind: 'global', module: module.value, name: name.value });
        return;
      }
      case OP.REDUCE:
      case OP.NEWOBJ:
        this.#call(op === OP.NEWOBJ);
        return;
      case OP.BUILD:
        this.#build();
        return;
      default:
        throw new Refused();
    }
  }

  #constant(op: number): boolean {
    switch (op) {
      case OP.NONE:
        this.#stack.push(NONE);
        return true;
      case OP.NEWTRUE:
      case OP.NEWFALSE:
        return this.#push('bool', op === OP.NEWTRUE ? '1' : '0');
      case OP.BININT1:
        return this.#push('int', String(this.#u1()));
      case OP.BININT2:
        return this.#push('int', String(this.#u1() + 256 * this.#u1()));
      case OP.BININT:
        return this.#push('int', String(this.#u4() | 0));
      case OP.LONG1:
        return this.#push('int', longOf(this.#raw(this.#u1())));
      case OP.BINFLOAT:
        return this.#push('float', hex(this.#raw(8)));
      case OP.SHORT_BINUNICODE:
        return this.#push('text', textOf(this.#raw(this.#u1())));
      case OP.BINUNICODE:
        return this.#push('text', textOf(this.#raw(this.#u4())));
      case OP.SHORT_BINBYTES:
        return this.#push('bytes', hex(this.#raw(this.#u1())));
      case OP.BINBYTES:
        return this.#push('bytes', hex(this.#raw(this.#u4())));
      default:
        return false;
    }
  }

  #push(type: ConstantNode['type'], value: string): true {
    this.#stack.push({ kind: 'constant', type, value });
    return true;
  }

  #collection(op: number): boolean {
    switch (op) {
      case OP.EMPTY_TUPLE:
        return this.#collect('tuple', []);
      case OP.EMPTY_LIST:
        return this.#collect('list', []);
      case OP.EMPTY_DICT:
        return this.#collect('dict', []);
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        return this.#collect('tuple', this.#take(op - OP.TUPLE1 + 1));
      case OP.TUPLE:
        return this.#collect('tuple', this.#takeToMark());
      case OP.FROZENSET:
        return this.#collect('frozenset', this.#takeToMark());
      case OP.APPEND:
        return this.#fill('list', this.#take(1));
      case OP.APPENDS:
        return this.#fill('list', this.#takeToMark());
      case OP.SETITEM:
        return this.#fill('dict', this.#take(2));
      case OP.SETITEMS:
        return this.#fill('dict', this.#takeToMark());
      default:
        return false;
    }
  }

  #collect(kind: CollectionNode['kind'], items: GraphNode[]): true {
    for (const item of items) this.#held.add(item);
    this.#stack.push({ kind, items });
    return true;
  }

  #fill(kind: 'list' | 'dict', items: GraphNode[]): true {
    const target = this.#peek();
    if (target.kind !== kind || this.#held.has(target)) throw new Refused();
    if (kind === 'dict' && items.length % 2 !== 0) throw new Refused();
    for (const item of items) {
      if (item === target) throw new Refused();
      this.#held.add(item);
      target.items.push(item);
    }
    return true;
  }

  #call(isNew: boolean): void {
    const [callee, args] = this.#take(2);
    if (callee === undefined || args?.kind !== 'tuple') throw new Refused();
    this.#held.add(callee).add(args);
    const call: CallNode = { kind: 'call', callee, args, isNew, state: undefined };
    this.#calls.push(call);
    this.#stack.push(call);
  }

  #build(): void {
    const [state] = this.#take(1);
    const target = this.#peek();
    if (state === undefined || target.kind !== 'call' || target.state !== undefined) throw new Refused();
    if (this.#held.has(target) || state === target) throw new Refused();
    this.#held.add(state);
    target.state = state;
  }

  #get(index: number): void {
    const found = this.#memo[index];
    if (found === undefined) throw new Refused();
    this.#stack.push(found);
  }

  #peek(): GraphNode {
    const top = this.#stack.at(-1);
    if (top === undefined || top === 'mark') throw new Refused();
    return top;
  }

  #pop(): GraphNode {
    const top = this.#peek();
    this.#stack.pop();
    return top;
  }

  /** The topmost values, the deepest first. */
  #take(count: number): GraphNode[] {
    const taken: GraphNode[] = [];
    for (let i = 0; i < count; i++) taken.push(this.#pop());
    return taken.reverse();
  }

  #takeToMark(): GraphNode[] {
    const mark = this.#stack.lastIndexOf('mark');
    if (mark < 0) throw new Refused();
    const taken = this.#stack.splice(mark).filter((slot) => slot !== 'mark');
    return taken;
  }

  #u1(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Refused();
    return byte;
  }

  #u4(): number {
    this.#need(4);
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  #u8(): number {
    this.#need(8);
    const value = Number(this.#view.getBigUint64(this.#at, true));
    this.#at += 8;
    return value;
  }

  #raw(length: number): Uint8Array {
    this.#need(length);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #need(length: number): void {
    if (this.#at + length > this.#bytes.length) throw new Refused();
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    // Unpaired surrogates, which Python accepts.
    throw new Refused();
  }
}

/** Two's complement, least significant byte first. */
function longOf(bytes: Uint8Array): string {
  let number = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) number = number * 256n + BigInt(bytes[i] ?? 0);
  if (((bytes.at(-1) ?? 0) & 0x80) !== 0) number -= 1n << BigInt(8 * bytes.length);
  return String(number);
}
