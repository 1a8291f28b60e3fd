import { AssayError } from '../../core/index.ts';
import { openSparkSession, type SqlResult } from '../../sandbox/index.ts';
import { SPARK } from './dialect.ts';
import { type DataLimits, type Engine, MAX_RESULT } from './engine.ts';

/** Where the statements of the detectors run in place of DuckDB. */
export interface SparkChoice {
  /** The absolute path of `spark-sql`, version 4. */
  readonly program: string;
  /** `local[2]`, `yarn`, `spark://host:7077`; what the settings of Spark say when absent. */
  readonly master?: string | undefined;
}

export interface SparkEngineOptions extends SparkChoice {
  readonly limits: DataLimits;
  readonly temporary?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Spark 3 has no functions of SQL. */
const LEAST_VERSION = 4;
const QUERY = /^(?:SELECT|WITH)\b/i;

/** Starts `spark-sql` of the user. @throws AssayError `unsupported` for an older Spark; as `openSparkSession` */
export async function openSpark({ program, master, limits, temporary, signal }: SparkEngineOptions): Promise<Engine> {
  const { memoryBytes, statementSeconds } = limits;
  const bounds = { memoryBytes, statementSeconds, maxResultBytes: MAX_RESULT };
  const session = await openSparkSession({ program, master, ...bounds, temporary, signal });
  try {
    if (Number(session.version.split('.')[0]) < LEAST_VERSION)
      throw new AssayError('unsupported', `is version ${session.version} of Spark`, {
        subject: program,
        hint: 'give Spark 4.0 or later',
      });
    await session.run(SPARK.functions);
  } catch (error) {
    await session.close();
    throw error;
  }
  return {
    name: 'Spark',
    version: session.version,
    dialect: SPARK,
    folder: '',
    run: async (statement, parameters = {}) => {
      const set = Object.entries(parameters).map(([name, value]) => {
        return `DECLARE OR REPLACE VARIABLE p_${name} DEFAULT ${defaultOf(value)}`;
      });
      const line = statement.replace(/\s*\n\s*/g, ' ').trim();
      if (!QUERY.test(line)) {
        await session.run([...set, line]);
        return { columns: [], rows: [] };
      }
      return resultOf(await session.run(set, line));
    },
    close: () => session.close(),
  };
}

function defaultOf(value: string | number): string {
  if (typeof value === 'string') return SPARK.literal(value);
  if (!Number.isInteger(value)) return `CAST('${value}' AS DOUBLE)`;
  return Math.abs(value) < 2 ** 31 ? String(value) : `CAST(${value} AS BIGINT)`;
}

function resultOf(lines: readonly string[]): SqlResult {
  const rows = lines.map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
  const [first = {}] = rows;
  return {
    columns: Object.keys(first).map((name) => ({ name, type: '' })),
    rows: rows.map((row) => Object.values(row)),
  };
}
