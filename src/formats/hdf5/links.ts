import type { Hdf5Cursor } from './cursor.ts';
import type { Hdf5Bytes } from './reading.ts';
import { decodeText } from './text.ts';

/** What a name in a group leads to. */
export type Hdf5Link =
  | { readonly kind: 'hard'; readonly address: number }
  | { readonly kind: 'soft' | 'user-defined' }
  /** The value: a byte, the name of a file, and a path in it. */
  | { readonly kind: 'external'; readonly to: string };

const CACHED_SOFT = 2;

/** Collects the links of one group. @throws AssayError `malformed` for two of one name */
export class LinkTable {
  readonly links = new Map<string, Hdf5Link>();
  readonly #bytes: Hdf5Bytes;

  constructor(bytes: Hdf5Bytes) {
    this.#bytes = bytes;
  }

  add(name: string, link: Hdf5Link, owner: Hdf5Cursor): void {
    this.#bytes.budget.hold(128 + 2 * name.length);
    if (this.links.has(name)) throw owner.wrong(`has the name ${JSON.stringify(name.slice(0, 80))} twice`);
    this.links.set(name, link);
  }

  /** A link message, in the header of a group or in its heap. */
  message(body: Hdf5Cursor): void {
    body.version(1);
    const flags = body.u8();
    const type = (flags & 0x08) !== 0 ? body.u8() : 0;
    if ((flags & 0x04) !== 0) body.skip(8);
    if ((flags & 0x10) !== 0) body.skip(1);
    const name = decodeText(body.take(body.uint(1 << (flags & 3))), body);
    if (type === 0) this.add(name, { kind: 'hard', address: body.place() }, body);
    else if (type === 64) this.add(name, { kind: 'external', to: externalTarget(body) }, body);
    else this.add(name, { kind: type === 1 ? 'soft' : 'user-defined' }, body);
  }

  /** The links of a group of the old form: a B-tree whose leaves are nodes of symbols. */
  async symbols(message: Hdf5Cursor): Promise<void> {
    const [tree, heapAddress] = [message.place(), message.place()];
    const names = await readLocalHeap(this.#bytes, heapAddress);
    for await (const node of treeLeaves(this.#bytes, tree, 0, this.#bytes.lengthSize)) {
      const head = await this.#bytes.read(node.address, 8, 'symbol table node');
      head.signature('SNOD');
      head.version(1);
      head.skip(1);
      const count = head.u16();
      const entrySize = 2 * this.#bytes.offsetSize + 24;
      const entries = await this.#bytes.read(node.address + 8, count * entrySize, 'symbol table node');
      for (let i = 0; i < count; i++) this.#symbol(entries.part(entrySize), names);
    }
  }

  #symbol(entry: Hdf5Cursor, names: Hdf5Cursor): void {
    const at = entry.uint(this.#bytes.offsetSize);
    const length = names.bytes.indexOf(0, at) - at;
    if (at >= names.bytes.length || length < 0) throw entry.wrong('has a name that its heap does not hold');
    this.#bytes.budget.work(64 + length);
    const name = decodeText(names.bytes.subarray(at, at + length), names);
    const address = entry.address();
    const cached = entry.u32();
    if (cached === CACHED_SOFT) this.add(name, { kind: 'soft' }, entry);
    else if (address === undefined) throw entry.wrong('lacks an address');
    else this.add(name, { kind: 'hard', address }, entry);
  }
}

/** The names of a heap: of the links of a group, or of the files of a dataset. */
export async function readLocalHeap(bytes: Hdf5Bytes, address: number): Promise<Hdf5Cursor> {
  const { lengthSize, offsetSize } = bytes;
  const head = await bytes.read(address, 8 + 2 * lengthSize + offsetSize, 'local heap');
  head.signature('HEAP');
  head.version(0);
  head.skip(3);
  const size = head.length();
  head.length();
  bytes.budget.hold(size);
  return await bytes.read(head.place(), size, 'local heap');
}

/** For messages: `file:path`. */
function externalTarget(body: Hdf5Cursor): string {
  const value = body.part(body.u16());
  value.skip(Math.min(1, value.left));
  return Buffer.from(value.take(value.left)).toString('utf8').split('\0').slice(0, 2).join(':');
}

/** A child of the lowest nodes of a B-tree, and the key before it. */
export interface TreeLeaf {
  readonly key: Hdf5Cursor;
  readonly address: number;
}

/**
 * The leaves of a B-tree of version 1, in order.
 * @param type 0 for groups, 1 for chunks
 * @throws AssayError `malformed` for nodes that lead to themselves, or of the wrong level
 */
export async function* treeLeaves(
  bytes: Hdf5Bytes,
  root: number,
  type: number,
  keySize: number,
): AsyncGenerator<TreeLeaf, void> {
  const known = new Set<number>();
  const stack: { address: number; level: number | undefined }[] = [{ address: root, level: undefined }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { offsetSize } = bytes;
    const head = await bytes.read(next.address, 8 + 2 * offsetSize, 'B-tree node');
    if (known.has(next.address)) throw head.wrong('is in its tree twice');
    known.add(next.address);
    bytes.budget.hold(64);
    head.signature('TREE');
    const [found, level] = [head.u8(), head.u8()];
    if (found !== type || (next.level !== undefined && level !== next.level))
      throw head.wrong(`is of the type ${found} and the level ${level}`);
    const count = head.u16();
    const body = await bytes.read(
      next.address + head.bytes.length,
      count * (keySize + offsetSize) + keySize,
      'B-tree node',
    );
    const children: TreeLeaf[] = [];
    for (let i = 0; i < count; i++) children.push({ key: body.part(keySize), address: body.place() });
    if (level === 0) yield* children;
    else for (const { address } of children.reverse()) stack.push({ address, level: level - 1 });
  }
}
