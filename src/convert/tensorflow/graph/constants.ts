import { AssayError } from '../../../core/index.ts';
import { tensorFrom, tensorOf } from '../../../formats/onnx/index.ts';
import { type TfTensor, tfTypeBytes } from '../../../formats/tensorflow/index.ts';
import type { GraphTensor, Network } from '../../network/index.ts';
import type { TensorReadOptions } from '../../tensors/index.ts';
import { Datum, datumType } from './datum.ts';

/** Integers of a constant that are looked at. */
export const MAX_KNOWN = 4_096;
const NODE_BYTES = 1_024;

/** A constant of the graph. Bytes stay where they are, but for a few integers. */
export function constantDatum(
  net: Network,
  tensor: TfTensor,
  bytes: Uint8Array | undefined,
  name: string,
  options: TensorReadOptions,
): Datum {
  const type = datumType(tensor.type);
  if (type === undefined) throw net.refuse(`the constant ${JSON.stringify(name.slice(0, 80))} is of ${tensor.type}`);
  options.budget.hold(NODE_BYTES);
  const { dims } = tensor;
  const count = dims.includes(0) ? 0 : dims.reduce((product, size) => product * size, 1);
  if (type === 'int64' && count <= MAX_KNOWN) {
    const integers = integersOf(tensor, count, bytes);
    const make = () => net.ints(integers, dims);
    return Datum.lazy({ type, shape: dims, known: integers }, make);
  }
  return Datum.lazy({ type, shape: dims }, () => net.cast(graphConstant(net, tensor, count, name, options), type));
}

/** Whether the bytes of a tensor have to be read before the graph is converted. */
export function isLookedAt({ type, dims, data }: TfTensor): boolean {
  return (
    data.kind === 'raw' && datumType(type) === 'int64' && dims.reduce((product, size) => product * size, 1) <= MAX_KNOWN
  );
}

function integersOf({ type, data }: TfTensor, count: number, bytes: Uint8Array | undefined): number[] {
  if (data.kind === 'listed') return repeated(data.values, count).map(safe);
  if (bytes === undefined || data.kind !== 'raw') throw new AssayError('internal', 'a constant was not read');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = tfTypeBytes(type) ?? 1;
  return Array.from({ length: count }, (_, index) => {
    const at = index * width;
    if (type === 'int64') return safe(view.getBigInt64(at, true));
    if (type === 'int32') return view.getInt32(at, true);
    if (type === 'int16') return view.getInt16(at, true);
    if (type === 'uint16') return view.getUint16(at, true);
    return type === 'int8' ? view.getInt8(at) : view.getUint8(at);
  });
}

/** @throws AssayError `unsupported` beyond 53 bits, which nothing that is converted has */
function safe(value: number | bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new AssayError('unsupported', `the integer ${value} of a constant is not converted`);
}

/** Elements that are left out are equal to the last one; to 0, when there is none. */
function repeated(values: readonly (number | bigint)[], count: number): (number | bigint)[] {
  const last = values.at(-1) ?? 0;
  return Array.from({ length: count }, (_, index) => values[index] ?? last);
}

function graphConstant(
  net: Network,
  { type, dims, data }: TfTensor,
  count: number,
  name: string,
  { budget }: TensorReadOptions,
): GraphTensor {
  const shape = [...dims];
  if (data.kind === 'raw') {
    if (type === 'string' || type === 'resource') throw new AssayError('internal', `a constant of ${type}`);
    const kind = rawType(type);
    if (kind === undefined) throw net.refuse(`the constant ${JSON.stringify(name.slice(0, 80))} is of ${type}`);
    return { value: net.graph.constant(tensorFrom(data.range, dims, kind), name), type: kind, shape };
  }
  if (data.kind === 'strings') throw net.refuse(`the constant ${JSON.stringify(name.slice(0, 80))} is text`);
  budget.hold(8 * count);
  budget.work(count);
  const numbers = repeated(data.values, count);
  if (type === 'bool') {
    const flags = Uint8Array.from(numbers, (one) => (Number(one) === 0 ? 0 : 1));
    return { value: net.graph.constant(tensorOf(flags, dims, 'bool'), name), type: 'bool', shape };
  }
  if (datumType(type) === 'int64') {
    const integers = BigInt64Array.from(numbers, BigInt);
    return { value: net.graph.constant(tensorOf(integers, dims), name), type: 'int64', shape };
  }
  if (type === 'float16' || type === 'bfloat16') {
    const halves = Uint16Array.from(numbers, Number);
    return { value: net.graph.constant(tensorOf(halves, dims, type), name), type, shape };
  }
  const floats = Float32Array.from(numbers, Number);
  return { value: net.graph.constant(tensorOf(floats, dims), name), type: 'float32', shape };
}

function rawType(type: TfTensor['type']) {
  switch (type) {
    case 'float32':
    case 'float64':
    case 'float16':
    case 'bfloat16':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'uint8':
    case 'uint16':
    case 'bool':
      return type;
    default:
      return undefined;
  }
}
