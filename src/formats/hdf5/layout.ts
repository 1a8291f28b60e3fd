import type { Hdf5Cursor } from './cursor.ts';
import type { Hdf5Bytes } from './reading.ts';

/** Where the elements of a dataset are. */
export type StorageLayout =
  /** In the header itself. */
  | { readonly kind: 'compact'; readonly data: Uint8Array }
  /** One behind the other; without an address, none was ever written. */
  | { readonly kind: 'contiguous'; readonly address: number | undefined; readonly length: number }
  | {
      readonly kind: 'chunked';
      /** Sizes of a chunk, in elements. */
      readonly chunk: readonly number[];
      readonly elementSize: number;
      readonly index: ChunkIndex;
    }
  /** In other files, whose names stand in a local heap. */
  | { readonly kind: 'external'; readonly heap: number; readonly names: readonly number[] }
  /** In other datasets, of this file or of others: an object of a global heap lists them. */
  | { readonly kind: 'virtual'; readonly heap: number | undefined; readonly index: number };

/** What says where the chunks are; without an address, none was ever written. */
export type ChunkIndex =
  | { readonly kind: 'tree'; readonly address: number | undefined }
  /** One chunk holds all; its length and the filters that it lacks, where it has some. */
  | {
      readonly kind: 'single';
      readonly address: number | undefined;
      readonly filtered: { readonly length: number; readonly mask: number } | undefined;
    }
  /** All chunks, one behind the other. */
  | { readonly kind: 'implicit'; readonly address: number | undefined };

const CLASSES = ['compact', 'contiguous', 'chunked'] as const;
const MAX_RANK = 32;

/** @throws AssayError `unsupported` for other ways to store elements, naming them */
export function readLayout(body: Hdf5Cursor, bytes: Hdf5Bytes): StorageLayout {
  const version = body.version(1, 2, 3, 4, 5);
  return version < 3 ? readOld(body) : readNew(body, version, bytes);
}

function readOld(body: Hdf5Cursor): StorageLayout {
  const rank = body.u8();
  const kind = CLASSES[body.u8()];
  body.skip(5);
  if (rank > MAX_RANK + 1 || kind === undefined) throw body.wrong('is not one of the specification');
  const address = kind === 'compact' ? undefined : body.address();
  const sizes = Array.from({ length: rank }, () => body.u32());
  if (kind === 'compact') return { kind, data: body.take(body.u32()) };
  if (kind === 'contiguous') {
    // The last size is that of an element only where there are chunks; here, the shape and the type give the length.
    return { kind, address, length: Number.NaN };
  }
  return { kind, chunk: sizes.slice(0, -1), elementSize: sizes.at(-1) ?? 0, index: { kind: 'tree', address } };
}

function readNew(body: Hdf5Cursor, version: number, bytes: Hdf5Bytes): StorageLayout {
  const type = body.u8();
  const kind = CLASSES[type];
  switch (kind) {
    case 'compact':
      return { kind, data: body.take(body.u16()) };
    case 'contiguous':
      return { kind, address: body.address(), length: body.length() };
    case 'chunked':
      return version === 3 ? chunkedTree(body) : chunkedNew(body, bytes);
    default:
      if (type !== 3) throw body.unsupported(`has the class ${type}`);
      return { kind: 'virtual', heap: body.address(), index: body.u32() };
  }
}

function chunkedTree(body: Hdf5Cursor): StorageLayout {
  const rank = rankOf(body);
  const address = body.address();
  const sizes = Array.from({ length: rank }, () => body.u32());
  return {
    kind: 'chunked',
    chunk: sizes.slice(0, -1),
    elementSize: sizes.at(-1) ?? 0,
    index: { kind: 'tree', address },
  };
}

/** The list of files that hold the elements of a dataset (External Data Files message). */
export function readExternal(body: Hdf5Cursor): StorageLayout {
  body.version(1);
  body.skip(5);
  const used = body.u16();
  const heap = body.place();
  const names = Array.from({ length: used }, () => {
    const name = body.length();
    body.length();
    body.length();
    return name;
  });
  return { kind: 'external', heap, names };
}

const INDEXES = ['', 'single', 'implicit', 'fixed array', 'extensible array', 'B-tree of version 2'];

function chunkedNew(body: Hdf5Cursor, bytes: Hdf5Bytes): StorageLayout {
  const flags = body.u8();
  const rank = rankOf(body);
  const width = body.u8();
  if (width < 1 || width > 8) throw body.wrong(`has sizes of ${width} bytes`);
  const sizes = Array.from({ length: rank }, () => body.uint(width));
  const type = body.u8();
  const shape = { kind: 'chunked', chunk: sizes.slice(0, -1), elementSize: sizes.at(-1) ?? 0 } as const;
  if (type === 1) {
    const filtered = (flags & 2) === 0 ? undefined : { length: body.uint(bytes.lengthSize), mask: body.u32() };
    return { ...shape, index: { kind: 'single', address: body.address(), filtered } };
  }
  if (type === 2) return { ...shape, index: { kind: 'implicit', address: body.address() } };
  throw body.unsupported(`keeps its chunks in an index of the kind "${INDEXES[type] ?? type}"`);
}

function rankOf(body: Hdf5Cursor): number {
  const rank = body.u8();
  if (rank < 2 || rank > MAX_RANK + 1) throw body.wrong(`has chunks of ${rank - 1} dimensions`);
  return rank;
}
