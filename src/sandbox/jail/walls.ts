import { existsSync, realpathSync } from 'node:fs';
import { AssayError } from '../../core/index.ts';
import { programOnPath } from '../programs.ts';
import { SYSTEM_FOLDERS } from './python.ts';

/** What a program in a jail is given. */
export interface JailView {
  /** The path of what runs. */
  readonly program: string;
  /** Open files that it can read, by the path that it finds each at. The file is the one that is open, whatever its path now is. */
  readonly files: readonly { readonly fd: number; readonly at: string }[];
  /** Folders that it can read where they are. */
  readonly folders: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Bytes of memory that take the place of a disk, at /tmp. */
  readonly scratchBytes: number;
}

/** Descriptors in bubblewrap itself. */
export interface JailDescriptors {
  /** Of the filter of system calls. */
  readonly filter: number;
  /** Of the command line that /proc/self/cmdline says. */
  readonly commandLine: number;
  /** Where bubblewrap says which process is the first of the jail. */
  readonly info: number;
  /** Where the program waits for a line before it starts. */
  readonly start: number;
  /** Of the first file; the others follow. */
  readonly firstFile: number;
}

const HINT = 'install it (Debian: apt-get install bubblewrap), or convert without --sandbox';

/** @throws AssayError `not-found` without bubblewrap; `unsupported` on another system than Linux */
export function findBubblewrap(env: NodeJS.ProcessEnv): string {
  if (process.platform !== 'linux')
    throw new AssayError('unsupported', 'the sandbox for code of a model needs Linux', { subject: '--sandbox' });
  const found = programOnPath(['bwrap'], env);
  if (found !== undefined) return found;
  throw new AssayError('not-found', 'bubblewrap, which holds the code of the model, is not installed', {
    subject: 'bwrap',
    hint: HINT,
  });
}

/**
 * The arguments of bubblewrap: no network, no process of the machine, no capability, no terminal, no variable of the environment; the
 * machine's libraries, the folders and the files can be read, and nothing but /tmp, which is memory, can be written.
 */
export function walls(
  { program, files, folders, env, scratchBytes }: JailView,
  descriptors: JailDescriptors,
): string[] {
  const readable = [...SYSTEM_FOLDERS, ...folders].filter((path) => existsSync(path));
  return [
    ...['--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--clearenv'],
    ...['--uid', '65534', '--gid', '65534', '--hostname', 'sandbox', '--dev', '/dev'],
    // Mounted before the folders, which may lie within it.
    ...['--size', String(scratchBytes), '--tmpfs', '/tmp'],
    ...readable.flatMap((path) => ['--ro-bind', path, path]),
    ...files.flatMap(({ at }, i) => ['--ro-bind', `/proc/self/fd/${descriptors.firstFile + i}`, at]),
    // TensorFlow ends without these; there is nothing else in /proc.
    ...['--symlink', realpathSync(program), '/proc/self/exe'],
    ...['--ro-bind-data', String(descriptors.commandLine), '/proc/self/cmdline'],
    ...['--remount-ro', '/dev', '--remount-ro', '/', '--chdir', '/tmp'],
    ...Object.entries({ HOME: '/tmp', PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', ...env }).flatMap(([name, value]) => [
      ...['--setenv', name, value],
    ]),
    ...['--info-fd', String(descriptors.info), '--seccomp', String(descriptors.filter)],
  ];
}
