import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, throwIfAborted } from '../../core/index.ts';
import {
  type ArrowColumn,
  type ArrowType,
  type ArrowUnit,
  type ArrowValue,
  openArrowRows,
} from '../../formats/arrow-rows/index.ts';
import { DUCKDB } from '../engine/index.ts';
import { MAX_LINE } from './format.ts';

export interface ArrowFileOptions {
  readonly path: string;
  /** The file that the rows are written to. */
  readonly place: string;
  /** Bytes that may be written. */
  readonly spillBytes: number;
  /** Bytes of a batch of rows in memory. */
  readonly batchBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** What is written at once. */
const CHUNK = 1024 * 1024;
const PER_SECOND: Readonly<Record<ArrowUnit, bigint>> = { s: 1n, ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n };
const MICROS = 1_000_000n;
const DAY_MS = 86_400_000n;

/**
 * Writes the rows of an Arrow file as JSON, one array a line, for the engine, which has no reader of Arrow.
 * @returns the columns that the engine reads them as, with the types that the file has
 * @throws AssayError `malformed`, `truncated`, `limit`, `unsupported`, `aborted`
 */
export async function writeArrowRows(source: ByteSource, options: ArrowFileOptions): Promise<readonly ArrowColumn[]> {
  const { path, place, spillBytes, signal } = options;
  try {
    const { columns, batches } = await openArrowRows(source, options);
    const out = createWriteStream(place, { flags: 'wx', mode: 0o600 });
    const failed = once(out, 'error').then(([error]) => Promise.reject(error));
    failed.catch(() => {});
    let [text, written] = ['', 0];
    const flush = async () => {
      written += Buffer.byteLength(text);
      if (written > spillBytes) throw new AssayError('limit', `takes more than ${spillBytes} bytes as rows`);
      if (!out.write(text)) await Promise.race([once(out, 'drain'), failed]);
      text = '';
    };
    try {
      for await (const { rows, value } of batches()) {
        for (let row = 0; row < rows; row++) {
          const line = lineOf(columns, (column) => value(column, row));
          if (line.length > MAX_LINE) throw new AssayError('limit', `has a row of more than ${MAX_LINE} characters`);
          text += line;
          if (text.length < CHUNK) continue;
          throwIfAborted(signal);
          await flush();
        }
      }
      await flush();
    } finally {
      out.end();
      await Promise.race([once(out, 'close'), failed]);
    }
    return columns;
  } catch (error) {
    if (!(error instanceof AssayError) || error.code === 'aborted') throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new AssayError(error.code, error.message, { subject: path, cause: error, ...hint });
  }
}

/** What the engine reads such rows with. @param name as `inputName` gives it */
export function arrowTable(name: string, columns: readonly ArrowColumn[]): string {
  const { identifier, literal } = DUCKDB;
  const types = columns.map(({ type }, i) => `${literal(`c${i}`)}: ${literal(writtenType(type))}`).join(', ');
  const named = columns.map((column, i) => `${readAs(column.type, `c${i}`)} AS ${identifier(column.name)}`).join(', ');
  const form = `format = 'newline_delimited', records = true, maximum_object_size = ${2 * MAX_LINE}`;
  return `(SELECT ${named} FROM read_json('${name}', ${form}, columns = {${types}}, hive_partitioning = false))`;
}

/** The type of the engine for what is written. */
function writtenType(type: ArrowType): string {
  switch (type.kind) {
    case 'bool':
      return 'BOOLEAN';
    case 'int': {
      const name = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[type.bits];
      return type.signed ? name : `U${name}`;
    }
    case 'timestamp':
    case 'date-days':
    case 'date-ms':
      return 'BIGINT';
    default:
      return 'VARCHAR';
  }
}

function readAs(type: ArrowType, column: string): string {
  switch (type.kind) {
    case 'float':
      return `CAST(${column} AS ${type.bits === 64 ? 'DOUBLE' : 'FLOAT'})`;
    case 'binary':
      return `from_hex(${column})`;
    case 'timestamp':
      return type.zoned ? `CAST(make_timestamp(${column}) AS TIMESTAMPTZ)` : `make_timestamp(${column})`;
    case 'date-days':
    case 'date-ms':
      return `CAST(DATE '1970-01-01' + CAST(${column} AS INTEGER) AS DATE)`;
    default:
      return column;
  }
}

function lineOf(columns: readonly ArrowColumn[], value: (column: number) => ArrowValue): string {
  const cells = columns.map(({ type }, i) => `"c${i}":${written(type, value(i))}`);
  return `{${cells.join(',')}}\n`;
}

/** A value as JSON: numbers with a fraction as text, since JSON has none that are not finite. */
function written(type: ArrowType, value: ArrowValue): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('hex')}"`;
  if (type.kind === 'float') return `"${value}"`;
  if (type.kind === 'timestamp') return String(floor(BigInt(value as bigint) * MICROS, PER_SECOND[type.unit]));
  if (type.kind === 'date-ms') return String(floor(BigInt(value as bigint), DAY_MS));
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function floor(value: bigint, by: bigint): bigint {
  const whole = value / by;
  return value < 0n && whole * by !== value ? whole - 1n : whole;
}
