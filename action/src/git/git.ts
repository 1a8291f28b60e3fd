import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { AssayError } from '../../../src/core/index.ts';

/** What git may print for one question: names of a million files. */
const MAX_OUTPUT = 256 * 1024 * 1024;
const MAX_ERROR = 4_000;

/**
 * Settings under which git only reads: no hook, no helper, no connection, no program that an earlier step could have configured.
 * What is asked for are objects by their digests, so that no name of a file is ever an argument.
 */
const HARMLESS = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.quotePath=false',
  'core.attributesFile=/dev/null',
  'protocol.allow=never',
  'diff.external=',
  'gc.auto=0',
];

export interface GitOptions {
  readonly input?: string;
  /** Exit statuses of git that are not failures, besides 0. */
  readonly allow?: readonly number[];
}

/** A repository that was checked out, read by its objects. Nothing in it is changed, and nothing of it is run. */
export class Git {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Asks git one question.
   * @returns what it printed, and its status
   * @throws AssayError `unreadable` with git's own words, `limit`
   */
  async ask(args: readonly string[], options: GitOptions = {}): Promise<{ bytes: Buffer; status: number }> {
    const child = this.start(args);
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, MAX_ERROR);
    });
    const ended = endOf(child);
    const parts: Buffer[] = [];
    let total = 0;
    for await (const part of child.stdout as AsyncIterable<Buffer>) {
      total += part.length;
      if (total > MAX_OUTPUT) {
        child.kill('SIGKILL');
        throw new AssayError('limit', `printed more than ${MAX_OUTPUT} bytes`, { subject: `git ${args[0]}` });
      }
      parts.push(part);
    }
    const status = await ended;
    if (status !== 0 && options.allow?.includes(status) !== true) {
      const [first = `ended with status ${status}`] = complaint.trim().split('\n');
      throw new AssayError('unreadable', first.replace(/^(?:fatal|error): /, ''), { subject: `git ${args[0]}` });
    }
    return { bytes: Buffer.concat(parts), status };
  }

  async text(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return (await this.ask(args, options)).bytes.toString('utf8').trim();
  }

  /** Starts git; its caller reads and ends it. */
  start(args: readonly string[]): ChildProcessByStdio<Writable, Readable, Readable> {
    const settings = [...HARMLESS, `safe.directory=${this.#folder}`].flatMap((setting) => ['-c', setting]);
    return spawn('git', ['--no-pager', '--literal-pathspecs', ...settings, ...args], {
      cwd: this.#folder,
      env: environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
  }

  /** Whether the repository has a commit. @param commit 40 or 64 hex digits */
  async hasCommit(commit: string): Promise<boolean> {
    if (!isObjectId(commit)) return false;
    return (await this.ask(['cat-file', '-e', `${commit}^{commit}`], { allow: [1, 128] })).status === 0;
  }
}

/** Of the environment, what finds git and its objects; nothing that steers it (`GIT_*`), and no secret. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, SystemRoot, TEMP, TMPDIR } = process.env;
  return {
    ...defined({ PATH, HOME, SystemRoot, TEMP, TMPDIR }),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
  };
}

function defined(values: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function endOf(child: ReturnType<Git['start']>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new AssayError('unreadable', 'git cannot be started', { hint: 'install git on the runner', cause })),
    );
    child.once('close', (status) => resolve(status ?? -1));
  });
}

/** The name of an object: SHA-1, or SHA-256 where a repository uses it. */
export function isObjectId(text: unknown): text is string {
  return typeof text === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

export function isNoObject(text: string): boolean {
  return /^0+$/.test(text);
}
