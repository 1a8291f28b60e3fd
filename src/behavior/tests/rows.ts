import { createHash } from 'node:crypto';
import type { Feeds, PlainArray } from '../../formats/arrays/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import type { TestData } from './kind.ts';

/** Some rows of data, with what is known of them, in their order. */
export function keptRows(data: TestData, isKept: (row: number) => boolean): TestData {
  const { feeds, labels, expected, columns } = data;
  const keep = Uint8Array.from({ length: feeds.rows }, (_, row) => (isKept(row) ? 1 : 0));
  if (countOf(keep) === feeds.rows) return data;
  const tensors = [...feeds.tensors].map(([name, tensor]) => [name, keptOfTensor(tensor, keep)] as const);
  const arrayOf = (array: PlainArray) => keptOfArray(array, keep);
  return {
    ...data,
    feeds: { ...feeds, tensors: new Map(tensors), rows: countOf(keep) },
    labels: labels === undefined ? undefined : arrayOf(labels),
    expected: expected && new Map([...expected].map(([name, array]) => [name, arrayOf(array)])),
    ...(columns && { columns: new Map([...columns].map(([name, array]) => [name, arrayOf(array)])) }),
  };
}

function keptOfTensor(tensor: RunTensor, keep: Uint8Array): RunTensor {
  const isKept = keeps(tensor.data.length, keep);
  // `filter` of each kind of array makes one of the same kind.
  const data = (tensor.data as Uint8Array).filter((_, at) => isKept(at));
  return { ...tensor, dims: [countOf(keep), ...tensor.dims.slice(1)], data } as RunTensor;
}

/** An array of another number of rows stays as it is, and is refused where it is used. */
function keptOfArray(array: PlainArray, keep: Uint8Array): PlainArray {
  if (array.dims[0] !== keep.length) return array;
  const isKept = keeps(array.values.length, keep);
  const dims = [countOf(keep), ...array.dims.slice(1)];
  const values = (array.values as Float64Array).filter((_, at) => isKept(at));
  return { ...array, dims, values } as PlainArray;
}

function keeps(length: number, keep: Uint8Array): (at: number) => boolean {
  const width = length / keep.length;
  return (at) => keep[Math.floor(at / width)] === 1;
}

function countOf(keep: Uint8Array): number {
  return keep.reduce((sum, one) => sum + one, 0);
}

/** A digest of the inputs of each row: rows of equal inputs have the same. */
export function rowDigests({ tensors, rows }: Feeds): readonly string[] {
  return Array.from({ length: rows }, (_, row) => {
    const hash = createHash('sha256');
    for (const { data } of tensors.values()) {
      const width = data.length / rows;
      const own = data.slice(row * width, (row + 1) * width);
      hash.update(ArrayBuffer.isView(own) ? own : JSON.stringify(own));
    }
    return hash.digest('base64');
  });
}
