import { CommanderError } from 'commander';
import { AssayError, isAssayError } from '../core/index.ts';
import { createProgram } from './program.ts';
import { type ExitCode, graver, printError, type Shell } from './terminal/index.ts';
import { endWhenUnwritten } from './unwritten.ts';

const INTERRUPTED = 130;
const TERMINATED = 143;
/** What is written to a slow reader gets through meanwhile. */
const LINGER_MS = 2_000;

/** Runs one command line in this process and sets its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const stop = new AbortController();
  let stoppedWith: number | undefined;
  const interrupt = (code: number) => {
    // The second signal means not to wait for cleanup.
    if (stop.signal.aborted) process.exit(code);
    stoppedWith = code;
    stop.abort();
  };
  process.on('SIGINT', () => interrupt(INTERRUPTED));
  process.on('SIGTERM', () => interrupt(TERMINATED));
  endWhenUnwritten();

  let outcome: ExitCode = 0;
  const shell: Shell = {
    args,
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    exit: (code) => {
      outcome = graver(outcome, code);
      process.exitCode = outcome;
    },
  };
  try {
    await createProgram(shell, args[0]).parseAsync(args, { from: 'user' });
  } catch (error) {
    const problem = asUsage(error);
    if (problem === undefined) shell.exit(isHelp(error) ? 0 : 2);
    else if (!(stop.signal.aborted && isAssayError(problem) && problem.code === 'aborted')) {
      printError(shell, problem);
      shell.exit(2);
    }
  }
  if (stoppedWith === undefined) return;
  process.exitCode = stoppedWith;
  // All is done: a connection that a library cannot close does not keep a process that was told to end.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** What the argument parser threw, as an error of ours; `undefined` when it printed help. */
function asUsage(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.code === 'commander.help' || error.exitCode === 0) return undefined;
  const [first = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const guess = /Did you mean (.*)\?/.exec(suggestion ?? '')?.[1];
  const hint = guess === undefined ? 'assay --help lists all verbs' : `did you mean ${guess}?`;
  return new AssayError('usage', first.replace(/\.$/, ''), { hint });
}
