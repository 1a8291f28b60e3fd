import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError, compiledUrl } from '../../core/index.ts';
import type { PayloadSigner } from '../../integrity/sign/index.ts';
import type { KeptScan, ScanInput } from '../../registry/index.ts';
import { HelperProcess, type ProcessMeter, type ProcessUse } from '../../sandbox/index.ts';
import { messageOf } from '../problems/index.ts';
import type { JobContext, OnCosts } from '../queue/index.ts';
import type {
  CheckedEnd,
  ConversionOrder,
  ConvertEnd,
  DataOrder,
  HelperEnd,
  HelperOrder,
  HelperReply,
  HelperUse,
  ScanEnd,
  ScanOrder,
  ScanSettings,
  TestedEnd,
  TestOrder,
  WorkerMessage,
} from './scan-messages.ts';

/** Heap of one scan (CWE-770): what the bounds of the readers add up to in the worst pickle, and half as much again. */
const MAX_HEAP_MIB = 2_048;
/** How long a scan may take to stop by itself. */
const STOP_MS = 400;
/** How long a scan waits for a scanning process before one more than there are cores is started, or it is given up: longer than a small scan, or a start. */
const PATIENCE_MS = 1_000;
/** The environment of scanning processes, without secrets of the service. */
const KEPT = ['PATH', 'HOME', 'ASSAY_HOME', 'XDG_DATA_HOME', 'NODE_EXTRA_CA_CERTS', 'LANG'] as const;

/** The helper was lost: out of memory, or by a defect. Or none was free for as long as a scan may wait. */
export type PoolEnd<E = ScanEnd> =
  | E
  | { readonly kind: 'busy' }
  | { readonly kind: 'lost'; readonly code: 'out-of-memory' | 'crashed'; readonly message: string };

export interface PoolOptions {
  /** Scans that run at a time, if they take long: no more than there are cores run otherwise. */
  readonly maxProcesses: number;
  readonly maxHeapMib?: number;
  /** How long one scan may take. */
  readonly maxScanMs: number;
}

/** Threads that scan, each one artifact at a time; kept for the next, so that a thousand small scans start none again. */
export class ScanPool {
  readonly #settings: ScanSettings;
  readonly #maxProcesses: number;
  readonly #maxHeapMib: number;
  readonly #maxScanMs: number;
  readonly #idle: ScanProcess[] = [];
  readonly #all = new Set<ScanProcess>();
  /** Scans that wait for a scanning process, the first first. */
  readonly #waiting: Take[] = [];
  #closed = false;

  constructor(settings: ScanSettings, options: PoolOptions) {
    this.#settings = settings;
    this.#maxProcesses = options.maxProcesses;
    this.#maxHeapMib = options.maxHeapMib ?? MAX_HEAP_MIB;
    this.#maxScanMs = options.maxScanMs;
  }

  /** @returns `failed` with `aborted` when `signal` fires, with `limit` when the scan takes too long, within half a second. */
  /** @param hooks.onListed tells which earlier scans may be of the same files; none are asked for without it */
  async scan(order: ScanOrder, signal: AbortSignal, hooks: PoolHooks & Pick<Hooks, 'onListed'>): Promise<PoolEnd> {
    const end = await this.#run({ kind: 'scan', order: { ...order, reuses: hooks.onListed !== undefined } }, signal, {
      ...hooks,
      signer: undefined,
    });
    if (end.kind === 'assessed' || end.kind === 'same' || isCommon(end)) return end;
    throw otherEnd('scan', end.kind);
  }

  /** The same for a conversion, which takes a helper as a scan does. @param signer signs what was converted, outside the helper */
  async convert(
    order: ConversionOrder,
    signal: AbortSignal,
    hooks: PoolHooks & { readonly signer: PayloadSigner | undefined },
  ): Promise<PoolEnd<ConvertEnd>> {
    const end = await this.#run({ kind: 'convert', order }, signal, hooks);
    if (end.kind === 'converted' || isCommon(end)) return end;
    throw otherEnd('conversion', end.kind);
  }

  /** The same for tests, whose model runs in a child process of the helper. */
  async test(order: TestOrder, signal: AbortSignal, hooks: PoolHooks): Promise<PoolEnd<TestedEnd>> {
    const end = await this.#run({ kind: 'test', order }, signal, { ...hooks, signer: undefined });
    if (end.kind === 'tested' || isCommon(end)) return end;
    throw otherEnd('test', end.kind);
  }

  /** The same for checks of data, whose tables are read in a child process of the helper. */
  async checkData(order: DataOrder, signal: AbortSignal, hooks: PoolHooks): Promise<PoolEnd<CheckedEnd>> {
    const end = await this.#run({ kind: 'data', order }, signal, { ...hooks, signer: undefined });
    if (end.kind === 'checked' || isCommon(end)) return end;
    throw otherEnd('check of data', end.kind);
  }

  async #run(order: HelperOrder, signal: AbortSignal, hooks: Hooks): Promise<PoolEnd<HelperEnd>> {
    if (signal.aborted || this.#closed) return STOPPED;
    const helper = await this.#take(signal);
    const stopped = signal.aborted || this.#closed;
    if (helper === undefined) return stopped ? STOPPED : { kind: 'busy' };
    const end = stopped ? STOPPED : await this.#runOn(helper, order, signal, hooks);
    if (helper.isLost || this.#closed) await this.#drop(helper);
    else this.#giveBack(helper);
    return this.#closed && end.kind === 'lost' ? STOPPED : end;
  }

  async #runOn(
    helper: ScanProcess,
    order: HelperOrder,
    signal: AbortSignal,
    hooks: Hooks,
  ): Promise<PoolEnd<HelperEnd>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.#maxScanMs);
    const end = await helper.run(order, AbortSignal.any([signal, late.signal]), hooks);
    clearTimeout(timer);
    if (!late.signal.aborted || signal.aborted) return end;
    const message = `the ${NOUNS[order.kind]} took more than ${this.#maxScanMs / 1000} seconds (ASSAY_MAX_SCAN_SECONDS)`;
    return { kind: 'failed', code: 'limit', message };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const take of [...this.#waiting]) take(undefined);
    await Promise.all([...this.#all].map((helper) => this.#drop(helper)));
  }

  /** One that is idle; more than there are cores only for scans that take long, which may wait for a network. */
  #take(signal: AbortSignal): ScanProcess | Promise<ScanProcess | undefined> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#all.size < Math.min(availableParallelism(), this.#maxProcesses)) return this.#start();
    return new Promise((resolve) => {
      const take: Take = (helper) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        resolve(helper);
      };
      const leave = () => take(undefined);
      const timer = setTimeout(
        () => take(this.#all.size < this.#maxProcesses ? this.#start() : undefined),
        PATIENCE_MS,
      );
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(take);
    });
  }

  #giveBack(helper: ScanProcess): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#idle.push(helper);
    else next(helper);
  }

  #start(): ScanProcess {
    const helper = new ScanProcess(this.#settings, this.#maxHeapMib);
    this.#all.add(helper);
    return helper;
  }

  async #drop(helper: ScanProcess): Promise<void> {
    this.#all.delete(helper);
    await helper.end();
  }
}

/** Costs are told from time to time, and at the end. */
export type PoolHooks = Pick<JobContext, 'onProgress' | 'onCosts'>;

interface Hooks extends PoolHooks {
  readonly onListed?: ((input: ScanInput) => Promise<readonly KeptScan[]>) | undefined;
  readonly signer: PayloadSigner | undefined;
}

type Stopped = ScanEnd & { readonly kind: 'failed' };

const NOUNS: Readonly<Record<HelperOrder['kind'], string>> = {
  scan: 'scan',
  convert: 'conversion',
  test: 'test',
  data: 'check of data',
};

/** How any work may end. */
function isCommon<E extends PoolEnd<HelperEnd>>(end: E): end is Extract<E, { kind: 'failed' | 'busy' | 'lost' }> {
  return end.kind === 'failed' || end.kind === 'busy' || end.kind === 'lost';
}

function otherEnd(noun: string, kind: string): AssayError {
  return new AssayError('internal', `a ${noun} ended as ${kind}`);
}

/** Gives a scan that waits its helper, or sends it away. */
type Take = (helper: ScanProcess | undefined) => void;

const STOPPED: Stopped = { kind: 'failed', code: 'aborted', message: 'stopped before the end' };

const UNKNOWN_USE: ProcessUse = { cpuMs: null, peakBytes: null };

class ScanProcess {
  readonly #process: HelperProcess<WorkerMessage, HelperReply>;
  /** For temporary files, which a helper that is ended by force leaves behind. */
  readonly #scratch = mkdtempSync(join(tmpdir(), 'assay-scan-'));
  #onReply: ((reply: HelperReply) => void) | undefined;
  #onLost: ((end: PoolEnd<HelperEnd>) => void) | undefined;
  readonly #meter: ProcessMeter | undefined;
  #onUse: (() => void) | undefined;
  /** Bytes that it received over the network since it started; `undefined` until it says so. */
  #fetched: number | undefined;
  /** Its process, by itself or by force. */
  #hasEnded = false;
  isLost = false;
  #noun = NOUNS.scan;

  constructor(settings: ScanSettings, maxHeapMib: number) {
    const kept = KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
    this.#process = new HelperProcess(
      compiledUrl('./scan-process.js', import.meta.url),
      {
        env: { ...Object.fromEntries(kept), TMPDIR: this.#scratch },
        maxHeapMib,
        first: { kind: 'settings', settings },
      },
      { onMessage: (reply) => this.#onReply?.(reply), onEnd: (why) => this.#lose(why) },
    );
    this.#meter = this.#process.meter(() => this.#onUse?.());
  }

  run(
    order: HelperOrder,
    signal: AbortSignal,
    { onProgress, onCosts, onListed, signer }: Hooks,
  ): Promise<PoolEnd<HelperEnd>> {
    this.#noun = NOUNS[order.kind];
    return new Promise((resolve) => {
      let force: NodeJS.Timeout | undefined;
      const measured = this.#measure(onCosts);
      const end = (how: PoolEnd<HelperEnd>) => {
        clearTimeout(force);
        measured();
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
        else if (reply.kind === 'used') this.#hear(reply.used);
        else if (reply.kind === 'listed') void this.#answer(reply.input, onListed);
        else if (reply.kind === 'sign') void this.#sign(reply, signer);
        else end(reply);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#post(order);
    });
  }

  async end(): Promise<void> {
    await this.#process.end();
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  /** Measures until the function that it returns is called. */
  #measure(onCosts: OnCosts): () => void {
    const started = performance.now();
    const before = this.#fetched ?? 0;
    const tell = ({ cpuMs, peakBytes }: ProcessUse) => {
      const fetchedBytes = this.#fetched === undefined ? null : this.#fetched - before;
      onCosts({ wallMs: performance.now() - started, cpuMs, peakBytes, fetchedBytes });
    };
    this.#onUse = () => tell(this.#meter?.used() ?? UNKNOWN_USE);
    this.#meter?.start();
    return () => {
      this.#onUse = undefined;
      tell(this.#meter?.end(this.#hasEnded) ?? UNKNOWN_USE);
    };
  }

  /** It may have been taken over by what it read: amounts only grow, and are amounts. */
  #hear(used: HelperUse): void {
    this.#meter?.hear(used);
    const { fetchedBytes } = used;
    if (Number.isSafeInteger(fetchedBytes) && fetchedBytes >= (this.#fetched ?? 0)) this.#fetched = fetchedBytes;
  }

  /** Without an answer, it scans. */
  async #answer(input: ScanInput, onListed: Hooks['onListed']) {
    const scans = await onListed?.(input).catch((error: unknown) => {
      process.emitWarning(`earlier scans could not be looked up: ${messageOf(error)}`);
      return [];
    });
    if (!this.isLost) this.#post({ kind: 'kept', scans: scans ?? [] });
  }

  async #sign({ payloadType, payload }: HelperReply & { readonly kind: 'sign' }, signer: PayloadSigner | undefined) {
    const bundle = await signer?.sign(payloadType, payload).catch((error: unknown) => {
      process.emitWarning(`a conversion was not signed: ${messageOf(error)}`);
      return undefined;
    });
    if (!this.isLost) this.#post({ kind: 'signed', bundle: bundle ?? null });
  }

  #post(request: WorkerMessage): void {
    this.#process.send(request);
  }

  #lose({ code, message, cause }: AssayError): void {
    this.#hasEnded = true;
    if (this.isLost) return;
    this.isLost = true;
    this.#onLost?.(
      code === 'limit'
        ? { kind: 'lost', code: 'out-of-memory', message: `the ${this.#noun} exceeded its memory limit` }
        : { kind: 'lost', code: 'crashed', message: typeof cause === 'string' ? `${message}: ${cause}` : message },
    );
  }
}
