import { AssayError } from '../../core/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';

/** Feeds a whole number for each of so many rows, the last one again where there are fewer. */
export function addRows(
  feeds: Map<string, RunTensor>,
  name: string | undefined,
  values: Int32Array,
  from: number,
  rows: number,
): void {
  if (name === undefined) return;
  const data = BigInt64Array.from({ length: rows }, (_, row) =>
    BigInt(values[Math.min(from + row, values.length - 1)] ?? 0),
  );
  feeds.set(name, { type: 'int64', dims: [rows], data });
}

/** The numbers of a result, which has so many. @throws AssayError `unsupported` */
export function reals(results: ReadonlyMap<string, RunTensor>, name: string, count: number): Float32Array {
  const tensor = results.get(name);
  if (tensor?.type !== 'float32' && tensor?.type !== 'float64')
    throw new AssayError('unsupported', 'the gradient is not of numbers');
  if (tensor.data.length !== count)
    throw new AssayError('unsupported', `the gradient has ${tensor.data.length} numbers, not ${count}`);
  return tensor.type === 'float32' ? tensor.data : Float32Array.from(tensor.data);
}

/** Lists one after another. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
