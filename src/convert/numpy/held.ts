import { AssayError, type FileBudget, throwIfAborted } from '../../core/index.ts';
import { halfToNumber } from '../../formats/arrays/index.ts';
import {
  dtypeOf,
  type Inert,
  type NumpyElement,
  type NumpyRecord,
  numpyRecordOf,
  sequenceOf,
} from '../../formats/pickle/inert/index.ts';
import { allWithin, isContiguous } from '../tensors/index.ts';
import { arrayParts, orderOf } from './arrays.ts';
import type { Buffers } from './buffers.ts';

/** The elements of an array, as the file has them. */
type Elements =
  | { readonly kind: 'bytes'; readonly element: NumpyElement; readonly bytes: Uint8Array }
  | { readonly kind: 'records'; readonly record: NumpyRecord; readonly bytes: Uint8Array }
  | { readonly kind: 'objects'; readonly items: readonly Inert[] };

/** An array of NumPy whose elements are in memory. Its bytes are as many as its shape says. */
export class HeldArray {
  readonly shape: readonly number[];
  readonly size: number;
  readonly #strides: readonly number[];
  readonly #elements: Elements;

  constructor(shape: readonly number[], strides: readonly number[], elements: Elements) {
    this.shape = shape;
    this.size = shape.reduce((product, size) => product * size, 1);
    this.#strides = strides;
    this.#elements = elements;
  }

  /** What its elements are: `number` and `boolean` have `numbers`, `text` has `texts`, `objects` has `objects`. */
  get kind(): 'number' | 'integer' | 'boolean' | 'text' | 'records' | 'objects' | 'other' {
    if (this.#elements.kind !== 'bytes') return this.#elements.kind;
    const { kind, size } = this.#elements.element;
    if (kind === 'U') return 'text';
    if (kind === 'b') return 'boolean';
    if (kind === 'i' || kind === 'u') return 'integer';
    return kind === 'f' && size <= 8 ? 'number' : 'other';
  }

  /** Its elements in row order; `undefined` when they are not numbers. Integers beyond 2^53 are rounded. */
  numbers(): Float64Array | undefined {
    if (this.#elements.kind !== 'bytes') return undefined;
    const { element, bytes } = this.#elements;
    return this.#column(bytes, element, element.size, 0);
  }

  /** Its elements in row order; `undefined` when they are not integers. */
  integers(): bigint[] | undefined {
    const elements = this.#elements;
    if (elements.kind !== 'bytes' || (this.kind !== 'integer' && this.kind !== 'boolean')) return undefined;
    const { kind, size, bigEndian } = elements.element;
    const view = viewOf(elements.bytes);
    return this.#inOrder((index) => {
      const at = index * size;
      if (size === 8) return kind === 'u' ? view.getBigUint64(at, !bigEndian) : view.getBigInt64(at, !bigEndian);
      return BigInt(numberAt(view, at, elements.element) ?? 0);
    });
  }

  /** Its elements in row order; `undefined` when they are not text. */
  texts(): string[] | undefined {
    const elements = this.#elements;
    if (elements.kind !== 'bytes' || elements.element.kind !== 'U') return undefined;
    const { size, bigEndian } = elements.element;
    const view = viewOf(elements.bytes);
    return this.#inOrder((index) => {
      const points: number[] = [];
      for (let at = index * size; at < (index + 1) * size; at += 4) points.push(view.getUint32(at, !bigEndian));
      const length = points.findLastIndex((point) => point !== 0) + 1;
      return points.slice(0, length).map(characterOf).join('');
    });
  }

  /** Its elements in row order; `undefined` when they are not objects. */
  objects(): readonly Inert[] | undefined {
    const elements = this.#elements;
    return elements.kind === 'objects' ? this.#inOrder((index) => elements.items[index] ?? null) : undefined;
  }

  /** One field of its elements; `undefined` when they have no such field. */
  field(name: string): Float64Array | undefined {
    if (this.#elements.kind !== 'records') return undefined;
    const { record, bytes } = this.#elements;
    const field = record.fields.get(name);
    return field === undefined ? undefined : this.#column(bytes, field.element, record.size, field.offset);
  }

  #column(bytes: Uint8Array, element: NumpyElement, step: number, offset: number): Float64Array | undefined {
    const values = new Float64Array(this.size);
    const view = viewOf(bytes);
    let to = 0;
    for (const index of this.#indexes()) {
      const value = numberAt(view, index * step + offset, element);
      if (value === undefined) return undefined;
      values[to++] = value;
    }
    return values;
  }

  #inOrder<T>(at: (index: number) => T): T[] {
    const values: T[] = [];
    for (const index of this.#indexes()) values.push(at(index));
    return values;
  }

  /** Where the elements stand, in row order. */
  *#indexes(): Generator<number> {
    const { shape, size } = this;
    if (isContiguous({ shape, strides: this.#strides })) {
      for (let i = 0; i < size; i++) yield i;
      return;
    }
    const counters = new Array<number>(shape.length).fill(0);
    let index = 0;
    for (let i = 0; i < size; i++) {
      yield index;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const [length = 1, stride = 0] = [shape[axis], this.#strides[axis]];
        const count = (counters[axis] ?? 0) + 1;
        index += stride;
        counters[axis] = count;
        if (count < length) break;
        counters[axis] = 0;
        index -= stride * length;
      }
    }
  }
}

/** The arrays within a value. */
export type ArrayTable = ReadonlyMap<Inert, HeldArray>;

/**
 * Reads every array that a value holds into memory.
 * @throws AssayError `malformed` for one whose bytes are not those of its shape; `limit`
 */
export async function holdArrays(
  root: Inert,
  buffers: Buffers,
  { budget, signal }: { readonly budget: FileBudget; readonly signal: AbortSignal | undefined },
): Promise<ArrayTable> {
  const table = new Map<Inert, HeldArray>();
  for (const value of allWithin([root], new Set())) {
    throwIfAborted(signal);
    budget.work(1);
    const array = await held(value, buffers, budget);
    if (array !== undefined) table.set(value, array);
  }
  return table;
}

async function held(value: Inert, buffers: Buffers, budget: FileBudget): Promise<HeldArray | undefined> {
  const found = arrayParts(value);
  const order = found.kind === 'array' ? orderOf(found.parts) : undefined;
  if (found.kind !== 'array' || order === undefined) return undefined;
  const { data, dtype } = found.parts;
  const elements = order.shape.reduce((product, size) => product * size, 1);
  const element = dtypeOf(dtype);
  if (element?.kind === 'O') {
    const items = sequenceOf(data);
    if (items === undefined) return undefined;
    if (items.length !== elements) throw wrongSize(`${items.length} objects`, order.shape);
    return new HeldArray(order.shape, order.strides, { kind: 'objects', items });
  }
  const record = element === undefined ? numpyRecordOf(dtype) : undefined;
  const source = buffers.bytesOf(data);
  const width = element?.size ?? record?.size;
  if (source === undefined || width === undefined) return undefined;
  if (source.size !== elements * width) throw wrongSize(`${source.size} bytes`, order.shape);
  budget.hold(source.size);
  const bytes = source.readNow(0, source.size) ?? (await source.read(0, source.size));
  if (element !== undefined) return new HeldArray(order.shape, order.strides, { kind: 'bytes', element, bytes });
  return record === undefined
    ? undefined
    : new HeldArray(order.shape, order.strides, { kind: 'records', record, bytes });
}

function wrongSize(what: string, shape: readonly number[]): AssayError {
  return new AssayError('malformed', `an array of shape (${shape.join(', ')}) has ${what}`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One number; `undefined` for an element that is none. */
function numberAt(view: DataView, at: number, { kind, size, bigEndian }: NumpyElement): number | undefined {
  const little = !bigEndian;
  switch (`${kind}${size}`) {
    case 'f8':
      return view.getFloat64(at, little);
    case 'f4':
      return view.getFloat32(at, little);
    case 'f2':
      return halfToNumber(view.getUint16(at, little));
    case 'i8':
      return Number(view.getBigInt64(at, little));
    case 'u8':
      return Number(view.getBigUint64(at, little));
    case 'i4':
      return view.getInt32(at, little);
    case 'u4':
      return view.getUint32(at, little);
    case 'i2':
      return view.getInt16(at, little);
    case 'u2':
      return view.getUint16(at, little);
    case 'i1':
      return view.getInt8(at);
    case 'u1':
    case 'b1':
      return view.getUint8(at);
    default:
      return undefined;
  }
}

/** Numbers that are not characters become the sign for that. */
function characterOf(point: number): string {
  return point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? '\ufffd' : String.fromCodePoint(point);
}
