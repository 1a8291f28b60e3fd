import type { AsyncBuffer, SchemaElement, SchemaTree } from 'hyparquet';
import { AssayError, isAssayError, quotedName } from '../../core/index.ts';
import { fields } from '../frames.ts';
import { giveTensor } from './give-tensor.ts';
import type { TaskIo } from './task-io.ts';

const MAX_ROWS = 10_000_000;
const MAX_COLUMNS = 10_000;
const MAX_GROUPS = 100_000;
/** Messages of V8 and of the decoders for memory that is refused. */
const NO_MEMORY = /alloc|out of memory|array length|array buffer/i;

type Kind = 'float64' | 'int64' | 'string';

interface Column {
  readonly name: string;
  readonly kind: Kind;
  /** Whether a row holds a list. */
  readonly isList: boolean;
}

/**
 * Gives columns of a Parquet file as tensors, by name. `args`: `{ columns, maxCells }`; all columns where `columns` is absent. A row
 * without a value is refused: a model has no input for it.
 */
export async function run(args: unknown, io: TaskIo): Promise<void> {
  const { columns, maxCells } = fields(args);
  const wanted = Array.isArray(columns) ? columns.map(String) : undefined;
  try {
    await give(io, wanted, typeof maxCells === 'number' ? maxCells : 0);
  } catch (error) {
    if (isAssayError(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof RangeError && NO_MEMORY.test(message)) throw error;
    throw new AssayError('malformed', `is not a Parquet file that can be read: ${message}`, { cause: error });
  }
}

async function give(io: TaskIo, wanted: readonly string[] | undefined, maxCells: number): Promise<void> {
  const { parquetMetadataAsync, parquetRead, parquetSchema } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  const file: AsyncBuffer = {
    byteLength: io.inputSize,
    slice: (start, end) => sliceOf(io, start, end ?? io.inputSize),
  };
  const parsers = { stringFromBytes };
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  const rows = Number(metadata.num_rows);
  const inGroups = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (metadata.row_groups.length > MAX_GROUPS) throw new AssayError('limit', `has more than ${MAX_GROUPS} row groups`);
  if (!Number.isSafeInteger(rows) || rows < 0 || rows !== inGroups)
    throw new AssayError('malformed', `says ${rows} rows, and its row groups say ${inGroups}`);
  if (rows > MAX_ROWS) throw new AssayError('limit', `has ${rows} rows, more than ${MAX_ROWS}`);
  const known = parquetSchema(metadata).children;
  const names = known.map(({ element }) => element.name);
  if (names.length > MAX_COLUMNS) throw new AssayError('limit', `has more than ${MAX_COLUMNS} columns`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new AssayError('malformed', `has two columns ${quotedName(twice)}`);
  // The caller tells which of the wanted columns is missing.
  const read = known.filter(({ element }) => wanted === undefined || wanted.includes(element.name)).map(columnOf);
  if (rows * read.length > maxCells)
    throw new AssayError('limit', `has ${rows} rows of ${read.length} columns, more than ${maxCells} values`);
  for (const column of read) {
    const cells = new Cells(column, rows, maxCells);
    let problem: unknown;
    await parquetRead({
      file,
      metadata,
      columns: [column.name],
      compressors,
      parsers,
      geoparquet: false,
      onChunk: ({ columnData, rowStart }) => {
        try {
          cells.add(columnData, rowStart);
        } catch (error) {
          problem ??= error;
        }
      },
    });
    if (problem !== undefined) throw problem;
    giveTensor(io, column.name, cells.tensor());
  }
}

function sliceOf(io: TaskIo, start: number, end: number): ArrayBuffer {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start || end > io.inputSize)
    throw new AssayError('malformed', `refers to bytes ${start} to ${end}, and ends at ${io.inputSize}`);
  const bytes = new Uint8Array(end - start);
  for (let at = 0; at < bytes.length; ) {
    const part = io.read(start + at, bytes.length - at);
    if (part.length === 0) throw new AssayError('truncated', 'ends early');
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.buffer;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function stringFromBytes(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes === null) return undefined;
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    throw new AssayError('malformed', 'holds a text that is not UTF-8', { cause: error });
  }
}

/** A column of numbers or texts, or of lists of them. @throws AssayError `unsupported` */
function columnOf(node: SchemaTree): Column {
  const { name } = node.element;
  let [leaf, isList] = [node, node.element.repetition_type === 'REPEATED'];
  while (leaf.children.length > 0) {
    const [only, ...others] = leaf.children;
    if (only === undefined || others.length > 0)
      throw new AssayError('unsupported', `the column ${quotedName(name)} has parts; give columns of single values`);
    if (only.element.repetition_type === 'REPEATED') {
      if (isList) throw new AssayError('unsupported', `the column ${quotedName(name)} holds lists of lists`);
      isList = true;
    }
    leaf = only;
  }
  if (node.children.length > 0 && !isList)
    throw new AssayError('unsupported', `the column ${quotedName(name)} has parts; give columns of single values`);
  const kind = kindOf(leaf.element);
  if (kind !== undefined) return { name, kind, isList };
  const { type, converted_type: converted, logical_type: logical } = leaf.element;
  const shown = logical?.type ?? converted ?? type ?? 'an unknown type';
  throw new AssayError(
    'unsupported',
    `the column ${quotedName(name)} holds ${shown}, neither numbers nor texts; cast it, or leave it out`,
  );
}

function kindOf({ type, converted_type: converted, logical_type: logical }: SchemaElement): Kind | undefined {
  const said = logical?.type ?? converted;
  switch (type) {
    case 'BOOLEAN':
      return said === undefined ? 'int64' : undefined;
    case 'INT32':
    case 'INT64':
      if (said === 'DECIMAL' || converted === 'DECIMAL') return 'float64';
      return said === undefined || said === 'INTEGER' || /^U?INT_(8|16|32|64)$/.test(said) ? 'int64' : undefined;
    case 'FLOAT':
    case 'DOUBLE':
      return said === undefined ? 'float64' : undefined;
    case 'BYTE_ARRAY':
      return said === 'STRING' || said === 'UTF8' || said === 'ENUM' ? 'string' : decimal(said);
    case 'FIXED_LEN_BYTE_ARRAY':
      return said === 'FLOAT16' ? 'float64' : decimal(said);
    default:
      return undefined;
  }
}

function decimal(said: string | undefined): Kind | undefined {
  return said === 'DECIMAL' ? 'float64' : undefined;
}

/** The values of a column, row after row, whatever the order in which its chunks arrive. */
class Cells {
  readonly #column: Column;
  readonly #rows: number;
  readonly #maxCells: number;
  readonly #found: unknown[];
  #count = 0;

  constructor(column: Column, rows: number, maxCells: number) {
    this.#column = column;
    this.#rows = rows;
    this.#maxCells = maxCells;
    this.#found = new Array(rows);
  }

  add(data: ArrayLike<unknown>, start: number): void {
    if (start + data.length > this.#rows)
      throw this.#bad(`has ${start + data.length} values or more, and the file says ${this.#rows} rows`);
    for (let i = 0; i < data.length; i++) this.#found[start + i] = data[i];
    this.#count += data.length;
  }

  tensor() {
    const { isList } = this.#column;
    if (this.#count !== this.#rows) throw this.#bad(`has ${this.#count} values, and the file says ${this.#rows} rows`);
    if (!isList) return this.#tensorOf([this.#rows], this.#found);
    const first = this.#found[0];
    const width = Array.isArray(first) ? first.length : 0;
    if (this.#rows * width > this.#maxCells) throw new AssayError('limit', `has more than ${this.#maxCells} values`);
    const flat = this.#found.flatMap((cell, row) => {
      if (!Array.isArray(cell)) throw this.#bad(`has no value in row ${row + 1}`);
      if (cell.length !== width)
        throw this.#bad(`has lists of different lengths: ${cell.length} in row ${row + 1}, and ${width} in row 1`);
      return cell as unknown[];
    });
    return this.#tensorOf([this.#rows, width], flat);
  }

  #tensorOf(dims: readonly number[], values: readonly unknown[]) {
    const width = dims[1] ?? 1;
    const bad = (i: number) => {
      const value = values[i];
      const what = value === undefined || value === null ? 'has no value' : `holds ${typeof value}`;
      return this.#bad(`${what} in row ${Math.floor(i / width) + 1}`);
    };
    switch (this.#column.kind) {
      case 'float64': {
        const data = new Float64Array(values.length);
        for (let i = 0; i < data.length; i++) data[i] = numberOf(values[i], () => bad(i));
        return { type: 'float64', dims, data } as const;
      }
      case 'int64': {
        const data = new BigInt64Array(values.length);
        for (let i = 0; i < data.length; i++) data[i] = integerOf(values[i], () => bad(i));
        return { type: 'int64', dims, data } as const;
      }
      case 'string': {
        const data = values.map((value, i) => {
          if (typeof value !== 'string') throw bad(i);
          return value;
        });
        return { type: 'string', dims, data } as const;
      }
    }
  }

  #bad(what: string): AssayError {
    return new AssayError('malformed', `the column ${quotedName(this.#column.name)} ${what}`);
  }
}

function numberOf(value: unknown, bad: () => AssayError): number {
  if (typeof value === 'number') return value;
  throw bad();
}

function integerOf(value: unknown, bad: () => AssayError): bigint {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  const whole = typeof value === 'bigint' ? value : typeof value === 'number' ? BigInt(value) : undefined;
  if (whole === undefined) throw bad();
  if (BigInt.asIntN(64, whole) !== whole) throw new AssayError('unsupported', 'holds a number above 2^63');
  return whole;
}
