import { AssayError, type JsonBounds, parseSignedJson, quotedName, throwIfAborted } from '../../../core/index.ts';
import type { PlainArray } from '../../../formats/arrays/index.ts';
import type { NamedArrays, TableFormat } from './format.ts';
import { wholeBytes } from './text.ts';
import { arrayOfValues, type CellPlace } from './values.ts';

const BOUNDS: JsonBounds = { maxBytes: 256 * 1024 * 1024, maxDepth: 64, maxTokens: 16_000_000 };
/** Bytes that parsed JSON takes for each byte of its text, at most: empty lists are the worst. */
const PARSED = 16;
const CHECK_EVERY = 4096;
const LF = 0x0a;

const SHAPES =
  'give a list of rows, {"columns": {"name": [...]}}, or {"columns": ["name"], "data": [[...]]}, as pandas.DataFrame.to_json writes them';

/**
 * JSON: a list of rows (objects with the same names, or values: one array, which has the name of the file), or columns, by
 * name or with a list of their names and one of rows.
 */
export const JSON_TABLE: TableFormat = {
  id: 'json',
  extensions: ['json'],
  read: async ({ path, source }, _request, context) => {
    const bytes = await wholeBytes(source, context);
    context.budget.hold(PARSED * bytes.length);
    return columnsOf(parseSignedJson(new Uint8Array(bytes), path, BOUNDS), stemOf(path));
  },
};

/** JSON Lines: a row a line, which ends with LF or CRLF. */
export const JSON_LINES_TABLE: TableFormat = {
  id: 'jsonl',
  extensions: ['jsonl', 'ndjson'],
  read: async ({ path, source }, _request, context) => {
    const bytes = new Uint8Array(await wholeBytes(source, context));
    context.budget.hold(PARSED * bytes.length);
    const rows: unknown[] = [];
    for (let at = 0, line = 1; at < bytes.length; line++) {
      if (line % CHECK_EVERY === 0) throwIfAborted(context.signal);
      const found = bytes.indexOf(LF, at);
      const end = found < 0 ? bytes.length : found;
      rows.push(parseSignedJson(bytes.subarray(at, end), `${path} line ${line}`, BOUNDS));
      at = end + 1;
    }
    return columnsOfRows(rows, stemOf(path), 'line');
  },
};

function columnsOf(document: unknown, stem: string): NamedArrays {
  if (Array.isArray(document)) return columnsOfRows(document, stem, 'row');
  if (!isObject(document) || !Object.hasOwn(document, 'columns'))
    throw new AssayError('malformed', 'is neither a list of rows nor an object with columns', { hint: SHAPES });
  const { columns, data, ...more } = document;
  const extra = Object.keys(more).find((key) => key !== 'index');
  if (extra !== undefined)
    throw new AssayError('malformed', `has an unknown property ${quotedName(extra)}`, { hint: SHAPES });
  if (Array.isArray(columns)) return columnsOfSplit(columns, data);
  if (!isObject(columns) || data !== undefined)
    throw new AssayError('malformed', 'has columns that are neither lists by name nor names', { hint: SHAPES });
  return new Map(
    Object.entries(columns).map(([name, values]) => {
      if (!Array.isArray(values)) throw new AssayError('malformed', `the column ${quotedName(name)} is not a list`);
      return [name, arrayOfValues(values, placeOf(name, 'row'))];
    }),
  );
}

function columnsOfSplit(columns: readonly unknown[], data: unknown): NamedArrays {
  const names = columns.map((name) => {
    if (typeof name === 'string') return name;
    throw new AssayError('malformed', 'has a column whose name is not a text', { hint: SHAPES });
  });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new AssayError('malformed', `has two columns ${quotedName(twice)}`);
  if (!Array.isArray(data))
    throw new AssayError('malformed', 'has names of columns, and no rows ("data")', { hint: SHAPES });
  const rows = data.map((row: unknown, i): readonly unknown[] => {
    if (Array.isArray(row) && row.length === names.length) return row;
    throw new AssayError('malformed', `does not have ${names.length} values in row ${i + 1}`);
  });
  return new Map(
    names.map((name, at) => [
      name,
      arrayOfValues(
        rows.map((row) => row[at]),
        placeOf(name, 'row'),
      ),
    ]),
  );
}

function columnsOfRows(rows: readonly unknown[], stem: string, rowWord: CellPlace['rowWord']): NamedArrays {
  const [first] = rows;
  if (!isObject(first)) return new Map<string, PlainArray>([[stem, arrayOfValues(rows, placeOf(stem, rowWord))]]);
  const names = Object.keys(first);
  const objects = rows.map((row, i) => {
    const where = `in ${rowWord} ${i + 1}`;
    if (!isObject(row)) throw new AssayError('malformed', `has a value that is not an object ${where}`);
    const missing = names.find((name) => !Object.hasOwn(row, name));
    if (missing !== undefined) throw new AssayError('malformed', `has no ${quotedName(missing)} ${where}`);
    const extra = Object.keys(row).find((name) => !Object.hasOwn(first, name));
    if (extra !== undefined)
      throw new AssayError('malformed', `has ${quotedName(extra)} ${where}, and not in the first`);
    return row;
  });
  return new Map(
    names.map((name) => [
      name,
      arrayOfValues(
        objects.map((row) => row[name]),
        placeOf(name, rowWord),
      ),
    ]),
  );
}

function placeOf(column: string, rowWord: CellPlace['rowWord']): CellPlace {
  return { column, rowWord, firstRow: 1 };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
