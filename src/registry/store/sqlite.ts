import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database as Connection, Statement } from 'better-sqlite3';
import { CompiledQuery, type DatabaseConnection, Kysely, type QueryResult, SqliteDialect, SqliteDriver } from 'kysely';
import { codeOrText, systemCode } from '../../core/index.ts';
import { RegistryError } from '../registry-error.ts';
import type { Database } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import type { Tables } from './tables.ts';

/** How long a writer waits for one in another process, milliseconds. */
const BUSY_TIMEOUT = 10_000;
/** Between two tries, milliseconds, at most. */
const MAX_PAUSE = 20;
/**
 * Pages that a connection keeps, KiB: the inner ones of the indexes. The rest is in the cache of the operating system, from
 * where a page costs little.
 */
const CACHE_KIB = 2_000;
/** Pages that are written ahead before they are brought into the file, which takes as long as many changes do: 32 MiB. */
const WRITTEN_AHEAD = 8_000;
/** CWE-770: statements that are kept compiled. */
const MAX_STATEMENTS = 500;

/** A file of SQLite: connections that write for people and for workers, and one that reads beside them (WAL). */
export async function connectSqlite(path: string): Promise<Database> {
  const { default: Sqlite } = await import('better-sqlite3');
  await createPrivate(path);
  const writer = opened(path, () => new Sqlite(path, { timeout: BUSY_TIMEOUT }));
  try {
    // Other processes that open it at the same time take turns: the switch to WAL needs the file for itself.
    const mode = writer.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal')
      throw new RegistryError('unavailable', `${path} does not support write-ahead logging (${String(mode)})`);
    writer.pragma('synchronous = FULL');
    writer.pragma('foreign_keys = ON');
    // From here on, it is waited for below.
    writer.pragma('busy_timeout = 0');
  } catch (error) {
    writer.close();
    throw isFileError(error) ? unusable(path, error) : error;
  }
  const worker = opened(path, () => new Sqlite(path, { timeout: 0 }));
  worker.pragma('synchronous = NORMAL');
  worker.pragma('foreign_keys = ON');
  const reader = opened(path, () => new Sqlite(path, { timeout: BUSY_TIMEOUT, readonly: true }));
  for (const one of [writer, worker, reader]) one.pragma(`cache_size = -${CACHE_KIB}`);
  for (const one of [writer, worker]) one.pragma(`wal_autocheckpoint = ${WRITTEN_AHEAD}`);
  const work = new Kysely<Tables>({ dialect: new WritingDialect({ database: kept(worker) }) });
  const write = new Kysely<Tables>({ dialect: new WritingDialect({ database: kept(writer) }) });
  const read = new Kysely<Tables>({ dialect: new ReadingDialect({ database: kept(reader) }) });
  const group = new GroupCommit(work);
  return {
    dialect: 'sqlite',
    write,
    work,
    read,
    change: (work) => group.change(work),
    async close() {
      await read.destroy();
      await work.destroy();
      await write.destroy();
      // Kysely closes only what it has used.
      if (reader.open) reader.close();
      if (worker.open) worker.close();
      if (writer.open) writer.close();
    },
  };
}

/** It holds hashes of tokens and all decisions, so only its owner may read it. */
async function createPrivate(path: string): Promise<void> {
  try {
    await (await open(path, 'a', 0o600)).close();
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function opened(path: string, open: () => Connection): Connection {
  try {
    return open();
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function isFileError(error: unknown): boolean {
  return systemCode(error)?.startsWith('SQLITE_') === true;
}

function unusable(path: string, cause: unknown): RegistryError {
  const why = codeOrText(cause);
  if (why === 'ERR_DLOPEN_FAILED') {
    const hint = 'run npm rebuild better-sqlite3 with the version of node that runs assay';
    return new RegistryError('unavailable', 'better-sqlite3 is built for another version of node', { hint, cause });
  }
  const hint = why === 'ENOENT' ? 'make its folder first' : 'check that it is a registry, and its permissions';
  return new RegistryError('unavailable', `${path} cannot be opened (${why})`, { hint, cause });
}

/** A transaction takes the right to write at once: one that reads first and writes then would fail when another came between. */
class WritingDriver extends SqliteDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection());
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/**
 * Waits while another connection writes, without blocking this program: SQLite's own waiting would stop every other request,
 * and
 * for good if the writer is in this program, too.
 */
class PatientConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const end = Date.now() + BUSY_TIMEOUT;
    for (let pause = 1; ; pause = Math.min(pause * 2, MAX_PAUSE)) {
      try {
        return await this.#connection.executeQuery<R>(query);
      } catch (error) {
        if (!isBusy(error) || Date.now() >= end) throw error;
        await delay(pause);
      }
    }
  }

  streamQuery<R>(query: CompiledQuery, chunk: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunk);
  }
}

function isBusy(error: unknown): boolean {
  return systemCode(error) === 'SQLITE_BUSY';
}

class WritingDialect extends SqliteDialect {
  readonly config: ConstructorParameters<typeof SqliteDialect>[0];

  constructor(config: ConstructorParameters<typeof SqliteDialect>[0]) {
    super(config);
    this.config = config;
  }

  override createDriver(): SqliteDriver {
    return new WritingDriver(this.config);
  }
}

/** Questions are answered on the spot, each whole before the next: nobody waits for the connection. No transactions. */
class ReadingDriver extends SqliteDriver {
  #connection: Promise<DatabaseConnection> | undefined;

  override acquireConnection(): Promise<DatabaseConnection> {
    this.#connection ??= super.acquireConnection();
    return this.#connection;
  }

  override async releaseConnection(): Promise<void> {}

  override async beginTransaction(): Promise<void> {
    throw new RegistryError('internal', 'a transaction on the connection that only reads');
  }
}

class ReadingDialect extends WritingDialect {
  override createDriver(): SqliteDriver {
    return new ReadingDriver(this.config);
  }
}

/** The connection with its statements kept: compiling one costs more than running it. */
function kept(connection: Connection) {
  const statements = new Map<string, Statement>();
  return {
    prepare(sql: string) {
      const known = statements.get(sql);
      if (known !== undefined) return known as never;
      const statement = connection.prepare(sql);
      if (statements.size >= MAX_STATEMENTS) statements.clear();
      statements.set(sql, statement);
      return statement as never;
    },
    close: () => void connection.close(),
  };
}
