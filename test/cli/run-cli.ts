import { type SpawnOptions, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
export const PROBES = fileURLToPath(new URL('../../fixtures/pickle-probes/', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The user to run as; only root can choose another. */
  readonly uid?: number;
  /** Runs without the capabilities by which root reads and writes everything, as the owner of the checkout. */
  readonly unprivileged?: boolean;
  /** Is called once the program runs. */
  readonly onStart?: (child: ReturnType<typeof spawn>) => void;
}

const NOBODY = 65_532;

/** The user of a container: another user where others can enter the checkout, else its owner without privileges. */
export const STRANGER: CliOptions =
  othersEnter(ROOT) && process.getuid?.() === 0 ? { uid: NOBODY } : { unprivileged: true };

function othersEnter(folder: string): boolean {
  const parent = dirname(folder);
  return (statSync(folder).mode & 0o001) !== 0 && (parent === folder || othersEnter(parent));
}

/** Runs the built command line without a terminal, in its own environment. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd ?? ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
  };
  return new Promise((resolve, reject) => {
    const [file = '', ...before] = [...(options.unprivileged === true ? withoutPrivilege() : []), process.execPath];
    const child = spawn(file, [...before, MAIN, ...args], spawnOptions);
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    options.onStart?.(child);
  });
}

/** The command that runs another as the owner of the checkout, subject to the modes of files. */
function withoutPrivilege(): string[] {
  if (process.getuid?.() !== 0) return [];
  const { uid, gid } = statSync(ROOT);
  const privileges = '-dac_override,-dac_read_search';
  const user = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
  return ['setpriv', ...user, `--bounding-set=${privileges}`, `--inh-caps=${privileges}`, '--'];
}
