import type { Feeds } from '../../formats/arrays/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';

/**
 * The same inputs with other numbers.
 * @param change the number for one that an input has: its index among those of the row, and its row
 */
export function changedNumbers(feeds: Feeds, change: (value: number, at: number, row: number) => number): Feeds {
  const tensors = [...feeds.tensors].map(([name, tensor]) => [name, changed(tensor, feeds.rows, change)] as const);
  return { ...feeds, tensors: new Map(tensors) };
}

/** Texts, integers and flags stay: what changes is a quantity. */
function changed(
  tensor: RunTensor,
  rows: number,
  change: (value: number, at: number, row: number) => number,
): RunTensor {
  if (tensor.type !== 'float32' && tensor.type !== 'float64') return tensor;
  const width = tensor.data.length / rows;
  const map = (value: number, i: number) => change(value, i % width, Math.floor(i / width));
  return tensor.type === 'float32'
    ? { ...tensor, data: tensor.data.map(map) }
    : { ...tensor, data: tensor.data.map(map) };
}

/** Whether an input has numbers that can be changed. */
export function hasNumbers({ tensors }: Feeds): boolean {
  return [...tensors.values()].some(({ type }) => type === 'float32' || type === 'float64');
}
