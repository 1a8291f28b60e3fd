import { AssayError, type Limits } from '../../core/index.ts';
import { takeEarly } from '../early/index.ts';
import { Board } from './board.ts';
import type { ParseOrder, ParseOutcome, ParseSettings } from './messages.ts';
import { type BatchHandlers, FileParser } from './parser.ts';

type GivenSettings = Omit<ParseSettings, 'id' | 'board' | 'share'>;

/** The outcome of one file: a parser that crashes on it costs this file only. */
export type BatchOutcome = ParseOutcome | { readonly kind: 'lost'; readonly why: string };

/** Idle threads end after this time. */
const IDLE_MS = 10_000;
/** Starting a thread takes as long as parsing a few hundred small files, so small files wait this long for a running thread. */
const SMALL_BYTES = 512 * 1024;
const PATIENCE_MS = 50;

let sessions = 0;
let shared: ParserPool | undefined;

/** The parsers of this thread: they stay for the next assessment, and keep no process alive. */
export function sharedParsers(count: number): ParserPool {
  shared ??= new ParserPool(count);
  return shared;
}

/** Threads that parse, started as there is work, kept for the next, and replaced when one is lost. */
export class ParserPool {
  readonly count: number;
  readonly #board: Board;
  readonly #idle: FileParser[] = [];
  readonly #all: (FileParser | undefined)[];
  readonly #waiting: (() => void)[] = [];
  #resting: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(count: number) {
    this.count = count;
    this.#board = Board.of(count);
    this.#all = new Array(count).fill(undefined);
  }

  /** How many parsers are at a file now. */
  get parsing(): number {
    return this.#all.filter((_, slot) => this.#board.current(slot) !== undefined).length;
  }

  /** The settings of one assessment. */
  settings(given: GivenSettings): ParseSettings {
    const { maxScanMemory, maxFileMemory } = given.limits;
    const share = Math.floor(Math.max(0, maxScanMemory - maxFileMemory) / this.count);
    return { ...given, id: sessions++, board: this.#board.buffer, share };
  }

  /**
   * Has a batch of files parsed.
   * @throws AssayError `aborted`; `internal` for a parser that does not start; what `onTarget` throws.
   */
  async parse(
    orders: readonly ParseOrder[],
    settings: ParseSettings,
    handlers: BatchHandlers,
    signal: AbortSignal | undefined,
  ): Promise<BatchOutcome[]> {
    const outcomes: BatchOutcome[] = new Array(orders.length);
    let left = orders.map((order, index) => ({ order, index }));
    while (left.length > 0) {
      const end = await this.#once(left, settings, handlers, signal);
      if (end.kind === 'stopped') throw new AssayError('aborted', 'stopped before the end', { cause: signal?.reason });
      if (end.kind === 'failed') throw end.error;
      if (end.kind === 'parsed') {
        for (const [i, outcome] of end.outcomes.entries()) outcomes[left[i]?.index ?? i] = outcome;
        return outcomes;
      }
      const culprit = left[end.index ?? -1];
      if (culprit === undefined) throw new AssayError('internal', `a parser did not start: ${end.why}`);
      outcomes[culprit.index] = { kind: 'lost', why: end.why };
      left = left.filter((one) => one !== culprit);
    }
    return outcomes;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#resting);
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all(this.#all.map((parser) => parser?.end()));
  }

  async #once(
    left: readonly { readonly order: ParseOrder; readonly index: number }[],
    settings: ParseSettings,
    handlers: BatchHandlers,
    signal: AbortSignal | undefined,
  ) {
    const bytes = left.reduce((sum, { order }) => sum + order.size, 0);
    const parser = await this.#take(settings.limits, bytes <= SMALL_BYTES);
    try {
      const within = (index: number) => left[index]?.index ?? index;
      return await parser.parse(
        left.map(({ order }) => order),
        settings,
        {
          ...handlers,
          sources: left.flatMap(({ index }) => handlers.sources[index] ?? []),
          onProgress: (index, bytes) => handlers.onProgress(within(index), bytes),
          onReadError: (index, error) => handlers.onReadError(within(index), error),
        },
        signal,
      );
    } finally {
      this.#giveBack(parser);
    }
  }

  async #take(limits: Limits, isSmall: boolean): Promise<FileParser> {
    for (let patient = isSmall; ; ) {
      if (this.#closed) throw new AssayError('aborted', 'stopped before the end');
      const idle = this.#idle.pop();
      if (idle?.hasFailed === false) return idle;
      if (idle !== undefined) this.#all[this.#all.indexOf(idle)] = undefined;
      const slot = this.#all.indexOf(undefined);
      const runs = this.#all.some((parser) => parser !== undefined);
      if (patient && runs) patient = await this.#freed(PATIENCE_MS);
      else if (slot >= 0) {
        const parser = new FileParser(slot, this.#board, limits, takeEarly());
        this.#all[slot] = parser;
        return parser;
      } else await this.#freed();
    }
  }

  /** Waits until a parser is free, or one may be started. @returns false when nothing came of it in time */
  #freed(patienceMs?: number): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#waiting.push(wake);
      if (patienceMs === undefined) return;
      timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        resolve(false);
      }, patienceMs);
    });
  }

  #giveBack(parser: FileParser): void {
    if (parser.isLost) this.#all[this.#all.indexOf(parser)] = undefined;
    else this.#idle.push(parser);
    this.#waiting.shift()?.();
    this.#resting ??= setTimeout(() => void this.#endIdle(), IDLE_MS).unref();
    this.#resting.refresh();
  }

  async #endIdle(): Promise<void> {
    const idle = this.#idle.splice(0);
    await Promise.all(idle.map((parser) => parser.end()));
    for (const parser of idle) this.#all[this.#all.indexOf(parser)] = undefined;
    this.#waiting.shift()?.();
  }
}
