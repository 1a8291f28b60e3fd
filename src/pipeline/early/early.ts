import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { compiledUrl, DEFAULT_LIMITS } from '../../core/index.ts';

/** A thread that parses, and the folder of its temporary files, which one that is ended by force leaves behind. */
export interface ParserThread {
  readonly worker: Worker;
  readonly scratch: string;
  /** Why it ended; `undefined` while it runs. */
  failure: unknown;
}

const folders = new Set<string>();
let tidies = false;
let early: ParserThread | undefined;

/** Starts a thread. It keeps no process alive before somebody waits for it. */
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

/** Ends a thread, whatever it does, and removes what it left. */
export async function endThread({ worker, scratch }: ParserThread): Promise<void> {
  await worker.terminate();
  rmSync(scratch, { recursive: true, force: true });
  folders.delete(scratch);
}

/** Starts a thread for who will parse soon: it loads its code while the rest of the program does. */
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
