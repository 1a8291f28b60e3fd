import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AssayError, compiledUrl, systemCode } from '../../core/index.ts';
import type { PayloadSigner } from '../../integrity/sign/index.ts';
import { messageOf } from '../problems/index.ts';
import type { OnJobProgress } from '../queue/index.ts';
import type {
  ConversionOrder,
  ConvertEnd,
  ScanEnd,
  ScanOrder,
  ScanSettings,
  TestedEnd,
  TestOrder,
  ThreadEnd,
  ThreadOrder,
  ThreadReply,
  WorkerMessage,
} from './scan-messages.ts';

/** Heap of one scan (CWE-770): what the bounds of the readers add up to in the worst pickle, and half as much again. */
const MAX_HEAP_MIB = 2_048;
/** How long a scan may take to stop by itself. */
const STOP_MS = 400;
/** How long a scan waits for a thread before one more than there are cores is started, or it is given up: longer than a small scan, or a start. */
const PATIENCE_MS = 1_000;
/** The environment of threads, without secrets of the service. */
const KEPT = ['PATH', 'HOME', 'ASSAY_HOME', 'XDG_DATA_HOME', 'NODE_EXTRA_CA_CERTS', 'LANG'] as const;

/** The thread was lost: out of memory, or by a defect. Or none was free for as long as a scan may wait. */
export type PoolEnd<E = ScanEnd> =
  | E
  | { readonly kind: 'busy' }
  | { readonly kind: 'lost'; readonly code: 'out-of-memory' | 'crashed'; readonly message: string };

export interface PoolOptions {
  /** Scans that run at a time, if they take long: no more than there are cores run otherwise. */
  readonly maxThreads: number;
  readonly maxHeapMib?: number;
  /** How long one scan may take. */
  readonly maxScanMs: number;
}

/** Threads that scan, each one artifact at a time; kept for the next, so that a thousand small scans start none again. */
export class ScanPool {
  readonly #settings: ScanSettings;
  readonly #maxThreads: number;
  readonly #maxHeapMib: number;
  readonly #maxScanMs: number;
  readonly #idle: ScanThread[] = [];
  readonly #all = new Set<ScanThread>();
  /** Scans that wait for a thread, the first first. */
  readonly #waiting: Take[] = [];
  #closed = false;

  constructor(settings: ScanSettings, options: PoolOptions) {
    this.#settings = settings;
    this.#maxThreads = options.maxThreads;
    this.#maxHeapMib = options.maxHeapMib ?? MAX_HEAP_MIB;
    this.#maxScanMs = options.maxScanMs;
  }

  /** @returns `failed` with `aborted` when `signal` fires, with `limit` when the scan takes too long, within half a second. */
  async scan(order: ScanOrder, signal: AbortSignal, onProgress: OnJobProgress): Promise<PoolEnd> {
    const end = await this.#run({ kind: 'scan', order }, signal, { onProgress, signer: undefined });
    if (end.kind === 'converted' || end.kind === 'tested') throw otherEnd('scan', end.kind);
    return end;
  }

  /** The same for a conversion, which takes a thread as a scan does. @param signer signs what was converted, outside the thread */
  async convert(
    order: ConversionOrder,
    signal: AbortSignal,
    hooks: { readonly onProgress: OnJobProgress; readonly signer: PayloadSigner | undefined },
  ): Promise<PoolEnd<ConvertEnd>> {
    const end = await this.#run({ kind: 'convert', order }, signal, hooks);
    if (end.kind === 'assessed' || end.kind === 'tested') throw otherEnd('conversion', end.kind);
    return end;
  }

  /** The same for tests, whose model runs in a child process of the thread. */
  async test(order: TestOrder, signal: AbortSignal, onProgress: OnJobProgress): Promise<PoolEnd<TestedEnd>> {
    const end = await this.#run({ kind: 'test', order }, signal, { onProgress, signer: undefined });
    if (end.kind === 'assessed' || end.kind === 'converted') throw otherEnd('test', end.kind);
    return end;
  }

  async #run(order: ThreadOrder, signal: AbortSignal, hooks: Hooks): Promise<PoolEnd<ThreadEnd>> {
    if (signal.aborted || this.#closed) return STOPPED;
    const thread = await this.#take(signal);
    const stopped = signal.aborted || this.#closed;
    if (thread === undefined) return stopped ? STOPPED : { kind: 'busy' };
    const end = stopped ? STOPPED : await this.#runOn(thread, order, signal, hooks);
    if (thread.isLost || this.#closed) await this.#drop(thread);
    else this.#giveBack(thread);
    return this.#closed && end.kind === 'lost' ? STOPPED : end;
  }

  async #runOn(thread: ScanThread, order: ThreadOrder, signal: AbortSignal, hooks: Hooks): Promise<PoolEnd<ThreadEnd>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#maxScanMs);
    const end = await thread.run(order, AbortSignal.any([signal, late.signal]), hooks);
    clearTimeout(timer);
    if (!late.signal.aborted || signal.aborted) return end;
    const message = `the ${NOUNS[order.kind]} took more than ${this.#maxScanMs / 1000} seconds (ASSAY_MAX_SCAN_SECONDS)`;
    return { kind: 'failed', code: 'limit', message };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const take of [...this.#waiting]) take(undefined);
    await Promise.all([...this.#all].map((thread) => this.#drop(thread)));
  }

  /** One that is idle; more than there are cores only for scans that take long, which may wait for a network. */
  #take(signal: AbortSignal): ScanThread | Promise<ScanThread | undefined> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#all.size < Math.min(availableParallelism(), this.#maxThreads)) return this.#start();
    return new Promise((resolve) => {
      const take: Take = (thread) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        resolve(thread);
      };
      const leave = () => take(undefined);
      const timer = setTimeout(() => take(this.#all.size < this.#maxThreads ? this.#start() : undefined), PATIENCE_MS);
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(take);
    });
  }

  #giveBack(thread: ScanThread): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#idle.push(thread);
    else next(thread);
  }

  #start(): ScanThread {
    const thread = new ScanThread(this.#settings, this.#maxHeapMib);
    this.#all.add(thread);
    return thread;
  }

  async #drop(thread: ScanThread): Promise<void> {
    this.#all.delete(thread);
    await thread.end();
  }
}

interface Hooks {
  readonly onProgress: OnJobProgress;
  readonly signer: PayloadSigner | undefined;
}

type Stopped = ScanEnd & { readonly kind: 'failed' };

const NOUNS: Readonly<Record<ThreadOrder['kind'], string>> = {
  scan: 'scan',
  convert: 'conversion',
  test: 'test',
};

function otherEnd(noun: string, kind: string): AssayError {
  return new AssayError('internal', `a ${noun} ended as ${kind}`);
}

/** Gives a scan that waits its thread, or sends it away. */
type Take = (thread: ScanThread | undefined) => void;

const STOPPED: Stopped = { kind: 'failed', code: 'aborted', message: 'stopped before the end' };

class ScanThread {
  readonly #worker: Worker;
  /** For temporary files, which a thread that is ended by force leaves behind. */
  readonly #scratch = mkdtempSync(join(tmpdir(), 'assay-scan-'));
  #onReply: ((reply: ThreadReply) => void) | undefined;
  #onLost: ((end: PoolEnd<ThreadEnd>) => void) | undefined;
  isLost = false;
  #noun = NOUNS.scan;

  constructor(settings: ScanSettings, maxHeapMib: number) {
    const kept = KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
    this.#worker = new Worker(compiledUrl('./scan-thread.js', import.meta.url), {
      workerData: settings,
      env: { ...Object.fromEntries(kept), TMPDIR: this.#scratch },
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
    });
    this.#worker.on('message', (reply: ThreadReply) => this.#onReply?.(reply));
    this.#worker.on('error', (error) => this.#lose(error));
    this.#worker.on('exit', (code) => this.#lose(new Error(`the thread exited with ${code}`)));
  }

  run(order: ThreadOrder, signal: AbortSignal, { onProgress, signer }: Hooks): Promise<PoolEnd<ThreadEnd>> {
    this.#noun = NOUNS[order.kind];
    return new Promise((resolve) => {
      let force: NodeJS.Timeout | undefined;
      const end = (how: PoolEnd<ThreadEnd>) => {
        clearTimeout(force);
        signal.removeEventListener('abort', stop);
        this.#onReply = undefined;
        this.#onLost = undefined;
        resolve(signal.aborted ? STOPPED : how);
      };
      const stop = () => {
        this.#post({ kind: 'stop' });
        force = setTimeout(() => {
          this.isLost = true;
          end(STOPPED);
        }, STOP_MS);
      };
      this.#onLost = end;
      this.#onReply = (reply) => {
        if (reply.kind === 'progress') onProgress(reply.progress);
        else if (reply.kind === 'sign') void this.#sign(reply, signer);
        else end(reply);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#post(order);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  async #sign({ payloadType, payload }: ThreadReply & { readonly kind: 'sign' }, signer: PayloadSigner | undefined) {
    const bundle = await signer?.sign(payloadType, payload).catch((error: unknown) => {
      process.emitWarning(`a conversion was not signed: ${messageOf(error)}`);
      return undefined;
    });
    if (!this.isLost) this.#post({ kind: 'signed', bundle: bundle ?? null });
  }

  #post(request: WorkerMessage): void {
    this.#worker.postMessage(request);
  }

  #lose(error: unknown): void {
    if (this.isLost) return;
    this.isLost = true;
    const isMemory = systemCode(error) === 'ERR_WORKER_OUT_OF_MEMORY';
    const message = error instanceof Error ? error.message : String(error);
    this.#onLost?.(
      isMemory
        ? { kind: 'lost', code: 'out-of-memory', message: `the ${this.#noun} exceeded its memory limit` }
        : { kind: 'lost', code: 'crashed', message },
    );
  }
}
