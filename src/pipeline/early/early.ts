import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { compiledUrl, DEFAULT_LIMITS } from '../../core/index.ts';

/** A parser thread, and the folder of its temporary files, which remains when the thread is killed. */
export interface ParserThread {
  readonly worker: Worker;
  readonly scratch: string;
  /** Why it ended; `undefined` while it runs. */
  failure: unknown;
}

const folders = new Set<string>();
let tidies = false;
let early: ParserThread | undefined;

/** Starts a thread. It does not keep the process alive before a caller waits for it. */
export function startThread(maxHeapMib = DEFAULT_LIMITS.maxParserHeap): ParserThread {
  if (!tidies) process.once('exit', removeFolders);
  tidies = true;
  const scratch = mkdtempSync(join(tmpdir(), 'assay-parser-'));
  folders.add(scratch);
  const worker = new Worker(compiledUrl('../parsers/parser-thread.js', import.meta.url), {
    execArgv: [],
    env: { ...process.env, TMPDIR: scratch },
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
  });
  worker.unref();
  const thread: ParserThread = { worker, scratch, failure: undefined };
  const lose = (why: unknown) => {
    thread.failure ??= why;
  };
  worker.on('error', lose);
  worker.on('exit', (code) => lose(new Error(`the thread exited with ${code}`)));
  return thread;
}

/** Kills a thread, and removes its temporary files. */
export async function endThread({ worker, scratch }: ParserThread): Promise<void> {
  await worker.terminate();
  rmSync(scratch, { recursive: true, force: true });
  folders.delete(scratch);
}

/** Starts a thread before it is needed: it loads its code while the rest of the program loads. */
export function startEarly(): void {
  early ??= startThread();
}

/** The thread that was started early, once. */
export function takeEarly(): ParserThread | undefined {
  const taken = early?.failure === undefined ? early : undefined;
  early = undefined;
  return taken;
}

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
