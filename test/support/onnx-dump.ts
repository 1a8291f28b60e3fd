import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxTensor } from '../../src/formats/onnx/model.ts';
import { tensorBytes, tensorStrings } from '../../src/formats/onnx/tensor-data.ts';

/** A model as plain JSON, in the words of `fixtures/make/onnx_models.py`: numbers of 64 bits as text, bytes in hexadecimal. */
export async function dumpOnnx(model: OnnxModel): Promise<unknown> {
  const tensors = new Map<OnnxTensor, unknown>();
  await collect(model, tensors);
  return JSON.parse(
    JSON.stringify(model, (_key, value: unknown) => {
      if (typeof value === 'bigint') return String(value);
      if (value === undefined) return null;
      if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
      if (value instanceof Float32Array) return Array.from(value, bits);
      if (value instanceof BigInt64Array) return Array.from(value, String);
      if (isTensor(value)) return tensors.get(value);
      if (isFloat(value)) return { ...value, value: bits(value.value) };
      if (isShaped(value)) return { ...value, element: value.element ?? null, shape: value.shape ?? null };
      if (isDimension(value)) return { ...value, size: value.size ?? null };
      if (isUntyped(value)) return { ...value, type: null };
      return isTraining(value) ? { ...value, initialization: value.initialization ?? null } : value;
    }),
  );
}

async function collect(value: unknown, tensors: Map<OnnxTensor, unknown>): Promise<void> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (isTensor(value)) tensors.set(value, await dumpTensor(value));
  else for (const inner of Object.values(value)) await collect(inner, tensors);
}

async function dumpTensor(tensor: OnnxTensor): Promise<unknown> {
  const { name, type, dims, docString, metadata, data } = tensor;
  const common = { name, type, dims, docString, metadata };
  if (data.kind === 'external') {
    const { location, offset, length } = data.at;
    return { ...common, external: { location, offset, length: length ?? null } };
  }
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return type === 'string'
    ? { ...common, strings: (await tensorStrings(tensor)).map(hex) }
    : { ...common, bytes: hex(await tensorBytes(tensor)) };
}

function bits(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes.toString('hex');
}

function has(value: unknown, ...keys: string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => Object.hasOwn(value, key));
}

function isTensor(value: unknown): value is OnnxTensor {
  return has(value, 'dims', 'data');
}

function isFloat(value: unknown): value is Extract<OnnxAttribute, { type: 'float' }> {
  return has(value, 'type', 'value') && (value as { type: unknown }).type === 'float';
}

function isShaped(value: unknown): value is { readonly element?: unknown; readonly shape?: unknown } {
  return has(value, 'element', 'shape');
}

function isDimension(value: unknown): value is { readonly size?: unknown } {
  return has(value, 'size', 'denotation');
}

function isUntyped(value: unknown): value is object {
  return has(value, 'name', 'type', 'docString', 'metadata') && (value as { type: unknown }).type === undefined;
}

function isTraining(value: unknown): value is { readonly initialization?: OnnxGraph } {
  return has(value, 'initialization', 'updateBindings');
}
