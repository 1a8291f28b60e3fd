import { type ByteSource, checkRange } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { DTYPE_BYTES } from './dtype.ts';
import { elementsOf, rowMajor, type Tensor } from './tensor.ts';

/** A part of a tensor that stands somewhere else than the rest. */
export interface TensorPiece {
  /** Its elements in row order, little-endian, and nothing else. */
  readonly bytes: ByteSource;
  /** Where it begins in the whole tensor, and its size, for each dimension. */
  readonly offsets: readonly number[];
  readonly shape: readonly number[];
}

/**
 * A tensor whose elements come from several places.
 * @throws AssayError `malformed` for pieces that leave the tensor, cover each other, or do not fill it
 */
export function pasted(
  whole: Pick<Tensor, 'name' | 'dtype' | 'shape'>,
  pieces: readonly TensorPiece[],
  budget: FileBudget,
) {
  const { name, dtype, shape } = whole;
  const bytes = new PastedSource(whole, checkedPieces(whole, pieces, budget));
  const tensor: Tensor = { name, dtype, shape, strides: rowMajor(shape), offset: 0, bytes, bigEndian: false };
  return tensor;
}

/**
 * A tensor whose elements in row order are those of some sources, one after the other.
 * @throws AssayError `malformed` when they have another number of elements
 */
export function joinedTensor(
  { name, dtype, shape }: Pick<Tensor, 'name' | 'dtype' | 'shape'>,
  parts: readonly ByteSource[],
  budget: FileBudget,
): Tensor {
  let at = 0;
  const pieces = parts.map((bytes) => {
    const size = bytes.size / DTYPE_BYTES[dtype];
    const piece = { bytes, offsets: [at], shape: [size] };
    at += size;
    return piece;
  });
  if (at !== elementsOf(shape, name))
    throw new AssayError('malformed', `its parts have ${at} elements, which is not its shape`, { subject: name });
  return { ...pasted({ name, dtype, shape: [at] }, pieces, budget), shape, strides: rowMajor(shape) };
}

function checkedPieces(
  { name, dtype, shape }: Pick<Tensor, 'name' | 'dtype' | 'shape'>,
  pieces: readonly TensorPiece[],
  budget: FileBudget,
): readonly TensorPiece[] {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: name });
  const total = elementsOf(shape, name);
  let filled = 0;
  const used: TensorPiece[] = [];
  for (const piece of pieces) {
    if (piece.shape.length !== shape.length || piece.offsets.length !== shape.length)
      throw refuse('a piece has another number of dimensions than the tensor');
    if (shape.some((size, i) => (piece.offsets[i] ?? 0) + (piece.shape[i] ?? 0) > size))
      throw refuse('a piece reaches beyond the tensor');
    const elements = elementsOf(piece.shape, name);
    if (piece.bytes.size !== elements * DTYPE_BYTES[dtype])
      throw refuse(`a piece of ${elements} elements has ${piece.bytes.size} bytes`);
    filled += elements;
    if (elements > 0) used.push(piece);
  }
  if (filled !== total) throw refuse(`its pieces have ${filled} of its ${total} elements`);
  used.sort((a, b) => (a.offsets[0] ?? 0) - (b.offsets[0] ?? 0));
  for (const [i, piece] of used.entries()) {
    const end = (piece.offsets[0] ?? 0) + (piece.shape[0] ?? 1);
    for (let k = i + 1; k < used.length; k++) {
      const other = used[k];
      budget.work(1);
      if (other === undefined || (shape.length > 0 && (other.offsets[0] ?? 0) >= end)) break;
      if (overlap(piece, other)) throw refuse('two of its pieces cover each other');
    }
  }
  return used;
}

function overlap(a: TensorPiece, b: TensorPiece): boolean {
  return a.shape.every((size, i) => {
    const [from, other, otherSize] = [a.offsets[i] ?? 0, b.offsets[i] ?? 0, b.shape[i] ?? 0];
    return from < other + otherSize && other < from + size;
  });
}

/** A stretch of a piece whose bytes stand next to each other in the whole tensor, too. */
class Runs {
  readonly #piece: TensorPiece;
  readonly bytes: ByteSource;
  /** Bytes of one, and how many the piece has. */
  readonly length: number;
  readonly count: number;
  /** Dimensions that tell the runs apart, and the bytes between neighbours in the whole tensor. */
  readonly #outer: number;
  readonly #steps: readonly number[];
  readonly #first: number;

  constructor(piece: TensorPiece, shape: readonly number[], width: number) {
    this.#piece = piece;
    this.bytes = piece.bytes;
    this.#steps = rowMajor(shape).map((stride) => stride * width);
    let outer = shape.length;
    let length = width;
    // A dimension that the piece spans joins the runs of the dimension around it.
    while (outer > 0) {
      outer--;
      length *= piece.shape[outer] ?? 1;
      if (piece.shape[outer] !== shape[outer]) break;
    }
    this.#outer = outer;
    this.length = length;
    this.count = piece.bytes.size / length;
    this.#first = piece.offsets.reduce((sum, offset, i) => sum + offset * (this.#steps[i] ?? 0), 0);
  }

  /** Where a run begins in the whole tensor. It grows with the number. */
  at(run: number): number {
    let at = this.#first;
    let left = run;
    for (let i = this.#outer - 1; i >= 0; i--) {
      const size = this.#piece.shape[i] ?? 1;
      at += (left % size) * (this.#steps[i] ?? 0);
      left = Math.floor(left / size);
    }
    return at;
  }

  /** The first run that ends behind an offset of the whole tensor. */
  behind(offset: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.at(middle) + this.length > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The bytes of a tensor in row order, each from the piece that has it. */
class PastedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #runs: readonly Runs[];

  constructor({ name, dtype, shape }: Pick<Tensor, 'name' | 'dtype' | 'shape'>, pieces: readonly TensorPiece[]) {
    this.name = name;
    this.size = elementsOf(shape, name) * DTYPE_BYTES[dtype];
    this.#runs = pieces.map((piece) => new Runs(piece, shape, DTYPE_BYTES[dtype]));
  }

  readNow(): undefined {
    return undefined;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const out = Buffer.alloc(length);
    for (const runs of this.#runs) await fill(out, offset, runs);
    return out;
  }

  async unchanged(): Promise<boolean> {
    for (const { bytes } of this.#runs) if (!(await bytes.unchanged())) return false;
    return true;
  }

  async close(): Promise<void> {}
}

/** Copies what a piece has of `[offset, offset + out.length)`: its bytes are read in one stretch. */
async function fill(out: Buffer, offset: number, runs: Runs): Promise<void> {
  const end = offset + out.length;
  const first = runs.behind(offset);
  const last = Math.min(runs.count, runs.behind(end));
  const beyond = last < runs.count && runs.at(last) < end ? last + 1 : last;
  if (first >= beyond) return;
  const start = first * runs.length + Math.max(0, offset - runs.at(first));
  const stop = (beyond - 1) * runs.length + Math.min(runs.length, end - runs.at(beyond - 1));
  if (stop <= start) return;
  const bytes = await runs.bytes.read(start, stop - start);
  for (let run = first; run < beyond; run++) {
    const at = runs.at(run);
    const from = Math.max(at, offset);
    const to = Math.min(at + runs.length, end);
    const within = run * runs.length + (from - at) - start;
    out.set(bytes.subarray(within, within + (to - from)), from - offset);
  }
}
