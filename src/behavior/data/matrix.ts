import { AssayError, quotedName } from '../../core/index.ts';
import type { PlainArray } from '../../formats/arrays/index.ts';

/**
 * NamedArrays side by side, as one array of rows; a single one stays as it is.
 * @throws AssayError `usage` for columns of other kinds, sizes or shapes
 */
export function matrixOf(columns: ReadonlyMap<string, PlainArray>, subject: string): PlainArray {
  const [first, ...others] = columns;
  if (first === undefined) throw new AssayError('usage', 'has no columns', { subject });
  const [firstName, only] = first;
  if (others.length === 0) return only;
  const rows = only.dims[0] ?? 0;
  for (const [name, { dims, kind }] of columns) {
    const problem =
      dims.length !== 1 || dims[0] !== rows
        ? `has the shape [${dims.join(', ')}], and ${quotedName(firstName)} has [${only.dims.join(', ')}]`
        : (kind === 'texts') !== (only.kind === 'texts')
          ? `holds ${kind}, and ${quotedName(firstName)} holds ${only.kind}`
          : undefined;
    if (problem !== undefined)
      throw new AssayError('usage', `the column ${quotedName(name)} ${problem}: they are not one matrix`, {
        subject,
        hint: 'select columns of one kind with `columns`',
      });
  }
  const arrays = [...columns.values()];
  const dims = [rows, arrays.length];
  if (arrays.every((array) => array.kind === 'texts'))
    return { kind: 'texts', dims, values: sideBySide(arrays, rows, new Array<string>(rows * arrays.length)) };
  if (arrays.every((array) => array.kind === 'integers'))
    return { kind: 'integers', dims, values: sideBySide(arrays, rows, new BigInt64Array(rows * arrays.length)) };
  const values = new Float64Array(rows * arrays.length);
  arrays.forEach((array, column) => {
    for (let row = 0; row < rows; row++) values[row * arrays.length + column] = Number(array.values[row]);
  });
  return { kind: 'numbers', dims, values };
}

function sideBySide<T, A extends { [index: number]: T }>(
  arrays: readonly { readonly values: ArrayLike<T> }[],
  rows: number,
  into: A,
): A {
  arrays.forEach(({ values }, column) => {
    for (let row = 0; row < rows; row++) {
      const value = values[row];
      if (value !== undefined) into[row * arrays.length + column] = value;
    }
  });
  return into;
}
