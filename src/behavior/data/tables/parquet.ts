import { arrayOfTensor, type PlainArray } from '../../../formats/arrays/index.ts';
import { giveTensors } from '../../../sandbox/index.ts';
import type { TableFormat } from './format.ts';

const MAGIC = 'PAR1';
/** Values are held as 64-bit numbers, here and while they arrive. */
const HELD = 16;

/** Parquet, whose readers are other people's: it is decoded in a bounded child process. */
export const PARQUET_TABLE: TableFormat = {
  id: 'parquet',
  extensions: ['parquet', 'pq'],
  identify: (head) => String.fromCharCode(...head.subarray(0, 4)) === MAGIC,
  read: async ({ source }, { columns }, { limits, budget, signal }) => {
    const left = limits.maxFileMemory - budget.held;
    const args = { columns, maxCells: Math.floor(left / HELD) };
    const tensors = giveTensors({
      task: 'parquet',
      args,
      input: source,
      limits,
      maxOutputBytes: left,
      hold: (bytes) => budget.hold(2 * bytes),
      signal,
    });
    const arrays = new Map<string, PlainArray>();
    for await (const { name, tensor } of tensors) arrays.set(name, arrayOfTensor(tensor));
    return arrays;
  },
};
