import type { ByteSource } from '../../core/bytes/index.ts';
import { quotedName } from '../../core/index.ts';
import {
  DTYPE_BYTES,
  type Dtype,
  elementsOf,
  rowOrder,
  type Tensor,
  type TensorReadOptions,
} from '../tensors/index.ts';
import { AtenDatum, integers } from './datum.ts';
import type { AtenRunner } from './runner.ts';
import { AtenTensor, type Memory } from './values.ts';

/** Integers of a tensor that are looked at. */
const MAX_KNOWN = 64;
const INTEGERS: ReadonlySet<Dtype> = new Set(['I8', 'I16', 'I32', 'I64', 'U8', 'U16', 'U32', 'U64']);
/** Types that PyTorch computes with as the graph does. */
const EXACT: ReadonlySet<Dtype> = new Set(['F32', 'I64', 'BOOL']);

/** The few integers that tensors hold, which may be sizes. */
export type KnownIntegers = ReadonlyMap<Tensor, readonly number[]>;

/** Reads small tensors of integers, which may be sizes and axes. */
export async function readIntegers(tensors: Iterable<Tensor>, options: TensorReadOptions): Promise<KnownIntegers> {
  const known = new Map<Tensor, readonly number[]>();
  for (const tensor of tensors) {
    const count = elementsOf(tensor.shape, tensor.name);
    if (!INTEGERS.has(tensor.dtype) || count === 0 || count > MAX_KNOWN) continue;
    const source = await rowOrder(tensor, options);
    options.budget.hold(16 * count);
    const bytes = await source.read(0, source.size);
    const numbers = numbersOf(tensor.dtype, bytes, count);
    if (numbers.every(Number.isSafeInteger)) known.set(tensor, numbers);
  }
  return known;
}

function numbersOf(dtype: Dtype, bytes: Uint8Array, count: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = DTYPE_BYTES[dtype];
  return Array.from({ length: count }, (_, index) => {
    const at = index * width;
    if (width === 8) return Number(dtype === 'I64' ? view.getBigInt64(at, true) : view.getBigUint64(at, true));
    if (width === 4) return dtype === 'I32' ? view.getInt32(at, true) : view.getUint32(at, true);
    if (width === 2) return dtype === 'I16' ? view.getInt16(at, true) : view.getUint16(at, true);
    return dtype === 'I8' ? view.getInt8(at) : view.getUint8(at);
  });
}

/** The tensors that belong to a model, as values of its program. Those of one storage share its memory. */
export class Weights {
  readonly #runner: AtenRunner;
  readonly #known: KnownIntegers;
  readonly #memories = new Map<ByteSource, Memory>();
  readonly #cells = new Map<Tensor, AtenTensor>();

  constructor(runner: AtenRunner, known: KnownIntegers) {
    this.#runner = runner;
    this.#known = known;
  }

  cell(tensor: Tensor): AtenTensor {
    const made = this.#cells.get(tensor);
    if (made !== undefined) return made;
    if (!EXACT.has(tensor.dtype)) this.#runner.types.uniform = false;
    const cell = new AtenTensor(this.#datum(tensor), this.#memory(tensor));
    this.#cells.set(tensor, cell);
    return cell;
  }

  #datum(tensor: Tensor): AtenDatum {
    const { net } = this.#runner;
    const { dtype, shape } = tensor;
    const type = dtype === 'BOOL' ? 'bool' : INTEGERS.has(dtype) ? 'int64' : 'float32';
    const known = this.#known.get(tensor);
    const make = () => net.cast(net.weight(tensor), type);
    if (shape.includes(0)) throw net.refuse(`the tensor ${quotedName(tensor.name)} has no elements`);
    return known === undefined ? new AtenDatum({ type, shape }, make) : integers(net, shape, known, make);
  }

  #memory({ bytes, name }: Tensor): Memory {
    const known = this.#memories.get(bytes);
    if (known !== undefined) return known;
    const memory = { changes: 0, owner: `the tensor ${quotedName(name)} of the model` };
    this.#memories.set(bytes, memory);
    return memory;
  }
}
