import { throwIfAborted } from '../../core/index.ts';
import { halfToNumber } from '../../formats/arrays/index.ts';
import {
  byteLength,
  type DataType,
  type ExternalSources,
  elementCount,
  externalRange,
  type OnnxTensor,
  tensorBytes,
  tensorStrings,
} from '../../formats/onnx/index.ts';

export interface WeightSource {
  readonly external?: ExternalSources | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes that are read at a time: a multiple of the size of every number. */
const CHUNK = 1 << 20;

type Read = (view: DataView, at: number) => number;

const READERS: Readonly<Partial<Record<DataType, { readonly size: number; readonly read: Read }>>> = {
  float32: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  float64: { size: 8, read: (view, at) => view.getFloat64(at, true) },
  float16: { size: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  bfloat16: { size: 2, read: (view, at) => brainToNumber(view.getUint16(at, true)) },
  int8: { size: 1, read: (view, at) => view.getInt8(at) },
  uint8: { size: 1, read: (view, at) => view.getUint8(at) },
  bool: { size: 1, read: (view, at) => view.getUint8(at) },
  int16: { size: 2, read: (view, at) => view.getInt16(at, true) },
  uint16: { size: 2, read: (view, at) => view.getUint16(at, true) },
  int32: { size: 4, read: (view, at) => view.getInt32(at, true) },
  uint32: { size: 4, read: (view, at) => view.getUint32(at, true) },
  int64: { size: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  uint64: { size: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
};

/** Whether this machine keeps numbers as the format does. */
const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function brainToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
}

/** Whether the elements of a tensor are numbers that can be read here: packed and 8-bit floating-point types cannot. */
export function hasReadableNumbers({ type }: OnnxTensor): boolean {
  return READERS[type] !== undefined;
}

/**
 * The numbers of a tensor, some at a time, so that it is never whole in memory where its bytes lie side by side.
 * @throws AssayError `unsupported` for bytes that are not at hand; `malformed`, `truncated`, `limit`, `aborted`
 */
export async function* tensorNumbers(tensor: OnnxTensor, options: WeightSource): AsyncGenerator<Float64Array> {
  const reader = READERS[tensor.type];
  if (reader === undefined) return;
  for await (const bytes of tensorChunks(tensor, options)) {
    if (tensor.type === 'float32' && LITTLE) {
      yield Float64Array.from(new Float32Array(Uint8Array.from(bytes).buffer));
      continue;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { size, read } = reader;
    yield Float64Array.from({ length: bytes.byteLength / size }, (_, at) => read(view, at * size));
  }
}

/** The bytes of a tensor, as raw data has them, some at a time; texts come with their lengths. @throws AssayError as `tensorNumbers` */
export async function* tensorChunks(
  tensor: OnnxTensor,
  { external, signal }: WeightSource,
): AsyncGenerator<Uint8Array> {
  const { data } = tensor;
  if (tensor.type === 'string') {
    for (const text of await tensorStrings(tensor)) yield* [Uint8Array.of(0, ...lengthOf(text)), text];
    return;
  }
  if (data.kind === 'typed' || data.kind === 'strings') {
    yield await tensorBytes(tensor);
    return;
  }
  const length = byteLength(tensor.type, elementCount(tensor.dims, tensor.name));
  const range = data.kind === 'raw' ? data.range : externalRange(tensor, data.at, external);
  for (let at = 0; at < length; at += CHUNK) {
    throwIfAborted(signal);
    const part = Math.min(CHUNK, length - at);
    yield range.source.readNow(range.offset + at, part) ?? (await range.source.read(range.offset + at, part));
  }
}

/** So that two texts are not one. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  return new Uint8Array(Uint32Array.of(length).buffer);
}
