import { createRequire } from 'node:module';
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { AssayError } from '../../../core/index.ts';
import { fields } from '../../frames.ts';
import type { TaskIo } from '../task-io.ts';

type Engine = typeof import('@duckdb/node-api');

const DATABASE = 'data.duckdb';
const SPILL = 'spill';
/** Milliseconds between two messages of progress. */
const PROGRESS_MS = 250;
/** Bytes of rows after which they are sent. */
const BATCH = 512 * 1024;
const MAX_SHOWN = 280;
/** What DuckDB says when memory or disk is refused: its own bounds, and those of the process. */
const NO_ROOM =
  /^Out of Memory Error|bad_alloc|failed to (?:allocate|offload)|could not allocate|could not write file|no space left|file too large/i;

/**
 * Runs SQL statements over files, in the working directory of the child. `args`: `{ paths, memoryBytes, spillBytes, threads }`; `paths` are
 * the only files outside the working directory that it may read. Each step is `{ sql, parameters, maxBytes }`. Messages: `{ version }`,
 * then for each step `{ progress }`, `{ columns }`, `{ batch }`, which is followed by its bytes (rows as JSON), and `{ done }` or `{ error }`.
 */
export async function run(args: unknown, io: TaskIo): Promise<void> {
  const connection = await open(loadEngine(), args);
  io.message({ version: await versionOf(connection) });
  for (let step = io.next(); step !== undefined; step = io.next()) {
    try {
      await statement(connection, step, io);
      io.message({ done: true });
    } catch (error) {
      io.message({ error: described(error) });
    }
  }
}

function loadEngine(): Engine {
  try {
    return createRequire(import.meta.url)('@duckdb/node-api') as Engine;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AssayError('unsupported', `@duckdb/node-api cannot be loaded on this machine: ${why}`, { cause: error });
  }
}

/** Nothing is installed, loaded or fetched, no other file is read, and no statement can change that. */
async function open({ DuckDBInstance }: Engine, args: unknown): Promise<DuckDBConnection> {
  const { paths, memoryBytes, spillBytes, threads } = fields(args);
  if (!Array.isArray(paths)) throw new AssayError('internal', 'an engine without files');
  const instance = await DuckDBInstance.create(DATABASE, {
    memory_limit: `${Number(memoryBytes)}B`,
    threads: String(Number(threads)),
    temp_directory: SPILL,
    max_temp_directory_size: `${Number(spillBytes)}B`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
  });
  const connection = await instance.connect();
  const settings = [
    'SET enable_progress_bar = true',
    'SET enable_progress_bar_print = false',
    "SET TimeZone = 'UTC'",
    `SET allowed_paths = [${paths.map((path) => literal(String(path))).join(', ')}]`,
    'SET enable_external_access = false',
    'SET lock_configuration = true',
  ];
  for (const setting of settings) await connection.run(setting);
  return connection;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function versionOf(connection: DuckDBConnection): Promise<string> {
  const [row] = (await connection.runAndReadAll('SELECT version()')).getRowsJson();
  return String(row?.[0]);
}

async function statement(connection: DuckDBConnection, step: unknown, io: TaskIo): Promise<void> {
  const { sql, parameters, maxBytes } = fields(step);
  if (typeof sql !== 'string') throw new AssayError('internal', 'a step without a statement');
  const clock = setInterval(() => io.message({ progress: connection.progress.percentage }), PROGRESS_MS);
  try {
    const given = fields(parameters) as Record<string, string | number>;
    const result = await (Object.keys(given).length === 0 ? connection.stream(sql) : connection.stream(sql, given));
    await send(result, typeof maxBytes === 'number' ? maxBytes : 0, io);
  } finally {
    clearInterval(clock);
  }
}

async function send(result: DuckDBResult, maxBytes: number, io: TaskIo): Promise<void> {
  const names = result.deduplicatedColumnNames();
  io.message({ columns: result.columnTypes().map((type, i) => ({ name: names[i] ?? '', type: String(type) })) });
  let [held, size, total]: [string[], number, number] = [[], 0, 0];
  const flush = () => {
    if (held.length === 0) return;
    const bytes = Buffer.from(`[${held.join(',')}]`, 'utf8');
    io.message({ batch: bytes.length });
    io.write(bytes);
    [held, size] = [[], 0];
  };
  for await (const rows of result.yieldRowsJs()) {
    for (const row of rows) {
      const text = JSON.stringify(row, shown);
      size += text.length;
      total += text.length;
      if (total > maxBytes)
        throw new AssayError('limit', `the result has more than ${maxBytes} bytes (maxResultBytes)`);
      held.push(text);
      if (size > BATCH) flush();
    }
  }
  flush();
}

/** Integers that a double holds are numbers, others texts. */
function shown(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** What DuckDB says, without its pointers into the statement. */
function described(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof AssayError) return { code: error.code, message: error.message };
  const message = (error instanceof Error ? error.message : String(error)).split(/\n\s*\n/)[0] ?? '';
  const short = message.replaceAll('\n', ' ').slice(0, MAX_SHOWN);
  if (NO_ROOM.test(message))
    return { code: 'limit', message: `needs more memory or disk than the engine allows: ${short}` };
  return { code: /^Permission Error/.test(message) ? 'sandbox' : 'malformed', message: short };
}
