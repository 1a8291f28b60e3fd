import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { BLOCK_SIZE, type ByteSource } from '../../core/bytes/index.ts';
import { BudgetError, FileBudget, type Limits, throwIfAborted } from '../../core/index.ts';
import { ANY_LOADER, type LoaderSet } from './loaders.ts';
import { runMachine } from './machine.ts';
import { SILENT } from './silent.ts';
import { SplicedSource } from './spliced-source.ts';
import { type PickleHandler, PickleState } from './state.ts';
import type { StreamEnd } from './values.ts';

/** Bytes fetched to read one name that lies behind the window. */
const NAME_BYTES = 4096 + 16;
/** Units of work that a stream costs before its first instruction, and an instruction that waits for a text. */
const STREAM_WORK = 64;
/** The size of a window where reading costs time. */
const MIN_WINDOW = 65_536;
/** Streams of at least this size are rehearsed, with this many of their bytes. */
const REHEARSED_SIZE = 4 * 1024 * 1024;
const REHEARSED_BYTES = 131_072;

/** Bytes in memory are read without waiting for anything: clocks and signals need a turn now and then. */
const TURN_MS = 50;
let turned = performance.now();

export interface ReadOptions {
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  /** The budget that all streams and readings of the file share; absent for a stream that is read alone. */
  readonly budget?: FileBudget | undefined;
  /** The loaders whose readings start here; when absent, all loaders that may receive any bytes. */
  readonly loaders?: LoaderSet | undefined;
  /** Whether what is known of the numbers of lists is kept. */
  readonly numbers?: boolean | undefined;
  /** A long string operand that was skipped: bytes `start` to `end`. */
  onSkipped?(start: number, end: number): void;
  /** Raw bytes stand at the stream's position (joblib). Moves `state.position` behind them. */
  onArray?(state: PickleState): Promise<void>;
}

export interface StreamResult {
  readonly end: StreamEnd;
  /** Offset behind the last instruction that was understood. */
  readonly position: number;
  /** Its tables are there until `close`. */
  readonly state: PickleState;
  /** False when the stream has more readings than are followed. */
  readonly allReadings: boolean;
}

/** Runs the pickle stream that starts at `start` to its end, and every other way a loader could read it. */
export async function readStream(
  source: ByteSource,
  start: number,
  handler: PickleHandler,
  options: ReadOptions,
): Promise<StreamResult> {
  const { limits, signal, budget = new FileBudget(limits, source.size) } = options;
  budget.work(STREAM_WORK);
  if (start === 0 && source.size > REHEARSED_SIZE) await rehearse(source, start, limits);
  const state = new PickleState(start, source.size, handler, limits, budget);
  state.alive = options.loaders ?? ANY_LOADER;
  if (options.numbers === true) state.startKeeping(false, true);
  const end = await runToEnd(state, source, options);
  const readings = state.cuts.splice(0).map((cut) => ({ cut, source }));
  let allReadings = state.lostCuts === 0;
  for (let next = readings.shift(); next !== undefined; next = readings.shift()) {
    const { machine, from, to } = next.cut;
    const spliced = new SplicedSource(next.source, from, to);
    const other = await runToEnd(machine, spliced, { limits, signal });
    allReadings &&= other.kind !== 'limit' && machine.lostCuts === 0;
    readings.push(...machine.cuts.map((cut) => ({ cut, source: spliced })));
    machine.close();
  }
  return { end, position: state.position, state, allReadings };
}

/**
 * Runs the first instructions of a long stream in small windows, so that the JIT compiler has seen every path of the loop
 * before it compiles the loop; otherwise it compiles it three times.
 */
async function rehearse(source: ByteSource, start: number, limits: Limits): Promise<void> {
  const head = await source.read(start, REHEARSED_BYTES);
  // Made as for a later stream, which has little room: growing is a path as well.
  const state = new PickleState(1, source.size, SILENT, limits);
  state.position = 0;
  for (let length = 16, need = 1; state.position + Math.max(length, need) <= head.length; length += 16) {
    const window = head.subarray(state.position, state.position + Math.max(length, need));
    const result = runMachine(state, window, state.position);
    if (result.kind !== 'more') return;
    need = result.need;
  }
}

/** Reads a stream to its end, which can be a limit. Every end is passed to the handler. */
async function runToEnd(state: PickleState, source: ByteSource, options: ReadOptions): Promise<StreamEnd> {
  let end: StreamEnd;
  try {
    end = await runWindows(state, source, options);
  } catch (error) {
    const met = atEnd(state);
    if (!(error instanceof BudgetError)) throw error;
    return met ?? { kind: 'limit', limit: error.limit };
  }
  return atEnd(state) ?? end;
}

/** Tells the handler that the stream ended; the bound that was met while it looked back. */
function atEnd(state: PickleState): StreamEnd | undefined {
  try {
    state.handler.onEnd?.(state);
    return undefined;
  } catch (error) {
    if (error instanceof BudgetError) return { kind: 'limit', limit: error.limit };
    throw error;
  }
}

async function runWindows(state: PickleState, source: ByteSource, options: ReadOptions): Promise<StreamEnd> {
  const { budget } = state;
  let need = 1;
  for (;;) {
    if (performance.now() - turned > TURN_MS) {
      await yieldToEventLoop();
      turned = performance.now();
    }
    throwIfAborted(options.signal);
    const base = state.position;
    if (base >= source.size) return { kind: 'error', reason: 'truncated' };
    // One that holds a long line is made for it.
    const held = need > BLOCK_SIZE ? need : 0;
    budget.hold(held);
    const window = windowNow(source, base, need) ?? (await windowAt(source, base, need));
    const result = runMachine(state, window, base);
    budget.release(held);
    budget.work(1 + Math.min(window.length, state.position - base));
    switch (result.kind) {
      case 'end':
        return result.end;
      case 'more':
        need = result.need;
        if (state.position > base + window.length) options.onSkipped?.(base + window.length, state.position);
        break;
      case 'text': {
        budget.work(STREAM_WORK);
        const bytes = Math.min(NAME_BYTES, source.size - state.wanted);
        state.learn(state.wanted, source.readNow(state.wanted, bytes) ?? (await source.read(state.wanted, bytes)));
        break;
      }
      case 'array':
        await options.onArray?.(state);
        if (state.alive === 0) return { kind: 'error', reason: 'refused' };
    }
  }
}

/** At least `need` bytes from `base` on, or all that exist, and more when they cost nothing. */
function windowNow(source: ByteSource, base: number, need: number): Uint8Array | undefined {
  return source.readNow(base, Math.min(source.size - base, Math.max(BLOCK_SIZE, need)));
}

/** The same bytes where they must be waited for. */
async function windowAt(source: ByteSource, base: number, need: number): Promise<Uint8Array> {
  const left = source.size - base;
  const length = Math.min(left, BLOCK_SIZE);
  if (source.readOnce === undefined) return source.read(base, Math.min(left, Math.max(need, MIN_WINDOW)));
  const once = await source.readOnce(base, length);
  const least = Math.min(need, left);
  if (once.length >= least) return once;
  // An instruction across the end of a block: its pieces are put together, and the pass goes on behind it.
  const bytes = new Uint8Array(least);
  bytes.set(once);
  for (let at = once.length; at < least; ) {
    const piece = await source.readOnce(base + at, least - at);
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
