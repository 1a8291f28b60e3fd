import { spool } from '../../core/bytes/index.ts';
import { halfToNumber } from '../../formats/arrays/index.ts';
import { elementBytes, rowMajor, type Tensor, type TensorReadOptions, writtenBytes } from '../tensors/index.ts';

/** Bytes of an element of each type that is converted, and its value. */
const READERS: Readonly<Record<string, readonly [width: number, read: (view: DataView, at: number) => number]>> = {
  F16: [2, (view, at) => halfToNumber(view.getUint16(at, true))],
  BF16: [2, (view, at) => wideOf(view.getUint16(at, true))],
  F64: [8, (view, at) => view.getFloat64(at, true)],
};

/** The same numbers as float32; a tensor of other types than floating point stays as it is. */
export async function asFloat32(tensor: Tensor, options: TensorReadOptions): Promise<Tensor> {
  const { name, dtype, shape } = tensor;
  const reader = Object.hasOwn(READERS, dtype) ? READERS[dtype] : undefined;
  if (reader === undefined) return tensor;
  const converted = convert(tensor, reader, options.signal);
  const copy = await spool(converted, name, writtenBytes(tensor), options.budget, options.limits);
  options.resources.defer(() => copy.close());
  return { name, dtype: 'F32', shape, strides: rowMajor(shape), offset: 0, bytes: copy, bigEndian: false };
}

async function* convert(
  tensor: Tensor,
  [width, read]: readonly [number, (view: DataView, at: number) => number],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let carried: Uint8Array = new Uint8Array(0);
  for await (const piece of elementBytes(tensor, signal)) {
    const bytes = carried.length === 0 ? Buffer.from(piece) : Buffer.concat([carried, piece]);
    const count = Math.floor(bytes.length / width);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const out = Buffer.allocUnsafeSlow(count * 4);
    for (let i = 0; i < count; i++) out.writeFloatLE(read(view, i * width), i * 4);
    carried = bytes.subarray(count * width);
    yield out;
  }
}

function wideOf(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits * 0x10000);
  return view.getFloat32(0);
}
