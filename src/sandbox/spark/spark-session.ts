import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError } from '../../core/index.ts';

export interface SparkOptions {
  /** The absolute path of `spark-sql`. */
  readonly program: string;
  /** `local[2]`, `yarn`, `spark://host:7077`; what the settings of Spark say when absent. */
  readonly master?: string | undefined;
  /** Bytes of heap of the driver. */
  readonly memoryBytes: number;
  readonly statementSeconds: number;
  /** Bytes of the rows of one result, as JSON. */
  readonly maxResultBytes: number;
  readonly temporary?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `spark-sql` of the user's Spark, which runs statements until it is closed. */
export interface SparkSession {
  /** As Spark says it. */
  readonly version: string;
  /**
   * Runs statements, the last of which may be a query. Calls must wait for each other.
   * @returns the rows of the query, each an object of JSON
   * @throws AssayError `malformed` with what Spark says; `limit`, after which the session is gone; `sandbox`, `aborted`
   */
  run(statements: readonly string[], query?: string): Promise<readonly string[]>;
  /** Kills it, and removes what it wrote. */
  close(): Promise<void>;
}

/** Texts of statements are taken as they stand, nothing in them is replaced, and tables are files of a folder that goes with the session. */
const SETTINGS = {
  'spark.ui.enabled': 'false',
  'spark.sql.catalogImplementation': 'in-memory',
  'spark.sql.parser.escapedStringLiterals': 'true',
  'spark.sql.variable.substitute': 'false',
  'spark.sql.jsonGenerator.ignoreNullFields': 'false',
  'spark.sql.session.timeZone': 'UTC',
};
/** Characters of what Spark said last that are kept. */
const MAX_SAID = 64 * 1024;
/** Characters of an error that are shown. */
const MAX_REASON = 600;
const STARTED = 'started';

interface Turn {
  readonly done: () => void;
  readonly failed: (error: AssayError) => void;
}

/** @throws AssayError `sandbox` when it does not start, with what it said */
export async function openSparkSession(options: SparkOptions): Promise<SparkSession> {
  const folder = await mkdtemp(join(options.temporary ?? tmpdir(), 'assay-spark-'));
  const session = new Session(options, folder);
  try {
    const [version = ''] = await session.run([], `SELECT version() AS ${STARTED}`);
    return {
      version: String(JSON.parse(version)[STARTED]).split(' ')[0] ?? '',
      run: session.run,
      close: session.close,
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

class Session {
  readonly #options: SparkOptions;
  readonly #folder: string;
  readonly #child: ChildProcess;
  /** What marks the rows of a result: no row of the data knows it, and what comes late of the statement before has another. */
  #mark = '';
  #said = '';
  #rows: string[] = [];
  #bytes = 0;
  #isDone = false;
  #turn: Turn | undefined;
  #line = '';
  #gone: AssayError | undefined;
  #statements = 0;

  constructor(options: SparkOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    // A driver that speaks to nobody else needs no name of this machine.
    const isLocal = options.master?.startsWith('local') === true;
    this.#child = spawn(options.program, argumentsOf(options, folder), {
      cwd: folder,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...(isLocal ? { SPARK_LOCAL_IP: '127.0.0.1' } : {}), ...process.env, LC_ALL: 'C.UTF-8' },
    });
    const { stdin, stdout, stderr } = this.#child;
    if (stdin === null || stdout === null || stderr === null)
      throw new AssayError('internal', 'spark-sql has no pipes');
    stdin.on('error', () => this.#end('spark-sql reads no statements any more'));
    stdout.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-MAX_SAID);
      if (this.#said.includes(`${this.#mark}?`)) this.#turn?.done();
    });
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', () => this.#end('spark-sql ended'));
    options.signal?.addEventListener('abort', this.#abort, { once: true });
    if (options.signal?.aborted === true) this.#abort();
  }

  readonly run = async (statements: readonly string[], query?: string): Promise<readonly string[]> => {
    if (this.#gone !== undefined) throw this.#gone;
    this.#mark = randomBytes(16).toString('hex');
    const file = join(this.#folder, `statement-${this.#statements++}.sql`);
    // Of a file, the first statement that fails is the last that runs: only then the mark of its end is missing.
    const [one, two] = [this.#mark.slice(0, 8), this.#mark.slice(8)];
    const rows =
      query === undefined ? [] : [`SELECT concat('${one}', '${two}+', to_json(struct(*))) FROM (${query}) AS result`];
    const all = [...statements, ...rows, `SELECT concat('${one}', '${two}.')`];
    await writeFile(file, all.map((statement) => `${statement};\n`).join(''), { mode: 0o600 });
    [this.#rows, this.#bytes, this.#isDone, this.#said] = [[], 0, false, ''];
    try {
      await this.#wait(`source ${file};\nSELECT concat('${one}', '${two}!');\n`);
      // What went wrong is on another stream: it is there once this error is.
      if (!this.#isDone) await this.#wait(`SELECT raise_error(concat('${one}', '${two}?'));\n`);
    } finally {
      await rm(file, { force: true });
    }
    if (!this.#isDone) throw new AssayError('malformed', `Spark stopped at a statement: ${this.#reason()}`);
    return this.#rows;
  };

  readonly close = async (): Promise<void> => {
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#end('the session is closed');
    if (this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined)
      await new Promise((resolve) => this.#child.once('close', resolve));
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };

  async #wait(lines: string): Promise<void> {
    // It may have been stopped while the statement was written.
    if (this.#gone !== undefined) throw this.#gone;
    const { statementSeconds } = this.#options;
    const late = `a statement took more than ${statementSeconds} seconds`;
    const clock = setTimeout(() => this.#end(late, 'limit'), 1000 * statementSeconds);
    try {
      await new Promise<void>((done, failed) => {
        this.#turn = { done, failed };
        this.#child.stdin?.write(lines);
      });
    } finally {
      clearTimeout(clock);
      this.#turn = undefined;
    }
  }

  /** Lines end where Spark ends them: rows may have other characters that end a line. */
  #take(text: string): void {
    const lines = `${this.#line}${text}`.split('\n');
    this.#line = lines.pop() ?? '';
    if (this.#line.length > this.#options.maxResultBytes) this.#end('a row is larger than a result may be', 'limit');
    for (const line of lines) this.#read(line);
  }

  #read(line: string): void {
    // Behind a prompt, and in what the shell echoes, the mark stands in two parts.
    const at = line.indexOf(this.#mark);
    if (at === -1) return;
    const rest = line.slice(at + this.#mark.length);
    if (rest === '!') this.#turn?.done();
    else if (rest === '.') this.#isDone = true;
    else if (rest.startsWith('+')) this.#keep(rest.slice(1));
  }

  #keep(row: string): void {
    this.#bytes += row.length;
    if (this.#bytes > this.#options.maxResultBytes)
      this.#end(`a result has more than ${this.#options.maxResultBytes} bytes`, 'limit');
    else this.#rows.push(row);
  }

  readonly #abort = (): void => this.#end('it was stopped', 'aborted');

  /** Ends the session: the program and all that it started. */
  #end(message: string, code: 'sandbox' | 'limit' | 'aborted' = 'sandbox'): void {
    if (this.#gone !== undefined) return;
    const reason = code === 'sandbox' ? this.#reason() : '';
    this.#gone = new AssayError(code, reason === '' ? message : `${message}: ${reason}`, {
      subject: 'spark-sql',
      ...(code === 'sandbox'
        ? { hint: 'try `spark-sql -e "SELECT 1"`, and set JAVA_HOME and SPARK_HOME as it needs them' }
        : {}),
    });
    this.#turn?.failed(this.#gone);
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    } catch (error) {
      // It is gone already.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }

  /** The lines of an error, without those of the log. */
  #reason(): string {
    const lines = this.#said
      .split('\n')
      .filter((line) => !line.includes(this.#mark))
      .filter(
        (line) => !/^(?:\d\d\/\d\d\/\d\d |Time taken|WARNING|Using |To adjust|Setting |Spark master|\s*at )/.test(line),
      );
    const reason = lines.join(' ').trim();
    return (reason === '' ? this.#said.trim().slice(-MAX_REASON) : reason).slice(0, MAX_REASON);
  }
}

function argumentsOf({ master, memoryBytes }: SparkOptions, folder: string): readonly string[] {
  const settings = { ...SETTINGS, 'spark.sql.warehouse.dir': join(folder, 'tables'), 'spark.local.dir': folder };
  return [
    ...(master === undefined ? [] : ['--master', master]),
    '--driver-memory',
    `${Math.ceil(memoryBytes / 1024 / 1024)}m`,
    ...Object.entries(settings).flatMap(([name, value]) => ['--conf', `${name}=${value}`]),
  ];
}
