import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { AssayError } from '../../core/index.ts';
import { isProgram, programOnPath } from '../programs.ts';

/** A Python interpreter, and the folders that hold it and its packages. */
export interface Python {
  readonly program: string;
  readonly folders: readonly string[];
}

/** Folders of the system that every jail can read. */
export const SYSTEM_FOLDERS: readonly string[] = [
  '/usr',
  '/bin',
  '/lib',
  '/lib64',
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
];

const HINT = 'give the interpreter of the environment that has the libraries of the model: --python ./venv/bin/python';

/**
 * Finds the interpreter of an environment without running it: the one that is named, else that of the active virtual environment, else
 * `python3` of PATH.
 * @throws AssayError `not-found` when there is none; `usage` when its folders would show more than an environment
 */
export function findPython(named: string | undefined, env: NodeJS.ProcessEnv): Python {
  const program = named === undefined ? usual(env) : resolve(named);
  if (program === undefined || !isProgram(program))
    throw new AssayError('not-found', 'is not a Python interpreter', { subject: program ?? 'python3', hint: HINT });
  const folders = new Set<string>();
  for (const path of [program, realpathSync(program), ...homeOf(program)]) {
    // Both as it is named and where it is: an interpreter looks for its modules beside itself.
    const prefix = dirname(dirname(path));
    for (const folder of [prefix, readableFolder(prefix)])
      if (!SYSTEM_FOLDERS.some((system) => folder === system || folder.startsWith(`${system}${sep}`)))
        folders.add(folder);
  }
  return { program, folders: [...folders] };
}

function usual(env: NodeJS.ProcessEnv): string | undefined {
  const own = [env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap((one) => (one ? [join(one, 'bin', 'python3')] : []));
  return own.find((path) => isAbsolute(path) && isProgram(path)) ?? programOnPath(['python3'], env);
}

/** A virtual environment names the interpreter that it was made with. */
function homeOf(program: string): string[] {
  const config = join(dirname(dirname(program)), 'pyvenv.cfg');
  if (!existsSync(config)) return [];
  const home = /^home\s*=\s*(.+)$/m.exec(readFileSync(config, 'utf8'))?.[1]?.trim();
  return home === undefined ? [] : [join(home, basename(program))];
}

/** Where a folder is that the code of a model may read. @throws AssayError `usage` for one that holds more than packages */
export function readableFolder(folder: string): string {
  const path = realpathSync(folder);
  const home = resolve(homedir());
  if (path === sep || path === home || home.startsWith(`${path}${sep}`) || ['/etc', '/var', '/root'].includes(path))
    throw new AssayError('usage', 'would be readable by code of the model', {
      subject: path,
      hint: 'use a virtual environment (python3 -m venv), or a folder that holds nothing but packages',
    });
  return path;
}
