import { mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '../../core/index.ts';
import { childEntry, findPackage } from '../command.ts';
import type { Frame } from '../frame-reader.ts';
import { FRAME, fields, MAX_DATA } from '../frames.ts';
import { boundsOf } from '../sandbox.ts';
import { Supervised, taskFailure } from '../supervised.ts';
import { taskNamed } from '../tasks/index.ts';
import type { WatchdogLimits } from '../watchdog.ts';

/** The bounds of a session. Those on time are of each statement by itself. */
export interface SqlLimits extends WatchdogLimits {
  /** Bytes of disk for what does not fit in memory. */
  readonly spillBytes: number;
  /** Bytes of the rows of one result, as JSON. */
  readonly maxResultBytes: number;
  /** Seconds of CPU time of the session as a whole. */
  readonly sessionCpuSeconds: number;
}

export interface SqlSessionOptions {
  /** Files that statements may read, by the names under which they find them: `input-0.parquet`. */
  readonly files: ReadonlyMap<string, string>;
  /** A file that statements may write, in the folder of the session. */
  readonly writes?: string | undefined;
  readonly limits: SqlLimits;
  readonly threads: number;
  /** Where the folder for what does not fit in memory is made; the system's when absent. */
  readonly temporary?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** From 0 to 100, of the statement that runs. */
  readonly onProgress?: ((percentage: number) => void) | undefined;
}

export interface SqlColumn {
  readonly name: string;
  readonly type: string;
}

export interface SqlResult {
  readonly columns: readonly SqlColumn[];
  /** Values of JSON: integers beyond 2^53 and times are texts, numbers that are not finite null. */
  readonly rows: readonly (readonly unknown[])[];
}

/** An SQL engine in a child process, with a database of its own that goes with it. */
export interface SqlSession {
  readonly version: string;
  /** The working directory of the child, which goes with the session. */
  readonly folder: string;
  /**
   * Runs one statement. Calls wait for each other. A statement that fails leaves the session as it was; a child that met a bound is gone,
   * and every later call fails in the same way.
   * @throws AssayError `malformed` with what the engine says of the data or the statement; `limit` naming the bound; `sandbox`; `aborted`
   */
  run(sql: string, parameters?: Readonly<Record<string, string | number>>): Promise<SqlResult>;
  /** Kills the child, also while it runs, waits until it is gone, and removes what it wrote. */
  close(): Promise<void>;
}

const PACKAGE = '@duckdb/node-api';
const VERSION = '1.5.6-r.1';
const HINT = `npm install ${PACKAGE}@${VERSION} where assay is installed`;
/** Names of files within the folder of the session; they are written into statements. */
const FILE_NAME = /^[a-z0-9-]+(?:\.[a-z0-9]+){1,2}$/;
/** Of its memory, what the engine may plan with: its allocator and its readers hold more than it counts. */
const PLANNED = 0.6;
const PACKAGES_PER_PLATFORM = /^@duckdb\/node-bindings-/;

/**
 * The engine that sessions run.
 * @throws AssayError `not-found` when it is not installed
 */
export async function sqlEngine(): Promise<{ readonly name: string; readonly version: string }> {
  const folder = findPackage(PACKAGE);
  if (folder === undefined)
    throw new AssayError('not-found', `the package ${PACKAGE}, which reads tables, is not installed`, { hint: HINT });
  const { version } = fields(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
  return { name: PACKAGE, version: String(version) };
}

/**
 * Starts an SQL engine in a child process bounded in memory, time and disk, without environment, network, or children of its own. It reads
 * no file but those given, through links of its own names: a path is never a part of a statement.
 * @throws AssayError `not-found` when the engine or a file is missing; `unsupported` when it has nothing for this platform; `limit`;
 *   `sandbox`; `aborted`
 */
export async function openSqlSession(options: SqlSessionOptions): Promise<SqlSession> {
  await sqlEngine();
  const { limits, signal, files, writes, temporary = tmpdir() } = options;
  const { packages, addons = false } = taskNamed('sql');
  const folder = await mkdtemp(join(temporary, 'assay-data-'));
  let child: Supervised | undefined;
  try {
    const paths = [...(await linked(files, folder)), ...(writes === undefined ? [] : [await written(writes, folder)])];
    child = new Supervised(
      { entry: childEntry(), packages: packages.filter(isInstalled), addons },
      { limits, totalCpuSeconds: limits.sessionCpuSeconds, fileBytes: limits.spillBytes, cwd: folder, signal },
    );
    return await Session.start(child, folder, paths, options);
  } catch (error) {
    await child?.end();
    await remove(folder);
    throw error;
  }
}

/** The library of one platform is installed, beside the package that picks it. */
function isInstalled(name: string): boolean {
  return !PACKAGES_PER_PLATFORM.test(name) || findPackage(name) !== undefined;
}

async function linked(files: ReadonlyMap<string, string>, folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const [name, path] of files) {
    if (!FILE_NAME.test(name)) throw new AssayError('internal', `a file cannot be named ${JSON.stringify(name)}`);
    const real = await realpath(path);
    await symlink(real, join(folder, name));
    paths.push(real);
  }
  return paths;
}

async function written(name: string, folder: string): Promise<string> {
  if (!FILE_NAME.test(name)) throw new AssayError('internal', `a file cannot be named ${JSON.stringify(name)}`);
  return join(await realpath(folder), name);
}

async function remove(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

class Session implements SqlSession {
  readonly version: string;
  readonly #child: Supervised;
  readonly folder: string;
  readonly #options: SqlSessionOptions;
  #last: Promise<unknown> = Promise.resolve();
  #ended: unknown;
  #closing: Promise<void> | undefined;

  private constructor(child: Supervised, folder: string, options: SqlSessionOptions, version: string) {
    this.#child = child;
    this.folder = folder;
    this.#options = options;
    this.version = version;
  }

  static async start(
    child: Supervised,
    folder: string,
    paths: readonly string[],
    options: SqlSessionOptions,
  ): Promise<Session> {
    const { limits, threads } = options;
    const memoryBytes = Math.floor(limits.sandboxMemoryBytes * PLANNED);
    const args = { paths, memoryBytes, spillBytes: limits.spillBytes, threads };
    child.answer(Buffer.from(JSON.stringify({ task: 'sql', args, inputSize: 0 }), 'utf8'));
    boundsOf((await expected(child, FRAME.hello)).json());
    const { version } = fields((await expected(child, FRAME.message)).json());
    await expected(child, FRAME.next);
    return new Session(child, folder, options, String(version));
  }

  run(sql: string, parameters: Readonly<Record<string, string | number>> = {}): Promise<SqlResult> {
    const result = this.#last.then(() => this.#run(sql, parameters));
    this.#last = result.catch(() => {});
    return result;
  }

  close(): Promise<void> {
    this.#ended ??= new AssayError('aborted', 'the session is closed');
    this.#closing ??= this.#child.end().then(() => remove(this.folder));
    return this.#closing;
  }

  async #run(sql: string, parameters: Readonly<Record<string, string | number>>): Promise<SqlResult> {
    if (this.#ended !== undefined) throw this.#ended;
    let refused: AssayError | undefined;
    try {
      this.#child.restart();
      const { maxResultBytes: maxBytes } = this.#options.limits;
      this.#child.answer(Buffer.from(JSON.stringify({ sql, parameters, maxBytes }), 'utf8'));
      const result = await this.#result(maxBytes);
      await expected(this.#child, FRAME.next);
      if (!(result instanceof AssayError)) return result;
      refused = result;
    } catch (error) {
      // What a child sends after an error is not to be trusted: it goes.
      this.#ended ??= error;
      await this.close();
      throw this.#ended;
    }
    throw refused;
  }

  /** The rows, or why the statement failed. */
  async #result(maxBytes: number): Promise<SqlResult | AssayError> {
    let columns: readonly SqlColumn[] = [];
    const rows: (readonly unknown[])[] = [];
    let total = 0;
    for (;;) {
      const message = fields((await expected(this.#child, FRAME.message)).json());
      if (typeof message.progress === 'number') this.#options.onProgress?.(message.progress);
      else if (Array.isArray(message.columns)) columns = message.columns.map(columnOf);
      else if (typeof message.batch === 'number') {
        total += message.batch;
        // Twice: what the child counts in characters has more bytes.
        if (total > 4 * maxBytes + MAX_DATA) throw unexpected();
        for (const row of await this.#batch(message.batch)) rows.push(row);
      } else if (message.error !== undefined) return taskFailure(message.error);
      else if (message.done === true) return { columns, rows };
      else throw unexpected();
    }
  }

  async #batch(size: number): Promise<(readonly unknown[])[]> {
    const parts: Buffer[] = [];
    for (let have = 0; have < size; ) {
      const { payload } = await expected(this.#child, FRAME.data);
      have += payload.length;
      if (payload.length === 0 || have > size) throw unexpected();
      parts.push(payload);
    }
    const rows: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    if (!Array.isArray(rows) || !rows.every(Array.isArray)) throw unexpected();
    return rows;
  }
}

function columnOf(value: unknown): SqlColumn {
  const { name, type } = fields(value);
  if (typeof name !== 'string' || typeof type !== 'string') throw unexpected();
  return { name, type };
}

async function expected(child: Supervised, type: Frame['type']): Promise<Frame> {
  const frame = await child.next();
  if (frame.type === type) return frame;
  throw frame.type === FRAME.fail ? taskFailure(frame.json()) : unexpected();
}

function unexpected(): AssayError {
  return new AssayError('sandbox', 'the engine sent something that was not asked for');
}
