import { type ByteSource, checkRange } from '../../core/bytes/index.ts';
import { type DataType, type OnnxTensor, tensorFrom } from '../../formats/onnx/index.ts';
import { type Dtype, rowOrder, type Tensor, type TensorReadOptions, writtenBytes } from '../tensors/index.ts';

/** Element types of weights, as ONNX names them. Runtimes compute with none of the types that are missing. */
const TYPES: Partial<Record<Dtype, DataType>> = {
  BOOL: 'bool',
  U8: 'uint8',
  I8: 'int8',
  I16: 'int16',
  U16: 'uint16',
  F16: 'float16',
  BF16: 'bfloat16',
  I32: 'int32',
  U32: 'uint32',
  F32: 'float32',
  F64: 'float64',
  I64: 'int64',
  U64: 'uint64',
};

/** @returns `undefined` for an element type that runtimes do not compute with */
export function weightType(dtype: Dtype): DataType | undefined {
  return TYPES[dtype];
}

/** A tensor of a model as one of a graph: its bytes stay in the source until the graph is written. */
export function weightTensor(tensor: Tensor, type: DataType, options: TensorReadOptions): OnnxTensor {
  const source = new OrderedSource(tensor, options);
  return tensorFrom({ source, offset: 0, length: source.size }, tensor.shape, type);
}

/** The elements of a tensor in row order, little-endian. Those that stand otherwise are put in order when they are first read. */
class OrderedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #tensor: Tensor;
  readonly #options: TensorReadOptions;
  #ordered: Promise<ByteSource> | undefined;

  constructor(tensor: Tensor, options: TensorReadOptions) {
    this.name = tensor.name;
    this.size = writtenBytes(tensor);
    this.#tensor = tensor;
    this.#options = options;
  }

  readNow(): undefined {
    return undefined;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    this.#ordered ??= rowOrder(this.#tensor, this.#options);
    const source = await this.#ordered;
    return source.readNow(offset, length) ?? (await source.read(offset, length));
  }

  unchanged(): Promise<boolean> {
    return this.#tensor.bytes.unchanged();
  }

  async close(): Promise<void> {}
}
