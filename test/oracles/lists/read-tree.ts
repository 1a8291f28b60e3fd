import { OPCODES, type Operand } from '../../../src/formats/pickle/opcodes.ts';
import { arrayBody } from './joblib-body.ts';
import { type Container, leaf, type Made, makerOf, type Name, type Node, type Step, tuple } from './tree.ts';

/** The tree of a pickle, with its protocol and its end. */
export interface ReadTree {
  readonly root: Node;
  readonly protocol: number;
  /** The offset of the end of the pickle. */
  readonly end: number;
}

const MARK: unique symbol = Symbol('mark');
type Slot = Node | typeof MARK;

/**
 * Reads a pickle that a pickler wrote.
 * @throws Error for instructions that only old or odd picklers write
 */
export function readTree(bytes: Uint8Array, start = 0): ReadTree {
  return new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), start).run();
}

class Reader {
  readonly #bytes: Buffer;
  #at: number;
  #protocol = 0;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, Node>();

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  run(): ReadTree {
    for (;;) {
      const opcode = OPCODES[this.#bytes[this.#at++] ?? -1];
      if (opcode === undefined) throw new Error('no such instruction');
      if (opcode.name === 'STOP') return { root: this.#pop(), protocol: this.#protocol, end: this.#at };
      this.#do(opcode.name, this.#operand(opcode.operand));
    }
  }

  #operand(operand: Operand): Buffer {
    const width = { u1: 1, u2: 2, i4: 4, u4: 4, u8: 8, f8: 8 }[operand as string];
    if (width !== undefined) return this.#take(width);
    const counted = /^bytes-[iu](\d)$/.exec(operand)?.[1];
    if (counted !== undefined) {
      const size = this.#take(Number(counted));
      return this.#take(Number(unsigned(size)));
    }
    if (operand === 'none') return this.#take(0);
    const end = this.#lineEnd(operand === 'two-lines' ? this.#lineEnd(this.#at) + 1 : this.#at);
    const text = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #lineEnd(from: number): number {
    const end = this.#bytes.indexOf(10, from);
    if (end < 0) throw new Error('a line does not end');
    return end;
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new Error('the pickle is cut off');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #pop(): Node {
    const slot = this.#stack.pop();
    if (slot === undefined || slot === MARK) throw new Error('the stack is empty');
    return slot;
  }

  #popMark(): Node[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) throw new Error('no mark');
    return this.#stack.splice(at).filter((slot): slot is Node => slot !== MARK);
  }

  #top(): Node {
    const slot = this.#stack.at(-1);
    if (slot === undefined || slot === MARK) throw new Error('the stack is empty');
    return slot;
  }

  #push(node: Node): void {
    this.#stack.push(node);
  }

  #do(opcode: string, operand: Buffer): void {
    if (this.#data(opcode, operand) || this.#container(opcode) || this.#object(opcode, operand)) return;
    switch (opcode) {
      case 'PROTO':
        this.#protocol = operand[0] ?? 0;
        return;
      case 'FRAME':
        return;
      case 'MARK':
        this.#stack.push(MARK);
        return;
      case 'POP':
        this.#stack.pop();
        return;
      case 'POP_MARK':
        this.#popMark();
        return;
      case 'MEMOIZE':
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 'PUT':
        this.#memo.set(Number(operand.toString()), this.#top());
        return;
      case 'BINPUT':
      case 'LONG_BINPUT':
        this.#memo.set(Number(unsigned(operand)), this.#top());
        return;
      case 'GET':
        this.#get(Number(operand.toString()));
        return;
      case 'BINGET':
      case 'LONG_BINGET':
        this.#get(Number(unsigned(operand)));
        return;
      default:
        throw new Error(`does not read ${opcode}`);
    }
  }

  #get(index: number): void {
    const node = this.#memo.get(index);
    if (node === undefined) throw new Error('nothing is kept there');
    this.#push(node);
  }

  #data(opcode: string, operand: Buffer): boolean {
    switch (opcode) {
      case 'NONE':
        this.#push(leaf(null));
        return true;
      case 'NEWTRUE':
      case 'NEWFALSE':
        this.#push(leaf(opcode === 'NEWTRUE'));
        return true;
      case 'INT':
      case 'LONG':
        this.#push(textInteger(operand.toString()));
        return true;
      case 'BININT1':
      case 'BININT2':
        this.#push(leaf(unsigned(operand)));
        return true;
      case 'BININT':
      case 'LONG1':
      case 'LONG4':
        this.#push(leaf(BigInt.asIntN(8 * operand.length, unsigned(operand))));
        return true;
      case 'FLOAT':
        this.#push(leaf(Number(operand.toString().replace(/nan/, 'NaN').replace('inf', 'Infinity'))));
        return true;
      case 'BINFLOAT':
        this.#push(leaf(operand.readDoubleBE()));
        return true;
      case 'BINBYTES':
      case 'SHORT_BINBYTES':
      case 'BINBYTES8':
        this.#push(leaf(Uint8Array.from(operand)));
        return true;
      case 'BYTEARRAY8':
        this.#push({ kind: 'leaf', value: Uint8Array.from(operand), mutable: true });
        return true;
      case 'SHORT_BINUNICODE':
      case 'BINUNICODE':
      case 'BINUNICODE8':
      case 'BINSTRING':
      case 'SHORT_BINSTRING':
        this.#push(leaf(operand.toString(opcode.endsWith('STRING') ? 'latin1' : 'utf8')));
        return true;
      case 'UNICODE':
        this.#push(
          leaf(
            operand.toString('latin1').replace(/\\u([0-9a-f]{4})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
          ),
        );
        return true;
      default:
        return false;
    }
  }

  #container(opcode: string): boolean {
    const empty = /^EMPTY_(TUPLE|LIST|DICT|SET)$/.exec(opcode)?.[1];
    if (empty !== undefined) {
      this.#push({ kind: empty.toLowerCase() as Container['kind'], items: [] });
      return true;
    }
    const count = /^TUPLE([123])$/.exec(opcode)?.[1];
    if (count !== undefined) {
      const items = Array.from({ length: Number(count) }, () => this.#pop());
      this.#push(tuple(...items.reverse()));
      return true;
    }
    if (/^(TUPLE|LIST|DICT|FROZENSET)$/.test(opcode)) {
      this.#push({ kind: opcode.toLowerCase() as Container['kind'], items: this.#popMark() });
      return true;
    }
    const step = STEPS[opcode];
    if (step === undefined) return false;
    const items =
      opcode === 'APPEND'
        ? [this.#pop()]
        : opcode === 'SETITEM'
          ? [this.#pop(), this.#pop()].reverse()
          : this.#popMark();
    const target = this.#top();
    if (target.kind === 'made') target.steps.push({ does: step, items });
    else if ('items' in target) target.items.push(...items);
    else throw new Error('takes no items');
    return true;
  }

  #object(opcode: string, operand: Buffer): boolean {
    switch (opcode) {
      case 'GLOBAL': {
        const [module = '', own = ''] = operand.toString().split('\n');
        this.#push({ kind: 'name', module, name: own });
        return true;
      }
      case 'STACK_GLOBAL': {
        const [own, module] = [this.#pop(), this.#pop()];
        if (own.kind !== 'leaf' || module.kind !== 'leaf') throw new Error('the name is computed');
        this.#push({ kind: 'name', module: String(module.value), name: String(own.value) } satisfies Name);
        return true;
      }
      case 'REDUCE':
      case 'NEWOBJ': {
        const [args, callee] = [this.#pop(), this.#pop()];
        this.#push({ kind: 'made', how: opcode.toLowerCase() as Made['how'], callee, args, steps: [] });
        return true;
      }
      case 'NEWOBJ_EX': {
        const [kwargs, args, callee] = [this.#pop(), this.#pop(), this.#pop()];
        this.#push({ kind: 'made', how: 'newobj_ex', callee, args, kwargs, steps: [] });
        return true;
      }
      case 'BUILD': {
        const state = this.#pop();
        const target = this.#top();
        if (target.kind !== 'made') throw new Error('takes no state');
        target.steps.push({ does: 'build', items: [state] });
        if (makerOf(target) === 'joblib.numpy_pickle:NumpyArrayWrapper')
          target.body = this.#take(arrayBody(state, this.#bytes.subarray(this.#at)));
        return true;
      }
      case 'BINPERSID':
        this.#push({ kind: 'persistent', id: this.#pop() });
        return true;
      default:
        return false;
    }
  }
}

const STEPS: Readonly<Record<string, Step['does']>> = {
  APPEND: 'append',
  APPENDS: 'append',
  SETITEM: 'set',
  SETITEMS: 'set',
  ADDITEMS: 'add',
};

function unsigned(bytes: Buffer): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

function textInteger(text: string): Node {
  if (text === '00' || text === '01') return leaf(text === '01');
  return leaf(BigInt(text.replace(/L$/, '')));
}
