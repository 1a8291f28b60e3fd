import { AssayError, quotedName } from '../../../core/index.ts';
import type { PlainArray } from '../../../formats/arrays/index.ts';

/** The column, for messages, and the line or row of the first value. */
export interface CellPlace {
  readonly column: string;
  readonly rowWord: 'row' | 'line';
  readonly firstRow: number;
}

const MAX_RANK = 16;

/**
 * An array of JSON values, one a row: numbers, texts, or lists of them that all have the same shape. True and false are 1 and 0.
 * @throws AssayError `malformed` naming the row
 */
export function arrayOfValues(values: readonly unknown[], place: CellPlace): PlainArray {
  const shape = shapeOf(values[0]);
  if (shape.length > MAX_RANK) throw bad(place, 0, `holds lists more than ${MAX_RANK} deep`);
  const flat: (number | string)[] = [];
  values.forEach((value, row) => {
    flatten(value, shape, 0, flat, (what) => bad(place, row, what));
  });
  const dims = [values.length, ...shape];
  if (typeof flat[0] === 'string') return textsOf(flat, dims, place);
  const width = shape.reduce((product, size) => product * size, 1);
  let whole = true;
  const numbers = new Float64Array(flat.length);
  for (const [i, value] of flat.entries()) {
    if (typeof value === 'string')
      throw bad(place, Math.floor(i / width), `holds the text ${quotedName(value)} among numbers`);
    // JSON has no infinity: a text of more digits than a double has becomes one.
    if (!Number.isFinite(value)) throw bad(place, Math.floor(i / width), 'holds a number that is not finite');
    numbers[i] = value;
    whole &&= Number.isInteger(value) && !Object.is(value, -0);
  }
  if (!whole) return { kind: 'numbers', dims, values: numbers };
  const rounded = numbers.findIndex((value) => !Number.isSafeInteger(value));
  if (rounded >= 0)
    throw bad(place, Math.floor(rounded / width), 'holds a number above 2^53, which readers of JSON round');
  return { kind: 'integers', dims, values: BigInt64Array.from(numbers, BigInt) };
}

function shapeOf(value: unknown): number[] {
  const shape: number[] = [];
  for (let at = value; Array.isArray(at); at = at[0]) shape.push(at.length);
  return shape;
}

function flatten(
  value: unknown,
  shape: readonly number[],
  depth: number,
  into: (number | string)[],
  failure: (what: string) => AssayError,
): void {
  if (depth < shape.length) {
    if (!Array.isArray(value) || value.length !== shape[depth])
      throw failure(`does not have the shape [${shape.join(', ')}] of the first`);
    for (const item of value) flatten(item, shape, depth + 1, into, failure);
  } else if (typeof value === 'number' || typeof value === 'string') into.push(value);
  else if (typeof value === 'boolean') into.push(Number(value));
  else if (value === null || value === undefined) throw failure('has no value');
  else throw failure(Array.isArray(value) ? 'holds a list, and the first does not' : 'holds an object');
}

function textsOf(flat: readonly (number | string)[], dims: readonly number[], place: CellPlace): PlainArray {
  const width = dims.slice(1).reduce((product, size) => product * size, 1);
  const values = flat.map((value, i) => {
    if (typeof value === 'string') return value;
    throw bad(place, Math.floor(i / width), `holds the number ${value} among texts`);
  });
  return { kind: 'texts', dims, values };
}

/** @param row counted from 0 */
export function bad({ column, rowWord, firstRow }: CellPlace, row: number, what: string): AssayError {
  return new AssayError('malformed', `the column ${quotedName(column)} ${what} in ${rowWord} ${firstRow + row}`, {
    hint: 'give every row a value of the same kind, or leave the row or the column out',
  });
}
