import type { WriteStream } from 'node:tty';
import { isAssayError } from '../../core/index.ts';
import { terminalText } from '../../report/index.ts';

/** Exit codes that scripts rely on: allowed, denied, could not complete. */
export type ExitCode = 0 | 1 | 2;

type Output = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** The environment of a verb. */
export interface Shell {
  /** The words of the command line, without the program. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Records an outcome; the gravest wins: a deny over an incompleteness over success. */
  exit(code: ExitCode): void;
}

/** Which of two outcomes a script should see. */
export function graver(a: ExitCode, b: ExitCode): ExitCode {
  const order: readonly ExitCode[] = [0, 2, 1];
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

/** One line on stderr that says what failed and how to correct it; the stack only for defects of ours, or when asked for. */
export function printError(shell: Pick<Shell, 'stderr' | 'env'>, error: unknown): void {
  shell.stderr.write(`assay: ${errorLine(error)}\n`);
  const defect = !isAssayError(error) || error.code === 'internal';
  if (!defect && shell.env.ASSAY_DEBUG !== '1') return;
  for (const line of stackOf(error)) shell.stderr.write(`  ${terminalText(line)}\n`);
}

function errorLine(error: unknown): string {
  if (!isAssayError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return `defect: ${terminalText(message)}; please report it with the lines below`;
  }
  const subject = error.subject === undefined ? '' : `${terminalText(error.subject)}: `;
  const hint = error.hint === undefined ? '' : `; ${terminalText(error.hint)}`;
  return `${subject}${terminalText(error.message)}${hint}`;
}

function stackOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = (error.stack ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
  const cause = error.cause instanceof Error ? [`caused by ${error.cause.message}`, ...stackOf(error.cause)] : [];
  return [...own, ...cause];
}

/** Whether a stream gets colour: a flag, then the environment, then whether it is a terminal. */
export function wantsColor(stream: Output, env: NodeJS.ProcessEnv, flag: boolean): boolean {
  if (!flag) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return stream.isTTY === true && env.TERM !== 'dumb';
}

const DEFAULT_WIDTH = 100;
const MIN_WIDTH = 40;
const MAX_WIDTH = 140;

/** Columns to write for: the terminal's within reason, or a fixed number for files and pipes. */
export function widthOf(stream: Output): number {
  if (stream.isTTY !== true || stream.columns === undefined || stream.columns === 0) return DEFAULT_WIDTH;
  return Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, stream.columns));
}
