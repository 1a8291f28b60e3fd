import type { FileBudget } from '../../../core/index.ts';
import { type ExternalSources, elementCount, type OnnxTensor } from '../../../formats/onnx/index.ts';
import { ConstantReader, gridOf, KnownTensors, REAL_BYTES, solidDims, type TensorContent } from '../constants/index.ts';

/** What the tensors of both graphs hold, by tensor. */
export interface TensorsRead {
  readonly shipped: ReadonlyMap<OnnxTensor, TensorContent>;
  readonly rebuilt: ReadonlyMap<OnnxTensor, TensorContent>;
}

/** Reads the tensors of both graphs in tiles, those of the rebuilt one first: they are the weights of the model. */
export async function readTensors(
  shipped: readonly OnnxTensor[],
  rebuilt: readonly OnnxTensor[],
  budget: FileBudget,
  external: ExternalSources | undefined,
): Promise<TensorsRead> {
  const known = new KnownTensors();
  const own = new ConstantReader(known, budget);
  const rebuiltConstants = new Map<OnnxTensor, TensorContent>();
  for (const tensor of rebuilt) {
    const { name, type, dims, data } = tensor;
    const isWeight = REAL_BYTES[type] !== undefined && elementCount(dims, name) > 1 && data.kind === 'raw';
    if (!isWeight) {
      rebuiltConstants.set(tensor, await own.read(tensor));
      continue;
    }
    const solid = solidDims(dims);
    const grid = gridOf(data.range, type, solid, budget);
    const computed = /^constant(?:_\d+)?$/.test(name);
    const weight = await known.add({ name, dims: solid, grid, computed });
    rebuiltConstants.set(tensor, { kind: 'weight', from: { kind: 'whole', tensor: weight, transposed: false } });
  }
  const reader = new ConstantReader(known, budget, external);
  const shippedConstants = new Map<OnnxTensor, TensorContent>();
  for (const tensor of shipped) shippedConstants.set(tensor, await reader.read(tensor));
  return { shipped: shippedConstants, rebuilt: rebuiltConstants };
}

const HALVES: ReadonlySet<string> = new Set(['float16', 'bfloat16']);

/** Whether most weights are numbers of 16 bits. */
export function hasHalves(tensors: readonly OnnxTensor[]): boolean {
  let [halves, others] = [0, 0];
  for (const { type, dims, name } of tensors) {
    if (REAL_BYTES[type] === undefined) continue;
    if (HALVES.has(type)) halves += elementCount(dims, name);
    else others += elementCount(dims, name);
  }
  return halves > others;
}
