import { Hdf5Cursor } from './cursor.ts';
import type { Hdf5Dataset } from './dataset.ts';
import { unfiltered } from './filters.ts';
import type { ChunkIndex } from './layout.ts';
import { treeLeaves } from './links.ts';
import type { Hdf5Range } from './range.ts';
import type { Hdf5Bytes } from './reading.ts';

/** A chunk as it is stored. */
interface StoredChunk {
  readonly address: number;
  readonly length: number;
  readonly mask: number;
}

type Chunked = Hdf5Dataset & { readonly layout: { readonly kind: 'chunked' } };

/** Chunks of all dimensions together: more than any writer makes of one array. */
const MAX_CHUNKS = 4_000_000;

export function isChunked(dataset: Hdf5Dataset): dataset is Chunked {
  return dataset.layout.kind === 'chunked';
}

/**
 * The elements of a chunked dataset in row-major order: a band of chunks at a time, which is all that is held.
 * @throws AssayError `malformed`, `unsupported`, `limit`
 */
export async function* chunkedElements(dataset: Chunked, bytes: Hdf5Bytes): AsyncGenerator<Uint8Array, void> {
  const { shape, type, layout, filters, length } = dataset;
  if (length === 0) return;
  const { chunk } = layout;
  const chunkLength = chunk.reduce((product, size) => product * size, type.size);
  const counts = shape.map((size, i) => Math.ceil(size / (chunk[i] ?? 1)));
  const owner = new Hdf5Cursor(new Uint8Array(0), bytes, 'chunked dataset');
  if (counts.reduce((product, count) => product * count, 1) > MAX_CHUNKS)
    throw owner.limit(`has more than ${MAX_CHUNKS} chunks`);
  const stored = await storedChunks(dataset, counts, chunkLength, bytes);
  const rowBytes = length / (shape[0] ?? 1);
  const bandRows = Math.min(chunk[0] ?? 1, shape[0] ?? 1);
  const held = chunkLength + bandRows * rowBytes;
  if (!Number.isSafeInteger(held)) throw owner.wrong('has chunks that are larger than any file');
  bytes.budget.hold(held);
  try {
    for (let first = 0; first < (counts[0] ?? 0); first++) {
      const rows = Math.min(bandRows, (shape[0] ?? 1) - first * (chunk[0] ?? 1));
      const band = new Uint8Array(rows * rowBytes);
      for (const place of placesOf(counts, first)) {
        const one = stored.get(place.join());
        if (one === undefined) {
          if (!dataset.zeroFill) throw owner.unsupported('has elements that were never written, and are not zero');
          continue;
        }
        const raw = await bytes.peek(one.address, one.length, 'chunk');
        bytes.budget.work(chunkLength);
        const elements = unfiltered(raw.bytes, filters, one.mask, chunkLength, bytes.name);
        paste(elements, band, { shape: [rows, ...shape.slice(1)], chunk, place, size: type.size });
      }
      yield band;
    }
  } finally {
    bytes.budget.release(held);
  }
}

/** Where the chunks of a dataset stand in the file. None of them is read. */
export async function storedRanges(dataset: Chunked, bytes: Hdf5Bytes): Promise<readonly Hdf5Range[]> {
  const { shape, type, layout } = dataset;
  if (dataset.length === 0 && layout.index.address === undefined) return [];
  const chunkLength = layout.chunk.reduce((product, size) => product * size, type.size);
  const counts = shape.map((size, i) => Math.ceil(size / (layout.chunk[i] ?? 1)));
  const owner = new Hdf5Cursor(new Uint8Array(0), bytes, 'chunked dataset');
  // Only an index that is not a tree says nothing of how many there are.
  if (layout.index.kind === 'implicit' && counts.reduce((product, count) => product * count, 1) > MAX_CHUNKS)
    throw owner.limit(`has more than ${MAX_CHUNKS} chunks`);
  const ranges: Hdf5Range[] = [];
  for (const { address, length } of (await storedChunks(dataset, counts, chunkLength, bytes)).values()) {
    const start = bytes.place(address, length, 'chunk');
    ranges.push({ start, end: start + length });
  }
  return ranges;
}

async function storedChunks(
  { shape, layout, filters }: Chunked,
  counts: readonly number[],
  chunkLength: number,
  bytes: Hdf5Bytes,
): Promise<ReadonlyMap<string, StoredChunk>> {
  const chunks = new Map<string, StoredChunk>();
  const { index, chunk } = layout;
  if (index.address === undefined) return chunks;
  if (index.kind === 'single')
    return chunks.set(counts.map(() => 0).join(), singleChunk(index, index.address, chunkLength));
  if (index.kind === 'implicit') {
    let address = index.address;
    for (let first = 0; first < (counts[0] ?? 0); first++)
      for (const place of placesOf(counts, first)) {
        bytes.budget.hold(128);
        chunks.set(place.join(), { address, length: chunkLength, mask: 0 });
        address += chunkLength;
      }
    return chunks;
  }
  // The key of a chunk: its length, the filters that it lacks, and where it begins, with 0 for the element's own bytes.
  for await (const { key, address } of treeLeaves(bytes, index.address, 1, 8 + 8 * (shape.length + 1))) {
    bytes.budget.hold(128);
    const [length, mask] = [key.u32(), key.u32()];
    const place = chunk.map((size) => placeOf(key, size)).join();
    if (key.uint(8) !== 0) throw key.wrong('is not where elements of its type begin');
    if (chunks.has(place)) throw key.wrong('is there twice');
    if (filters.length === 0 && length !== chunkLength) throw key.wrong(`has ${length} bytes, not ${chunkLength}`);
    chunks.set(place, { address, length, mask });
  }
  return chunks;
}

function placeOf(key: Hdf5Cursor, size: number): number {
  const offset = key.uint(8);
  if (offset % size !== 0) throw key.wrong('begins within another chunk');
  return offset / size;
}

function singleChunk(
  { filtered }: Extract<ChunkIndex, { readonly kind: 'single' }>,
  address: number,
  chunkLength: number,
): StoredChunk {
  return { address, length: filtered?.length ?? chunkLength, mask: filtered?.mask ?? 0 };
}

/** The places of the chunks whose first index is given, in order. */
function* placesOf(counts: readonly number[], first: number): Generator<readonly number[], void> {
  const place = [first, ...counts.slice(1).map(() => 0)];
  for (;;) {
    yield place;
    let axis = counts.length - 1;
    for (; axis > 0; axis--) {
      const next = (place[axis] ?? 0) + 1;
      if (next < (counts[axis] ?? 0)) {
        place[axis] = next;
        break;
      }
      place[axis] = 0;
    }
    if (axis <= 0) return;
  }
}

/** Copies the elements of a chunk that lie within the array into a band of it, run by run. */
function paste(
  elements: Uint8Array,
  band: Uint8Array,
  {
    shape,
    chunk,
    place,
    size,
  }: {
    readonly shape: readonly number[];
    readonly chunk: readonly number[];
    readonly place: readonly number[];
    readonly size: number;
  },
): void {
  const rank = shape.length;
  // The band begins where the chunk does, along the first dimension.
  const starts = place.map((index, axis) => (axis === 0 ? 0 : index * (chunk[axis] ?? 1)));
  const counts = shape.map((whole, axis) => Math.min(chunk[axis] ?? 1, whole - (starts[axis] ?? 0)));
  const run = (counts[rank - 1] ?? 1) * size;
  const at = counts.map(() => 0);
  for (;;) {
    let [from, to] = [0, 0];
    for (let axis = 0; axis < rank; axis++) {
      from = from * (chunk[axis] ?? 1) + (at[axis] ?? 0);
      to = to * (shape[axis] ?? 1) + (starts[axis] ?? 0) + (at[axis] ?? 0);
    }
    band.set(elements.subarray(from * size, from * size + run), to * size);
    let axis = rank - 2;
    for (; axis >= 0; axis--) {
      const next = (at[axis] ?? 0) + 1;
      if (next < (counts[axis] ?? 0)) {
        at[axis] = next;
        break;
      }
      at[axis] = 0;
    }
    if (axis < 0) return;
  }
}
