import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type Limits, systemCode } from '../../core/index.ts';
import type { ScanTarget } from '../../scan/scanner/index.ts';
import { endThread, type ParserThread, startThread } from '../early/index.ts';
import type { OnTarget } from '../file-scan.ts';
import { AskedSource, Asker, answerFrom } from './asked-source.ts';
import type { Board } from './board.ts';
import type { Ask, FromParser, ParseOrder, ParseOutcome, ParseSettings, ShownTarget, ToParser } from './messages.ts';

const LOOK_MS = 200;

/** Callbacks of a caller for a batch while it is parsed. */
export interface BatchHandlers {
  /** The open source of each file, for those that only the caller can read. */
  readonly sources: readonly ByteSource[];
  onProgress(index: number, bytes: number): void;
  /** A read failed; the parser is told as well. */
  onReadError(index: number, error: unknown): void;
  readonly onTarget: OnTarget | undefined;
}

export type BatchEnd =
  | { readonly kind: 'parsed'; readonly outcomes: readonly ParseOutcome[] }
  | { readonly kind: 'stopped' }
  /** The thread ended, and its results for the batch are lost. `index`: its current file. */
  | { readonly kind: 'lost'; readonly index: number | undefined; readonly why: string }
  /** A callback of this side failed while a target was shown. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** One supervised thread: it receives batches of files, one after another, and is killed when it does not end by itself. */
export class FileParser {
  isLost = false;
  readonly #thread: ParserThread;
  readonly #slot: number;
  readonly #board: Board;
  readonly #asker: Asker;
  #settings: number | undefined;
  #onMessage: ((message: FromParser) => void) | undefined;
  #onLost: ((error: unknown) => void) | undefined;

  constructor(slot: number, board: Board, limits: Limits, thread?: ParserThread) {
    this.#slot = slot;
    this.#board = board;
    this.#thread = thread ?? startThread(limits.maxParserHeap);
    this.#asker = new Asker((ask) => this.#post(ask));
    const { worker } = this.#thread;
    worker.on('message', (message: FromParser) => this.#onMessage?.(message));
    worker.on('error', (error) => this.#onLost?.(error));
    worker.on('exit', (code) => this.#onLost?.(new Error(`it ended with ${code}`)));
  }

  /** It ended while it had nothing to do. */
  get hasFailed(): boolean {
    return this.#thread.failure !== undefined;
  }

  async parse(
    orders: readonly ParseOrder[],
    settings: ParseSettings,
    handlers: BatchHandlers,
    signal: AbortSignal | undefined,
  ): Promise<BatchEnd> {
    if (this.#settings !== settings.id) this.#post({ kind: 'settings', settings });
    this.#settings = settings.id;
    this.#thread.worker.ref();
    const watch = new Watch(this.#board, this.#slot, settings.limits);
    let stopping: NodeJS.Timeout | undefined;
    let looking: NodeJS.Timeout | undefined;
    let stop: (() => void) | undefined;
    try {
      return await new Promise<BatchEnd>((end) => {
        const lose = (why: string) => {
          this.isLost = true;
          end({ kind: 'lost', index: this.#board.current(this.#slot), why });
        };
        stop = () => {
          this.#post({ kind: 'stop' });
          this.isLost = true;
          stopping = setTimeout(() => end({ kind: 'stopped' }), settings.limits.parserStopMs);
        };
        this.#onLost = (error) =>
          signal?.aborted === true ? end({ kind: 'stopped' }) : lose(whyLost(error, settings));
        const fail = (error: unknown) => {
          // Its results are ignored from now on.
          this.isLost = true;
          end({ kind: 'failed', error });
        };
        this.#onMessage = (message) => {
          if (message.kind === 'parsed') {
            end(
              signal?.aborted === true
                ? { kind: 'stopped' }
                : { kind: 'parsed', outcomes: JSON.parse(message.outcomes) },
            );
          } else this.#hear(message, handlers, fail);
        };
        looking = setInterval(() => {
          const why = watch.look();
          if (why !== undefined) lose(why);
        }, LOOK_MS).unref();
        signal?.addEventListener('abort', stop, { once: true });
        if (this.#thread.failure !== undefined) this.#onLost(this.#thread.failure);
        this.#post({ kind: 'parse', slot: this.#slot, orders });
        if (signal?.aborted === true) stop();
      });
    } finally {
      clearTimeout(stopping);
      clearInterval(looking);
      if (stop !== undefined) signal?.removeEventListener('abort', stop);
      this.#onMessage = undefined;
      this.#onLost = undefined;
      this.#asker.fail(new AssayError('aborted', 'stopped before the end'));
      this.#thread.worker.unref();
      if (this.isLost) await this.end();
    }
  }

  async end(): Promise<void> {
    this.isLost = true;
    await endThread(this.#thread);
    this.#board.release(this.#slot);
    this.#board.at(this.#slot, undefined);
  }

  #post(message: ToParser): void {
    this.#thread.worker.postMessage(message);
  }

  #hear(
    message: Exclude<FromParser, { kind: 'parsed' }>,
    handlers: BatchHandlers,
    fail: (error: unknown) => void,
  ): void {
    if (message.kind === 'progress') handlers.onProgress(message.index, message.bytes);
    else if (message.kind === 'answer') this.#asker.take(message);
    else if (message.kind === 'ask') this.#answer(message, handlers, fail);
    else this.#show(message, handlers.onTarget, fail);
  }

  #answer(ask: Ask, handlers: BatchHandlers, fail: (error: unknown) => void): void {
    const source = handlers.sources[ask.of];
    if (source === undefined) fail(new AssayError('internal', 'a parser requested a file that it was not given'));
    else {
      const answer = answerFrom(source, ask, (error) => handlers.onReadError(ask.of, error));
      answer.then((message) => this.#post(message)).catch(fail);
    }
  }

  #show(show: FromParser & { kind: 'show' }, onTarget: OnTarget | undefined, fail: (error: unknown) => void): void {
    const { call, target, format, storedAt, findings } = show;
    const source = new AskedSource(this.#asker, call, target.source);
    const seen = (async () => onTarget?.(targetOf(target, source), format, storedAt, findings))();
    seen.then(() => this.#post({ kind: 'seen', call, error: undefined })).catch(fail);
  }
}

function targetOf(shown: ShownTarget, source: ByteSource): ScanTarget {
  const { format, file, member, depth, within, loaders, distance } = shown;
  return {
    source,
    format: { ...format, identify: () => false },
    file,
    depth,
    loaders,
    distance,
    ...(member === undefined ? {} : { member }),
    ...(within === undefined ? {} : { within }),
  };
}

function whyLost(error: unknown, { limits }: ParseSettings): string {
  const outOfMemory = systemCode(error) === 'ERR_WORKER_OUT_OF_MEMORY';
  if (outOfMemory) return `needs more than ${limits.maxParserHeap} MiB of heap (maxParserHeap)`;
  return `the parser was stopped: ${error instanceof Error ? error.message : String(error)}`;
}

/** The wall clock of whatever file a parser is at, without the time for which it waits for memory. */
class Watch {
  readonly #board: Board;
  readonly #slot: number;
  readonly #limits: Limits;
  #index: number | undefined;
  #ms = 0;
  #last = performance.now();

  constructor(board: Board, slot: number, limits: Limits) {
    this.#board = board;
    this.#slot = slot;
    this.#limits = limits;
  }

  /** Why the parser must be killed; `undefined` when it need not be. */
  look(): string | undefined {
    const now = performance.now();
    const index = this.#board.current(this.#slot);
    if (index !== this.#index) this.#ms = 0;
    else if (!this.#board.waits(this.#slot)) this.#ms += now - this.#last;
    this.#index = index;
    this.#last = now;
    const { maxFileMs, parserGraceMs } = this.#limits;
    if (index === undefined || this.#ms <= maxFileMs + parserGraceMs) return undefined;
    return `took longer than ${maxFileMs} ms (maxFileMs)`;
  }
}
