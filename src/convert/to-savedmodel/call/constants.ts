import { AssayError, type FileBudget } from '../../../core/index.ts';
import {
  elementCount,
  type OnnxGraph,
  type OnnxModel,
  type OnnxTensor,
  tensorBytes,
  tensorStrings,
} from '../../../formats/onnx/index.ts';
import {
  isTfType,
  type TfTensor,
  type TfType,
  type TfValue,
  tfStrings,
  tfTensor,
  tfTypeBytes,
} from '../../../formats/tensorflow/index.ts';
import type { TfOps } from '../ops/index.ts';

/** Integers of a tensor that are looked at: axes, sizes, indices. */
const MAX_KNOWN = 4_096;
/** Numbers of a tensor that are looked at: scales. */
const MAX_SCALES = 16;

/** The tensors of a model, of which those that a translation looks at are read before. */
export class Constants {
  readonly #bytes: ReadonlyMap<OnnxTensor, Uint8Array>;
  readonly #strings: ReadonlyMap<OnnxTensor, readonly Uint8Array[]>;

  private constructor(
    bytes: ReadonlyMap<OnnxTensor, Uint8Array>,
    strings: ReadonlyMap<OnnxTensor, readonly Uint8Array[]>,
  ) {
    this.#bytes = bytes;
    this.#strings = strings;
  }

  /** Reads small integers, attributes, and what is not raw bytes. Weights stay where they are. */
  static async of({ graph }: OnnxModel, budget: FileBudget): Promise<Constants> {
    const bytes = new Map<OnnxTensor, Uint8Array>();
    const strings = new Map<OnnxTensor, readonly Uint8Array[]>();
    const read = async (tensor: OnnxTensor): Promise<void> => {
      if (tensor.type === 'string') strings.set(tensor, await tensorStrings(tensor, { budget }));
      else bytes.set(tensor, await tensorBytes(tensor, { budget }));
    };
    for (const { initializers, nodes } of graphsOf(graph)) {
      for (const tensor of initializers) {
        if (isLookedAt(tensor) || tensor.data.kind !== 'raw') await read(tensor);
      }
      for (const { attributes } of nodes)
        for (const one of attributes) if (one.type === 'tensor') await read(one.value);
    }
    return new Constants(bytes, strings);
  }

  /** A tensor as a constant of the graph. @throws AssayError `unsupported` for a type that TensorFlow does not have */
  value(tensor: OnnxTensor, tf: TfOps): TfValue {
    const value = tf.graph.constant(this.#tensor(tensor), tensor.name === '' ? 'constant' : tensor.name);
    if (!isLookedAt(tensor)) return value;
    const numbers = this.numbers(tensor);
    if (tensor.type === 'float32') tf.learnNumbers(value, numbers);
    else if (numbers.every(Number.isSafeInteger)) tf.learnIntegers(value, numbers);
    return value;
  }

  /** The elements of a tensor that was read. */
  numbers(tensor: OnnxTensor): number[] {
    const bytes = this.#bytes.get(tensor);
    if (bytes === undefined) throw new AssayError('internal', `the tensor ${tensor.name} was not read`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = elementCount(tensor.dims, tensor.name);
    const each = (width: number, get: (at: number) => number) =>
      Array.from({ length: count }, (_, index) => get(index * width));
    switch (tensor.type) {
      case 'float32':
        return each(4, (at) => view.getFloat32(at, true));
      case 'float64':
        return each(8, (at) => view.getFloat64(at, true));
      case 'int64':
        return each(8, (at) => Number(view.getBigInt64(at, true)));
      case 'int32':
        return each(4, (at) => view.getInt32(at, true));
      case 'bool':
      case 'uint8':
        return each(1, (at) => view.getUint8(at));
      default:
        throw new AssayError('unsupported', `the tensor ${tensor.name} has elements of type ${tensor.type}`);
    }
  }

  #tensor(tensor: OnnxTensor): TfTensor {
    const { dims, data, name } = tensor;
    const strings = this.#strings.get(tensor);
    if (strings !== undefined) return tfStrings(strings, dims);
    const type = tensorflowType(tensor.type, name);
    const bytes = this.#bytes.get(tensor);
    if (bytes !== undefined) return tfTensor(type, new Uint8Array(bytes), dims);
    if (data.kind === 'raw') return { type, dims, data: { kind: 'raw', range: data.range } };
    throw new AssayError('internal', `the tensor ${name} was not read`);
  }
}

/** @throws AssayError `unsupported` for a type that TensorFlow does not have, or stores in another way */
export function tensorflowType(type: string, name: string): TfType {
  if (isTfType(type) && (type === 'string' || tfTypeBytes(type) !== undefined)) return type;
  throw new AssayError(
    'unsupported',
    `${JSON.stringify(name.slice(0, 80))} is of type ${type}, which is not translated`,
    {
      hint: 'use --to onnx',
    },
  );
}

function isLookedAt({ type, dims, name }: OnnxTensor): boolean {
  const most = type === 'int64' || type === 'int32' ? MAX_KNOWN : type === 'float32' ? MAX_SCALES : 0;
  return most > 0 && elementCount(dims, name) <= most;
}

/** A graph, and those within it. */
export function* graphsOf(graph: OnnxGraph): Generator<OnnxGraph> {
  const waiting = [graph];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    for (const { attributes } of next.nodes)
      for (const one of attributes) {
        if (one.type === 'graph') waiting.push(one.value);
        else if (one.type === 'graphs') waiting.push(...one.value);
      }
  }
}
