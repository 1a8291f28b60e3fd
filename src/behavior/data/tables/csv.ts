import { AssayError, quotedName, throwIfAborted } from '../../../core/index.ts';
import type { PlainArray } from '../../../formats/arrays/index.ts';
import { type CsvRecord, csvRecords } from './csv-records.ts';
import type { ColumnType, TableFormat } from './format.ts';
import { wholeText } from './text.ts';
import { bad, type CellPlace } from './values.ts';

const INTEGER = /^[+-]?\d{1,19}$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);
/** Bytes that a cell takes, however short its text is. */
const CELL_BYTES = 64;
const CHECK_EVERY = 4096;

/**
 * CSV with a header. A column whose cells are all integers, or all numbers, is one of them, else it holds texts; the suite may say
 * which (`types`).
 */
export const CSV_TABLE: TableFormat = {
  id: 'csv',
  extensions: ['csv'],
  read: async ({ path, source }, { columns, types }, context) => {
    const records = csvRecords(await wholeText(source, path, context));
    const first = records.next();
    if (first.done === true)
      throw new AssayError('malformed', 'is empty', { hint: 'give it a header with the names of its columns' });
    const names = headerOf(first.value);
    const wanted = names.flatMap((name, at) => (columns === undefined || columns.includes(name) ? [{ name, at }] : []));
    const cells = wanted.map((): string[] => []);
    const lines: number[] = [];
    for (const { line, fields } of records) {
      if (lines.length % CHECK_EVERY === 0) throwIfAborted(context.signal);
      if (fields.length !== names.length)
        throw new AssayError(
          'malformed',
          `has ${fields.length} fields in line ${line}, and ${names.length} in its header`,
          {
            hint: 'quote fields that hold commas, and remove empty lines',
          },
        );
      context.budget.hold(CELL_BYTES * (1 + wanted.length));
      for (const [i, { at }] of wanted.entries()) cells[i]?.push(fields[at] ?? '');
      lines.push(line);
    }
    return new Map(
      wanted.map(({ name }, i) => {
        const lineOf = (row: number) => ({ column: name, rowWord: 'line', firstRow: (lines[row] ?? 0) - row }) as const;
        return [name, arrayOfCells(cells[i] ?? [], types.get(name), lineOf)];
      }),
    );
  },
};

function headerOf({ fields }: CsvRecord): readonly string[] {
  const twice = fields.find((name, i) => fields.indexOf(name) !== i);
  if (twice !== undefined) throw new AssayError('malformed', `has two columns ${quotedName(twice)}`);
  if (fields.includes(''))
    throw new AssayError('malformed', `has a column without a name: field ${fields.indexOf('') + 1}`);
  return fields;
}

type PlaceOf = (row: number) => CellPlace;

function arrayOfCells(cells: readonly string[], type: ColumnType | undefined, placeOf: PlaceOf): PlainArray {
  const dims = [cells.length];
  const isInteger = (cell: string) => INTEGER.test(cell);
  const isNumber = (cell: string) => NUMBER.test(cell) || SPECIAL.has(cell.toLowerCase());
  const require = (test: (cell: string) => boolean, what: string) => {
    const row = cells.findIndex((cell) => !test(cell));
    const cell = cells[row];
    if (cell === undefined) return;
    throw bad(placeOf(row), row, cell === '' ? 'has no value' : `holds ${quotedName(cell)}, which is not ${what},`);
  };
  const kind = type ?? kindOf(cells, isInteger, isNumber);
  switch (kind) {
    case 'text':
      return { kind: 'texts', dims, values: cells };
    case 'integer':
      require(isInteger, 'an integer');
      return { kind: 'integers', dims, values: BigInt64Array.from(cells, (cell, row) => int64(cell, row, placeOf)) };
    case 'number':
      require(isNumber, 'a number');
      return { kind: 'numbers', dims, values: Float64Array.from(cells, numberOf) };
  }
}

function kindOf(
  cells: readonly string[],
  isInteger: (cell: string) => boolean,
  isNumber: (cell: string) => boolean,
): ColumnType {
  // An empty cell among numbers is a number that is missing, not a text.
  const given = cells.filter((cell) => cell !== '');
  if (given.length === 0 || !given.every(isNumber)) return 'text';
  return given.every(isInteger) ? 'integer' : 'number';
}

function int64(cell: string, row: number, placeOf: PlaceOf): bigint {
  const value = BigInt(cell.startsWith('+') ? cell.slice(1) : cell);
  if (BigInt.asIntN(64, value) === value) return value;
  throw bad(placeOf(row), row, `holds ${quotedName(cell)}, which 64 bits do not have,`);
}

function numberOf(cell: string): number {
  return SPECIAL.get(cell.toLowerCase()) ?? Number(cell);
}
