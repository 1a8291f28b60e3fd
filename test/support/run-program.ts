import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface ProgramResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string | URL;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
  /** Receives the program when it has started. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Runs a program to its end without blocking the test worker. @throws Error when it cannot be started */
export async function runProgram(
  file: string,
  args: readonly string[],
  { input = '', onStart, ...options }: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = spawn(file, args, { ...options, stdio: 'pipe' });
  onStart?.(child);
  // A program can end before it has read everything: its status tells why.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { status, stdout, stderr };
}

/** Whether Python can import modules. */
export async function canImport(python: string | undefined, modules: string): Promise<boolean> {
  if (python === undefined) return false;
  const ended = await runProgram(python, ['-c', `import ${modules}`]).catch(() => undefined);
  return ended?.status === 0;
}
