import type { Hdf5Cursor } from './cursor.ts';
import { FractalHeap } from './fractal-heap.ts';
import { checkSum } from './header.ts';
import type { Hdf5Bytes } from './reading.ts';

/** What an index of names holds: the type of its tree, where its records have the number of an object, and how long that is. */
const INDEXES = {
  links: { type: 5, idAt: 4, idLength: 7, countBytes: 8 },
  attributes: { type: 8, idAt: 0, idLength: 8, countBytes: 2 },
} as const;

/** Signature, version, type and checksum of a node. */
const NODE_OVERHEAD = 10;
const MAX_DEPTH = 16;

/**
 * The messages of links or attributes that are too many for an object's header: objects of a heap, found by a tree of names.
 * @param info the message that says where both are
 */
export async function* denseMessages(
  info: Hdf5Cursor,
  kind: keyof typeof INDEXES,
  bytes: Hdf5Bytes,
): AsyncGenerator<Hdf5Cursor, void> {
  const index = INDEXES[kind];
  info.version(0);
  const flags = info.u8();
  if ((flags & 1) !== 0) info.skip(index.countBytes);
  const [heapAddress, treeAddress] = [info.address(), info.address()];
  if (heapAddress === undefined || treeAddress === undefined) return;
  const heap = await FractalHeap.open(bytes, heapAddress);
  for await (const record of treeRecords(bytes, treeAddress, index.type)) {
    record.skip(index.idAt);
    yield await heap.object(record.part(index.idLength));
  }
}

interface Node {
  readonly address: number;
  readonly count: number;
  readonly level: number;
}

/** The records of a B-tree of version 2, in no order. */
async function* treeRecords(bytes: Hdf5Bytes, address: number, type: number): AsyncGenerator<Hdf5Cursor, void> {
  const { offsetSize, lengthSize } = bytes;
  const head = await bytes.read(address, 22 + offsetSize + lengthSize, 'B-tree header');
  checkSum(head);
  head.signature('BTHD');
  head.version(0);
  if (head.u8() !== type) throw head.wrong('is of another type');
  const [nodeSize, recordSize, depth] = [head.u32(), head.u16(), head.u16()];
  head.skip(2);
  const [root, count, total] = [head.address(), head.u16(), head.length()];
  if (root === undefined) return;
  if (depth > MAX_DEPTH || recordSize === 0 || nodeSize <= NODE_OVERHEAD + recordSize)
    throw head.wrong(`has nodes of ${nodeSize} bytes, records of ${recordSize}, and a depth of ${depth}`);
  const sizes = pointerSizes({ nodeSize, recordSize, depth, offsetSize });
  const known = new Set<number>();
  const stack: Node[] = [{ address: root, count, level: depth }];
  let seen = 0;
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const body = await bytes.read(node.address, nodeSize, 'B-tree node');
    if (known.has(node.address)) throw body.wrong('is in its tree twice');
    known.add(node.address);
    bytes.budget.hold(64);
    body.signature(node.level === 0 ? 'BTLF' : 'BTIN');
    body.version(0);
    if (body.u8() !== type) throw body.wrong('is of another type');
    for (let i = 0; i < node.count; i++, seen++) yield body.part(recordSize);
    const { countSize, totalSize } = sizes[node.level] ?? { countSize: 0, totalSize: 0 };
    for (let i = 0; node.level > 0 && i <= node.count; i++) {
      stack.push({ address: body.place(), count: body.uint(countSize), level: node.level - 1 });
      body.skip(totalSize);
    }
  }
  if (seen !== total) throw head.wrong(`has ${seen} records, but states ${total}`);
}

/** Bytes of the numbers beside the address of a child, by the level of the node that has them. */
function pointerSizes({
  nodeSize,
  recordSize,
  depth,
  offsetSize,
}: {
  readonly nodeSize: number;
  readonly recordSize: number;
  readonly depth: number;
  readonly offsetSize: number;
}): readonly { readonly countSize: number; readonly totalSize: number }[] {
  let most = Math.floor((nodeSize - NODE_OVERHEAD) / recordSize);
  const countSize = bytesFor(most);
  const sizes = [{ countSize, totalSize: 0 }];
  let totalSize = 0;
  for (let level = 1; level <= depth; level++) {
    sizes.push({ countSize, totalSize });
    const pointer = offsetSize + countSize + totalSize;
    const own = Math.floor((nodeSize - NODE_OVERHEAD - pointer) / (recordSize + pointer));
    most = (own + 1) * most + own;
    totalSize = Math.min(8, bytesFor(most));
  }
  return sizes;
}

/** Bytes that hold each number up to a limit. */
export function bytesFor(limit: number): number {
  return Math.floor(Math.log2(Math.max(1, limit)) / 8) + 1;
}
