import { availableParallelism } from 'node:os';
import { openSqlSession, type SqlLimits, type SqlResult } from '../../sandbox/index.ts';
import { DUCKDB, type SqlDialect } from './dialect.ts';

const MiB = 1024 * 1024;
const MINUTE = 60;

/** What one run over data may cost. */
export interface DataLimits {
  /** Bytes of memory of the engine. */
  readonly memoryBytes: number;
  /** Bytes of disk for the data and for what does not fit in memory, each. */
  readonly spillBytes: number;
  /** Seconds of wall clock of one statement. */
  readonly statementSeconds: number;
  /** Seconds of CPU time in all. */
  readonly cpuSeconds: number;
}

export const DEFAULT_DATA_LIMITS: DataLimits = {
  memoryBytes: 2048 * MiB,
  spillBytes: 64 * 1024 * MiB,
  statementSeconds: 30 * MINUTE,
  cpuSeconds: 4 * 60 * MINUTE,
};

/** Bytes of the rows of one result: the texts of a data set are the largest. */
export const MAX_RESULT = 512 * MiB;
const MAX_THREADS = 4;

export interface EngineOptions {
  /** Files that statements may read, by the names under which they find them. */
  readonly files: ReadonlyMap<string, string>;
  /** A file that statements may write, in the folder of the engine. */
  readonly writes?: string | undefined;
  readonly limits: DataLimits;
  readonly temporary?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((percentage: number) => void) | undefined;
}

/** Runs statements over a data set. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  readonly dialect: SqlDialect;
  /** Where `writes` is; it goes with the engine. */
  readonly folder: string;
  /**
   * @param statement in the dialect of the engine: what is not the program's own in it is quoted, or a parameter
   * @throws AssayError `malformed` what the engine says; `limit`, `sandbox`, `aborted`
   */
  run(statement: string, parameters?: Readonly<Record<string, string | number>>): Promise<SqlResult>;
  close(): Promise<void>;
}

/** Starts DuckDB in a bounded child process. @throws AssayError as `openSqlSession` */
export async function openEngine({
  files,
  writes,
  limits,
  temporary,
  signal,
  onProgress,
}: EngineOptions): Promise<Engine> {
  const session = await openSqlSession({
    files,
    writes,
    limits: sqlLimits(limits),
    threads: Math.min(MAX_THREADS, availableParallelism()),
    temporary,
    signal,
    onProgress,
  });
  try {
    for (const definition of DUCKDB.functions) await session.run(definition);
  } catch (error) {
    await session.close();
    throw error;
  }
  return {
    name: 'DuckDB',
    version: session.version,
    dialect: DUCKDB,
    folder: session.folder,
    run: (statement, parameters) => session.run(statement, parameters),
    close: () => session.close(),
  };
}

function sqlLimits({ memoryBytes, spillBytes, statementSeconds, cpuSeconds }: DataLimits): SqlLimits {
  return {
    sandboxMemoryBytes: memoryBytes,
    sandboxCpuSeconds: MAX_THREADS * statementSeconds,
    sandboxWallMs: 1000 * statementSeconds,
    sessionCpuSeconds: cpuSeconds,
    spillBytes,
    maxResultBytes: MAX_RESULT,
  };
}
