import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import { throwIfAborted } from '../../core/index.ts';
import { DTYPE_BYTES, swapBytes } from './dtype.ts';
import { elementsOf, isContiguous, type Tensor, writtenBytes } from './tensor.ts';

/** Bytes that are read, and written, at a time. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Bytes of a view that are put in order at a time. */
const BAND_BYTES = 32 * 1024 * 1024;

/** The elements of a tensor in row order, little-endian, in pieces that are valid until the next. */
export async function* elementBytes(tensor: Tensor, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const pieces = isContiguous(tensor) ? inOrder(tensor) : reordered(tensor);
  const width = swapBytes(tensor.dtype);
  for await (const piece of pieces) {
    throwIfAborted(signal);
    yield tensor.bigEndian && width > 1 ? swapped(piece, width) : piece;
  }
}

async function* inOrder(tensor: Tensor): AsyncGenerator<Uint8Array> {
  const width = DTYPE_BYTES[tensor.dtype];
  const start = tensor.offset * width;
  const end = start + writtenBytes(tensor);
  if (!tensor.bigEndian) {
    yield* chunks(tensor.bytes, start, end, CHUNK_BYTES);
    return;
  }
  for (let at = start; at < end; ) {
    // Pieces end between elements, so that their byte order can be changed.
    const length = Math.min(CHUNK_BYTES, end - at);
    yield await tensor.bytes.read(at, length);
    at += length;
  }
}

/** A view whose elements stand in another order: written in bands of its first dimension, each read in the order of the source. */
async function* reordered(tensor: Tensor): AsyncGenerator<Uint8Array> {
  const { shape, strides, dtype, name } = tensor;
  const [rows = 1, ...inner] = shape;
  const rowElements = elementsOf(inner, name);
  const rowBytes = rowElements * DTYPE_BYTES[dtype];
  if (rowBytes > BAND_BYTES && inner.length > 0) {
    // One row alone is too much: its own bands are written.
    for (let row = 0; row < rows; row++) {
      const offset = tensor.offset + row * (strides[0] ?? 0);
      yield* reordered({ ...tensor, shape: inner, strides: strides.slice(1), offset });
    }
    return;
  }
  const band = Math.max(1, Math.floor(BAND_BYTES / Math.max(1, rowBytes)));
  for (let row = 0; row < rows; row += band) {
    const count = Math.min(band, rows - row);
    const offset = tensor.offset + row * (strides[0] ?? 0);
    yield await gathered({ ...tensor, shape: [count, ...inner], offset });
  }
}

interface Axis {
  readonly size: number;
  /** Elements between neighbours in the source, and in the result. */
  readonly from: number;
  readonly to: number;
}

/** The elements of a view of at most `BAND_BYTES`. */
async function gathered(tensor: Tensor): Promise<Uint8Array> {
  const { shape, strides, dtype, name, bytes } = tensor;
  const width = DTYPE_BYTES[dtype];
  const out = Buffer.allocUnsafe(elementsOf(shape, name) * width);
  if (out.length === 0) return out;
  const reader = new Blocks(bytes);
  const axes = axesOf(shape, strides);
  const counters = new Array<number>(axes.length).fill(0);
  for (let from = tensor.offset, to = 0; ; ) {
    const at = from * width;
    const block = reader.holds(at, width) ? reader.bytes : await reader.at(at, width);
    const start = at - reader.start;
    for (let i = 0; i < width; i++) out[to * width + i] = block[start + i] ?? 0;
    let axis = axes.length - 1;
    for (; axis >= 0; axis--) {
      const { size, from: step, to: target } = axes[axis] ?? { size: 1, from: 0, to: 0 };
      const count = (counters[axis] ?? 0) + 1;
      if (count < size) {
        counters[axis] = count;
        from += step;
        to += target;
        break;
      }
      counters[axis] = 0;
      from -= step * (size - 1);
      to -= target * (size - 1);
    }
    if (axis < 0) return out;
  }
}

/** The dimensions, those with the widest steps in the source first: the source is then read from its start to its end. */
function axesOf(shape: readonly number[], strides: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  let to = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i] ?? 1;
    if (size !== 1) axes.push({ size, from: strides[i] ?? 0, to });
    to *= size;
  }
  return axes.sort((a, b) => b.from - a.from);
}

/** The bytes around what was read last. */
class Blocks {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  holds(at: number, length: number): boolean {
    return at >= this.start && at + length <= this.start + this.bytes.length;
  }

  async at(at: number, length: number): Promise<Uint8Array> {
    const size = Math.max(length, Math.min(CHUNK_BYTES, this.#source.size - at));
    this.bytes = await this.#source.read(at, size);
    this.start = at;
    return this.bytes;
  }
}

/** The same with each number's bytes in the other order. */
function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = Buffer.from(bytes);
  if (width === 2) return copy.swap16();
  return width === 4 ? copy.swap32() : copy.swap64();
}
