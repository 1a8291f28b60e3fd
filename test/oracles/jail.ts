import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** The CPU seconds that one batch can use. */
const CPU_SECONDS = 600;
const MEMORY_BYTES = 16 * 2 ** 30;

/** A file to load, and the files beside it. */
export interface OracleInput {
  /** Loaders can choose a format by its suffix. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly beside?: Readonly<Record<string, Uint8Array>>;
}

export interface OracleOptions {
  /** Every loader of the interpreter by default. */
  readonly loaders?: readonly string[];
  /** Modules that do not exist are replaced by synthetic ones, which record every use. */
  readonly synthetic?: boolean;
}

/** The recorded events in order: the kind, the object and the arguments. */
export type OracleEvent = readonly [kind: string, name: string, detail?: string];

export interface LoaderRecord {
  /** `stop`, or the error. */
  readonly end: string;
  readonly events: readonly OracleEvent[];
}

export interface OracleRun {
  readonly versions: Readonly<Record<string, string>>;
  /** The behaviour of each loader, for each input. */
  readonly records: readonly Readonly<Record<string, LoaderRecord>>[];
}

/** An interpreter with loaders. */
export interface Interpreter {
  readonly program: string;
  /** Additional folders that it can read. */
  readonly folders?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Whether this machine can create a jail. */
export function canJail(): boolean {
  return spawnSync('bwrap', [...walls([]), '--', '/bin/true'], { stdio: 'ignore' }).status === 0;
}

/** The first interpreter that has all these packages: that of the tests, then that of the machine. */
export function findInterpreter(...packages: readonly string[]): Interpreter | undefined {
  const own = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
  const program = [process.env.ASSAY_ORACLE_PYTHON, own, '/usr/bin/python3'].find(
    (name) =>
      name !== undefined && spawnSync(name, ['-c', `import ${packages.join()}`], { stdio: 'ignore' }).status === 0,
  );
  return program === undefined ? undefined : { program };
}

/** The interpreter that has PyTorch: that of the machine, or the unpacked Debian packages in ASSAY_ORACLE_TORCH. */
export function findTorch(): Interpreter | undefined {
  const root = process.env.ASSAY_ORACLE_TORCH;
  if (root === undefined) return findInterpreter('torch');
  const libraries = `${root}/usr/lib/x86_64-linux-gnu`;
  const paths = [
    libraries,
    `${root}/usr/lib`,
    `${libraries}/blas`,
    `${libraries}/lapack`,
    `${root}/lib/x86_64-linux-gnu`,
  ];
  return {
    program: '/usr/bin/python3',
    folders: [root],
    env: { LD_LIBRARY_PATH: paths.join(':'), PYTHONPATH: `${root}/usr/lib/python3/dist-packages` },
  };
}

/**
 * Loads files in a jail: without network and processes of the machine; only memory is writable, and it is bounded.
 * @throws Error when the jail does not answer for every input
 */
export function runOracle(
  interpreter: Interpreter,
  inputs: readonly OracleInput[],
  options: OracleOptions = {},
): OracleRun {
  const { program, args } = jailed(interpreter, 'worker.py');
  const input = Buffer.concat(inputs.flatMap((each) => requestOf(each, options)));
  const run = spawnSync(program, args, { input, maxBuffer: 2 ** 30 });
  if (run.status !== 0) throw new Error(`the jail ended with ${run.status ?? run.signal}: ${run.stderr}`);
  const [head, ...lines] = run.stdout.toString('utf8').trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line) as OracleRun['records'][number]);
  if (head === undefined || records.length !== inputs.length)
    throw new Error(`the jail answered for ${records.length} of ${inputs.length} files: ${run.stderr}`);
  return { versions: (JSON.parse(head) as OracleRun).versions, records };
}

/** The command that runs a worker of this folder in a jail. @param processes shows the worker its own processes, which TensorFlow asks for */
export function jailed(
  interpreter: Interpreter,
  worker: string,
  processes = false,
): { readonly program: string; readonly args: readonly string[] } {
  const limits = [`--cpu=${CPU_SECONDS}`, `--as=${MEMORY_BYTES}`, '--nofile=256', '--core=0'];
  const env = Object.entries(interpreter.env ?? {}).flatMap(([name, value]) => ['--setenv', name, value]);
  const own = processes ? ['--proc', '/proc'] : [];
  const walled = ['bwrap', ...walls(foldersOf(interpreter)), ...own, ...env];
  const args = [...limits, '--', ...walled, '--', interpreter.program, '-u', `${HERE}${worker}`];
  return { program: 'prlimit', args };
}

/** The command that runs a module of this folder with Node.js in a jail, which finds packages in `modules`. */
export function jailedNode(
  worker: string,
  modules: string,
): { readonly program: string; readonly args: readonly string[] } {
  const limits = [`--cpu=${CPU_SECONDS}`, '--nofile=256', '--core=0'];
  const node = ['--ro-bind', process.execPath, process.execPath];
  const walled = ['bwrap', ...walls([modules]), ...node, '--setenv', 'ORACLE_MODULES', `${modules}/`];
  return { program: 'prlimit', args: [...limits, '--', ...walled, '--', process.execPath, `${HERE}${worker}`] };
}

function walls(folders: readonly string[]): string[] {
  const readable = [
    '/proc/cpuinfo',
    '/sys/devices/system/cpu',
    '/usr',
    '/bin',
    '/lib',
    '/lib64',
    '/etc/alternatives',
    '/etc/ld.so.cache',
    HERE,
    ...folders,
  ];
  return [
    '--unshare-all',
    '--die-with-parent',
    '--new-session',
    '--clearenv',
    // Mounted first, since readable folders can lie within it.
    ...['--tmpfs', '/tmp', '--dev', '/dev'],
    ...readable.filter((path) => existsSync(path)).flatMap((path) => ['--ro-bind', path, path]),
    ...['--chdir', '/tmp'],
    ...['--setenv', 'HOME', '/tmp', '--setenv', 'PATH', '/usr/bin:/bin', '--setenv', 'LC_ALL', 'C.UTF-8'],
    ...['--setenv', 'PYTHONHASHSEED', '0', '--setenv', 'PYTHONDONTWRITEBYTECODE', '1'],
    ...['--setenv', 'OMP_NUM_THREADS', '1', '--setenv', 'OPENBLAS_NUM_THREADS', '1'],
  ];
}

/** The folders of the interpreter and its packages. */
function foldersOf({ program, folders = [] }: Interpreter): string[] {
  const asked = spawnSync(program, ['-c', 'import sys; print(sys.prefix); print(sys.base_prefix)'], {
    encoding: 'utf8',
  });
  if (asked.status !== 0) throw new Error(`${program} does not run: ${asked.stderr}`);
  const own = asked.stdout.trim().split('\n');
  return [...own.filter((path) => path !== '/usr'), ...folders];
}

function requestOf({ name, bytes, beside = {} }: OracleInput, options: OracleOptions): Buffer[] {
  const files = { [name]: bytes, ...beside };
  const request = { files: Object.keys(files), loaders: options.loaders, synthetic: options.synthetic };
  return [framed(Buffer.from(JSON.stringify(request))), ...Object.values(files).map((content) => framed(content))];
}

/** A length in four bytes, then that many bytes. */
export function framed(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(bytes.length);
  return Buffer.concat([head, bytes]);
}
