import type { Leaf, Made, Node, Step } from './tree.ts';

/** Writes the pickle of a tree. A tuple or an object that occurs within its own arguments is written as None there. */
export function writeTree(root: Node, protocol: number): Buffer {
  const writer = new Writer();
  if (protocol >= 2) writer.bytes.push(Buffer.from([0x80, protocol]));
  writer.write(root);
  writer.op('.');
  return Buffer.concat(writer.bytes);
}

const STEP_CODES: Readonly<Record<Step['does'], string>> = { build: 'b', append: 'e', set: 'u', add: '\x90' };

class Writer {
  readonly bytes: Buffer[] = [];
  readonly #memo = new Map<Node, number>();
  readonly #open = new Set<Node>();

  op(code: string, ...rest: Uint8Array[]): void {
    this.bytes.push(Buffer.from(code, 'latin1'), ...rest.map((part) => Buffer.from(part)));
  }

  write(node: Node): void {
    const known = this.#memo.get(node);
    if (node.kind === 'leaf') this.#leaf(node);
    else if (known !== undefined) this.op('j', u4(known));
    else if (this.#open.has(node)) this.op('N');
    else this.#composite(node);
  }

  #composite(node: Exclude<Node, Leaf>): void {
    this.#open.add(node);
    switch (node.kind) {
      case 'name':
        this.#text(node.module);
        this.#text(node.name);
        this.op('\x93');
        this.#keep(node);
        break;
      case 'persistent':
        this.write(node.id);
        this.op('Q');
        break;
      case 'made':
        this.#made(node);
        break;
      case 'tuple':
        if (node.items.length === 0) this.op(')');
        else this.#marked(node.items, 't');
        if (node.items.length > 0) this.#keep(node);
        break;
      case 'frozenset':
        this.#marked(node.items, '\x91');
        this.#keep(node);
        break;
      default:
        this.op({ list: ']', dict: '}', set: '\x8f' }[node.kind]);
        this.#keep(node);
        if (node.items.length > 0) this.#marked(node.items, { list: 'e', dict: 'u', set: '\x90' }[node.kind]);
    }
    this.#open.delete(node);
  }

  #made(node: Made): void {
    this.write(node.callee);
    this.write(node.args);
    if (node.how === 'newobj_ex' && node.kwargs !== undefined) this.write(node.kwargs);
    this.op({ reduce: 'R', newobj: '\x81', newobj_ex: '\x92' }[node.how]);
    this.#keep(node);
    for (const { does, items } of node.steps) {
      if (does === 'build') {
        for (const item of items) this.write(item);
        this.op('b');
        if (node.body !== undefined) this.op('', node.body);
      } else this.#marked(items, STEP_CODES[does]);
    }
  }

  #marked(items: readonly Node[], end: string): void {
    this.op('(');
    for (const item of items) this.write(item);
    this.op(end);
  }

  #keep(node: Node): void {
    this.op('r', u4(this.#memo.size));
    this.#memo.set(node, this.#memo.size);
  }

  #leaf({ value, mutable }: Leaf): void {
    if (value === null) this.op('N');
    else if (typeof value === 'boolean') this.op(value ? '\x88' : '\x89');
    else if (typeof value === 'bigint') this.#integer(value);
    else if (typeof value === 'number') {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value);
      this.op('G', bytes);
    } else if (typeof value === 'string') this.#text(value);
    else if (mutable === true) this.op('\x96', u8(value.length), value);
    else if (value.length < 256) this.op('C', Buffer.from([value.length]), value);
    else this.op('B', u4(value.length), value);
  }

  #integer(value: bigint): void {
    if (value >= 0n && value < 256n) this.op('K', Buffer.from([Number(value)]));
    else if (value >= -(2n ** 31n) && value < 2n ** 31n) this.op('J', u4(Number(BigInt.asUintN(32, value))));
    else this.#long(value);
  }

  #long(value: bigint): void {
    // One more byte than the digits need, for the sign.
    const width = Math.ceil((value.toString(16).replace('-', '').length + 1) / 2);
    const hex = BigInt.asUintN(8 * width, value)
      .toString(16)
      .padStart(2 * width, '0');
    const bytes = Buffer.from(hex, 'hex').reverse();
    if (bytes.length < 256) this.op('\x8a', Buffer.from([bytes.length]), bytes);
    else this.op('\x8b', u4(bytes.length), bytes);
  }

  #text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    if (bytes.length < 256) this.op('\x8c', Buffer.from([bytes.length]), bytes);
    else this.op('X', u4(bytes.length), bytes);
  }
}

function u4(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u8(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
