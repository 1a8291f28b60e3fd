import { AssayError, quotedName } from '../../core/index.ts';
import { type Feeds, hasRows } from '../../formats/arrays/index.ts';
import type { TestedModel } from '../subject/index.ts';
import type { TestData } from './kind.ts';

/** The rows of a model with one input of numbers. */
export interface NumberInput {
  readonly input: string;
  /** Of one row. */
  readonly shape: readonly number[];
  /** Row after row. */
  readonly values: Float32Array;
  readonly width: number;
}

/** @throws AssayError `usage` for data that is not rows of one input of numbers of 32 bits */
export function numberInput({ signature }: TestedModel, { name, feeds }: TestData): NumberInput {
  if (!hasRows(signature))
    throw new AssayError('usage', 'what the model gives for a row depends on the rows beside it, or on chance');
  const [entry, ...others] = [...feeds.tensors];
  const [input, tensor] = entry ?? [];
  if (input === undefined || tensor?.type !== 'float32' || others.length > 0)
    throw new AssayError('usage', `the data ${quotedName(name)} is not rows of one input of float32`);
  return { input, shape: tensor.dims.slice(1), values: tensor.data, width: tensor.data.length / feeds.rows };
}

/** The numbers of all inputs of each row, side by side. */
export interface RowNumbers {
  readonly rows: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** @throws AssayError `usage` for texts, and numbers that are not finite */
export function rowNumbers({ tensors, rows }: Feeds, name: string): RowNumbers {
  const width = [...tensors.values()].reduce((sum, { data }) => sum + data.length / rows, 0);
  const values = new Float64Array(rows * width);
  let from = 0;
  for (const [input, { data, type }] of tensors) {
    if (type === 'string')
      throw new AssayError('usage', `the input ${quotedName(input)} of ${quotedName(name)} holds texts, not numbers`);
    const own = data.length / rows;
    for (let at = 0; at < data.length; at++) {
      const value = Number(data[at]);
      const row = Math.floor(at / own);
      if (!Number.isFinite(value))
        throw new AssayError('usage', `row ${row} of ${quotedName(name)} holds a number that is not finite`);
      values[row * width + from + (at % own)] = value;
    }
    from += own;
  }
  return { rows, width, values };
}
