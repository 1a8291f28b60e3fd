import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AssayError, throwIfAborted } from '../core/index.ts';
import { isProgram, programOnPath } from './programs.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ELSEWHERE = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const WALL_MS = 180_000;
const MAX_PDF = 512 * 1024 * 1024;
const STDERR_KEPT = 4_000;
const HINT = 'install Chromium (Debian: apt-get install chromium), or set ASSAY_CHROMIUM to its path';

/**
 * The Chromium of this machine: the one that `ASSAY_CHROMIUM` names, else the first on `PATH`.
 * @throws AssayError `not-found` when there is none
 */
export function findChromium(env: NodeJS.ProcessEnv): string {
  const named = env.ASSAY_CHROMIUM;
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return named;
    throw new AssayError('not-found', 'is not a program', { subject: `ASSAY_CHROMIUM ${named}`, hint: HINT });
  }
  const found = programOnPath(NAMES, env) ?? ELSEWHERE.find(isProgram);
  if (found !== undefined) return found;
  throw new AssayError('not-found', 'Chromium, which writes the PDF, is not installed', { hint: HINT });
}

export interface PrintOptions {
  /** As `findChromium` gave it. */
  readonly chromium: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; three minutes when absent. */
  readonly wallMs?: number;
}

/**
 * Prints an HTML document to PDF in a Chromium of its own: a profile that is removed with it, no network.
 * @throws AssayError `limit` when it takes too long, `sandbox` when it makes no PDF, `aborted`
 */
export async function printToPdf(html: string, options: PrintOptions): Promise<Uint8Array> {
  throwIfAborted(options.signal);
  const folder = await mkdtemp(join(tmpdir(), 'assay-pdf-'));
  try {
    const page = join(folder, 'review.html');
    const pdf = join(folder, 'review.pdf');
    await writeFile(page, html, { mode: 0o600 });
    await runChromium(chromiumArguments(folder, page, pdf), folder, options);
    const size = (await stat(pdf)).size;
    if (size > MAX_PDF) throw new AssayError('limit', `the PDF has more than ${MAX_PDF} bytes`);
    return await readFile(pdf);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function chromiumArguments(folder: string, page: string, pdf: string): string[] {
  // Root may not use Chromium's own sandbox: what is printed holds no script, and nothing of an artifact but text.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return [
    '--headless=new',
    ...root,
    `--user-data-dir=${join(folder, 'profile')}`,
    '--host-resolver-rules=MAP * ~NOTFOUND',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-dev-shm-usage',
    '--disable-extensions',
    '--disable-gpu',
    '--disable-sync',
    '--no-default-browser-check',
    '--no-first-run',
    '--no-pdf-header-footer',
    '--generate-pdf-document-outline',
    `--print-to-pdf=${pdf}`,
    pathToFileURL(page).href,
  ];
}

async function runChromium(args: readonly string[], folder: string, options: PrintOptions): Promise<void> {
  const { chromium, env, signal, wallMs = WALL_MS } = options;
  const { PATH, LANG, FONTCONFIG_PATH, FONTCONFIG_FILE } = env;
  const child = spawn(chromium, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH, LANG, FONTCONFIG_PATH, FONTCONFIG_FILE, HOME: folder, TMPDIR: folder },
    cwd: folder,
    detached: true,
    windowsHide: true,
  });
  let stderr = '';
  child.stderr?.setEncoding('latin1').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  let late = false;
  const clock = setTimeout(() => {
    late = true;
    killAll(child);
  }, wallMs);
  const stop = () => killAll(child);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const how = await ended(child);
    throwIfAborted(signal);
    if (late) throw new AssayError('limit', `Chromium took longer than ${Math.round(wallMs / 1000)} seconds to print`);
    const written = statSync(join(folder, 'review.pdf'), { throwIfNoEntry: false }) !== undefined;
    if (how !== 'exit status 0' || !written) throw failure(chromium, how, stderr);
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener('abort', stop);
    killAll(child);
  }
}

function failure(chromium: string, how: string, stderr: string): AssayError {
  const about = { subject: chromium, cause: stderr };
  if (/no usable sandbox/i.test(stderr)) {
    const hint = 'allow user namespaces for it, or set ASSAY_CHROMIUM to a script that starts it with --no-sandbox';
    return new AssayError('sandbox', 'Chromium cannot use its own sandbox on this machine', { ...about, hint });
  }
  const message = how === 'exit status 0' ? 'Chromium did not write a PDF' : `Chromium failed (${how})`;
  return new AssayError('sandbox', message, { ...about, hint: HINT });
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal === null ? `exit status ${code}` : `signal ${signal}`));
  });
}

/** The browser and the processes it started, which share its group. */
function killAll(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them are gone.
  }
}
