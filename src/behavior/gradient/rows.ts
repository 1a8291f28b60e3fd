import { AssayError } from '../../core/index.ts';
import type { OnnxModel, OnnxValue } from '../../formats/onnx/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import { shortName } from './refusals.ts';

/** Values of the inputs of a model, by name. */
export type TensorFeeds = ReadonlyMap<string, RunTensor>;

/** The values with another number of rows: those of the inputs that take any number are repeated, or cut. */
export function withRows({ graph }: OnnxModel, feeds: TensorFeeds, rows: number): TensorFeeds {
  const names = new Set(graph.inputs.filter(takesAnyRows).map(({ name }) => name));
  return new Map([...feeds].map(([name, one]) => [name, names.has(name) ? repeatRows(name, one, rows) : one]));
}

/** Whether the first axis of an input is that of the rows, of which there may be any number. */
export function takesAnyRows({ type }: OnnxValue): boolean {
  if (type?.kind !== 'tensor') return false;
  const [rows] = type.shape ?? [undefined];
  return type.shape?.length !== 0 && (typeof rows?.size !== 'number' || rows.size <= 0);
}

function repeatRows(name: string, tensor: RunTensor, rows: number): RunTensor {
  const [own = 0, ...rest] = tensor.dims;
  if (own < 1) throw new AssayError('usage', `the example of the input ${shortName(name)} has no rows`);
  const width = tensor.data.length / own;
  const at = Array.from(
    { length: rows * width },
    (_, index) => (Math.floor(index / width) % own) * width + (index % width),
  );
  const dims = [rows, ...rest];
  if (tensor.type === 'string') return { ...tensor, dims, data: at.map((index) => tensor.data[index] ?? '') };
  const data = tensor.data.slice(0, 0);
  const grown = new (data.constructor as new (length: number) => typeof data)(at.length);
  for (const [index, from] of at.entries()) {
    const value = tensor.data[from];
    if (value !== undefined) grown[index] = value;
  }
  return { ...tensor, dims, data: grown } as RunTensor;
}
