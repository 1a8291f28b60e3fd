import { MemorySource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError, BudgetError, isContentError } from '../../core/index.ts';
import {
  ALL_LOADERS,
  ANY_LOADER,
  constantOf,
  type InlineArray,
  inlineArray,
  isTorchLegacy,
  JOBLIB,
  LEGACY_STREAMS,
  type LoaderSet,
  NOBODY,
  OP,
  PICKLE_C,
  type PickleState,
  type ReadOptions,
  readStream,
  STR,
  type StreamResult,
  skipStorages,
  type Value,
} from '../../formats/pickle/index.ts';
import type { ScanContext, Scanner, ScanTarget, Within } from '../scanner/index.ts';
import type { Blob } from './blobs.ts';
import { listsIn, noteReadArray } from './contracts/index.ts';
import { noteBody } from './contracts/native/index.ts';
import { storageOddities } from './contracts/torch/index.ts';
import { PickleJudge } from './judge.ts';
import { describeEnd } from './oddities.ts';
import { BROKEN_STREAM, NESTED_PICKLE, PERSISTENT_ID, PICKLE_RULES, TRAILING_DATA } from './rules.ts';
import { scanArrows } from './scan-arrow.ts';
import { scanClaims } from './scan-claims.ts';
import { scanCodes } from './scan-code.ts';
import { scanHanded } from './scan-handed.ts';

const RAW_ARRAY = 'raw array elements: joblib reads them as numbers';
const RAW_STORAGE = 'raw tensor storage: PyTorch reads it as numbers';
const LONG_STRING = 'content of a byte or text string: data until something loads it';
/** Bytes behind the last stream that are searched for another. */
const MAX_TRAILING_SEARCH = 64 * 1024 * 1024;
/** The number of places at which a pickle is tried. */
const MAX_TRAILING_TRIES = 256;
/** The total number of bytes that these attempts may execute. */
const MAX_TRAILING_WORK = 4 * 1024 * 1024;

export const pickleScanner: Scanner = { id: 'pickle', formats: ['pickle'], rules: PICKLE_RULES, scanFile: scanPickle };

async function scanPickle(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const headLength = Math.min(32, source.size);
  const head = source.readNow(0, headLength) ?? (await source.read(0, headLength));
  const legacy = isTorchLegacy(head);
  if (legacy) context.identified('torch-legacy');
  const scan = new FileScan(target, context, legacy);
  let streams = 0;
  let at = 0;
  while (at < source.size) {
    if (legacy && streams === LEGACY_STREAMS) {
      at = await scan.storages(at);
      if (at < source.size) await scan.trailing(at);
      return;
    }
    if (streams >= context.limits.maxPickleStreams)
      return context.incomplete('the file has more pickles in a row than Assay reads (maxPickleStreams)');
    const next = await scan.stream(at, streams > 0);
    if (next === undefined) return;
    streams++;
    at = next;
  }
  if (legacy && streams < LEGACY_STREAMS)
    context.incomplete(`the file ends after ${streams} of the ${LEGACY_STREAMS} pickles that PyTorch writes`);
}

/** The scan of one pickle file: what its streams share. */
class FileScan {
  readonly #target: ScanTarget;
  readonly #context: ScanContext;
  readonly #within: Within | undefined;
  readonly #legacy: boolean;
  /** In a legacy file, the strings of the last stream, in order: its storage keys. */
  #strings: number[] = [];
  #storages: PickleJudge['storageIds']['claims'] = new Map();

  constructor(target: ScanTarget, context: ScanContext, legacy: boolean) {
    this.#target = target;
    this.#context = context;
    this.#within = legacy ? 'torch' : target.within;
    this.#legacy = legacy;
  }

  #judge(): PickleJudge {
    const { globals, budget, names } = this.#context;
    return new PickleJudge({
      globals,
      budget,
      names,
      within: this.#within,
      records: this.#legacy ? undefined : this.#target.records,
      report: (report) => this.#context.report(report),
      imported: (name, loaders) => this.#context.imported(name, loaders),
      acts: (loaders) => this.#context.acts(loaders),
    });
  }

  #options(judge: PickleJudge): ReadOptions {
    const { limits, signal, budget } = this.#context;
    return {
      limits,
      signal,
      budget,
      loaders: loadersWithin(this.#within),
      onSkipped: (start, end) => this.#context.cover(start, end, 'opaque', LONG_STRING),
      onArray: (state) => this.#array(state, judge),
    };
  }

  /** Judges the stream at `start`; where the next one may start, or `undefined` when nothing more can be said. */
  async stream(start: number, later: boolean): Promise<number | undefined> {
    const { source } = this.#target;
    const judge = this.#judge();
    const result = await readStream(source, start, judge, this.#options(judge));
    if (later && isNoStream(result, judge)) {
      result.state.close();
      await this.trailing(start);
      return undefined;
    }
    this.#context.cover(start, result.position, 'parsed');
    if (judge.joblib) this.#context.identified('joblib');
    for (const [key, storage] of judge.storageIds.claims) this.#storages.set(key, storage);
    if (this.#legacy) this.#strings = stringsOf(result.state);
    result.state.close();
    if (!result.allReadings || judge.blobs.lost)
      this.#context.incomplete('loaders can read the pickle in more ways than Assay follows');
    await this.#blobs(judge.blobs.list.filter(({ start: at }) => !judge.blobs.codes.has(at)));
    await scanCodes(judge.blobs.codes.values(), this.#target, this.#context);
    await scanHanded(judge.handed, this.#target.source, this.#context);
    await scanArrows(judge.blobs.arrows, this.#target.source, this.#context);
    await scanClaims(judge.claims, this.#target.source, this.#context);
    if (result.end.kind === 'stop') return result.position;
    this.#broken(result, start);
    return undefined;
  }

  /** Loaders that stopped earlier, at an instruction that others accept, are not concerned. */
  #broken({ end, position, state }: StreamResult, start: number): void {
    const { subject, message: why } = describeEnd(end);
    const of = state.alive === NOBODY ? {} : { loaders: state.alive };
    this.#context.incomplete(`the pickle at byte ${start} was read up to byte ${position} only: ${why}`, of.loaders);
    this.#context.report({
      rule: BROKEN_STREAM,
      message: `the pickle at byte ${start} breaks off: ${why}`,
      subject,
      offset: position,
      ...of,
    });
  }

  async #array(state: PickleState, judge: PickleJudge): Promise<void> {
    const { source } = this.#target;
    // Only joblib reads the following bytes as an array: the others execute them.
    state.cut(state.position, state.position, ~JOBLIB, judge);
    if (state.drop(~JOBLIB)) return;
    const array = await this.#inlineArray(state);
    if (array === undefined) {
      state.drop(JOBLIB);
      return;
    }
    if (state.frameEnd !== Number.POSITIVE_INFINITY && state.frameEnd > state.position) {
      throw new AssayError('malformed', 'an array stands inside a frame', {
        subject: source.name,
        offset: state.position,
      });
    }
    if (array.kind === 'pickle') {
      const { limits, signal, budget } = this.#context;
      const own = this.#judge();
      // joblib reads it with the C unpickler before 1.6, and with the one in Python since.
      const loaders = JOBLIB | PICKLE_C;
      const numbers = Number.isFinite(state.numbersFrom);
      const inner = await readStream(source, array.start, own, { limits, signal, budget, loaders, numbers });
      if (inner.allReadings) noteReadArray(state.valueAt(state.sp - 1), listsIn(resultOf(inner), inner.state), state);
      inner.state.close();
      for (const blob of own.blobs.list) judge.blobs.add(blob);
      judge.handed.push(...own.handed);
      for (const arrow of own.blobs.arrows) judge.blobs.addArrow(arrow);
      for (const code of own.blobs.codes.values()) judge.blobs.addCode(code);
      judge.claims.push(...own.claims);
      if (own.blobs.lost || !inner.allReadings) judge.blobs.lost = true;
      if (inner.end.kind !== 'stop') {
        throw new AssayError('malformed', `the pickle of an array breaks off: ${describeEnd(inner.end).message}`, {
          subject: source.name,
          offset: inner.position,
        });
      }
      state.position = inner.position;
      return;
    }
    this.#context.cover(array.start, array.end, 'opaque', RAW_ARRAY);
    noteBody(state.valueAt(state.sp - 1), array.start, array.end - array.start, state);
    state.position = array.end;
  }

  async #inlineArray(state: PickleState): Promise<InlineArray | undefined> {
    try {
      return await inlineArray(state, this.#target.source);
    } catch (error) {
      if (!isContentError(error)) throw error;
      this.#context.incomplete(`${error.message} at byte ${state.position}`);
      return undefined;
    }
  }

  /** The storages behind the pickles of a legacy file; the end of the last one. */
  async storages(start: number): Promise<number> {
    const keys: string[] = [];
    const state = this.#strings;
    const { source } = this.#target;
    for (const ref of state) {
      const key = await keyAt(source, ref);
      this.#context.budget.work(key.length + 8);
      keys.push(key);
    }
    const stored = new Map<string, number>();
    const end = await skipStorages(source, start, keys, this.#storages, (from, to, key, elements) => {
      stored.set(key, elements);
      this.#context.cover(from, to, 'opaque', RAW_STORAGE);
    });
    for (const why of storageOddities(keys, stored, this.#storages))
      this.#context.report({
        rule: PERSISTENT_ID,
        message: `a persistent id: ${why}`,
        subject: 'sizes',
        offset: start,
      });
    this.#context.cover(start, end, 'parsed');
    return end;
  }

  /** Byte strings that are pickles themselves: scanned as members where something loads them. */
  async #blobs(blobs: readonly Blob[]): Promise<void> {
    for (const blob of blobs) {
      const name = `bytes@${blob.start}`;
      if (blob.loaded) await this.#context.member(await this.#blobSource(blob, name), name, { within: 'torch' });
      else await this.#nested(blob);
    }
  }

  async #blobSource(blob: Blob, name: string): Promise<MemorySource | SliceSource> {
    const { source } = this.#target;
    if (!blob.text) return new SliceSource(source, blob.start, blob.length, name);
    if (blob.length > this.#context.limits.maxSpoolMemory) {
      throw new AssayError('limit', `a text of ${blob.length} bytes to load exceeds the limit (maxSpoolMemory)`, {
        subject: source.name,
      });
    }
    this.#context.budget.work(blob.length);
    const text = Buffer.from(await source.read(blob.start, blob.length)).toString('utf8');
    return new MemorySource(Buffer.from(text, 'latin1'), name);
  }

  async #nested(blob: Blob): Promise<void> {
    const names: string[] = [];
    const reported: string[] = [];
    const judge = new PickleJudge({
      globals: this.#context.globals,
      budget: this.#context.budget,
      within: 'torch',
      report: (report) => reported.push(report.subject),
      imported: (name) => names.push(name),
    });
    const loaded: LoaderSet = this.#target.loaders;
    const source = new SliceSource(this.#target.source, blob.start, blob.length, this.#target.source.name);
    const { limits, signal, budget } = this.#context;
    const result = await readStream(source, 0, judge, { limits, signal, budget });
    result.state.close();
    const isPickle = result.end.kind === 'stop' || names.length > 0;
    if (!isPickle || reported.length === 0) return;
    for (const name of names) this.#context.imported(name, loaded);
    const message = `carries a pickle of ${blob.length} bytes, which uses ${names.slice(0, 3).join(', ') || 'odd instructions'}`;
    this.#context.report({ rule: NESTED_PICKLE, message, subject: names.join(' '), offset: blob.start });
  }

  /** Bytes behind the last stream: no loader reads them by itself, but a hidden pickle is reported. */
  async trailing(start: number): Promise<void> {
    const { source } = this.#target;
    const end = Math.min(source.size, start + MAX_TRAILING_SEARCH);
    let hidden = '';
    try {
      hidden = await this.#hiddenPickle(start, end);
    } catch (error) {
      if (!(error instanceof BudgetError)) throw error;
      this.#context.incomplete(`the bytes after the pickle were not searched to the end: the file ${error.message}`);
    }
    this.#context.cover(start, end, 'opaque', 'after the last stream: no loader reads it');
    const message = `${source.size - start} bytes follow the end of the pickle${hidden}`;
    this.#context.report({
      rule: TRAILING_DATA,
      message,
      subject: hidden === '' ? 'trailing' : 'trailing pickle',
      offset: start,
    });
  }

  /** The text about the first pickle in these bytes. */
  async #hiddenPickle(start: number, end: number): Promise<string> {
    const { source } = this.#target;
    let work = 0;
    for (const at of await protocolMarks(this.#target, start, end)) {
      const names: string[] = [];
      const judge = new PickleJudge({
        globals: this.#context.globals,
        budget: this.#context.budget,
        within: 'torch',
        report: () => undefined,
        imported: (name) => names.push(name),
      });
      const { limits, signal, budget } = this.#context;
      const result = await readStream(source, at, judge, { limits, signal, budget });
      result.state.close();
      work += result.position - at;
      if (work > MAX_TRAILING_WORK) return '';
      if (names.length === 0 && result.end.kind !== 'stop') continue;
      for (const name of names) this.#context.imported(name, this.#target.loaders);
      return `; byte ${at} starts a pickle${names.length > 0 ? ` that uses ${names.slice(0, 3).join(', ')}` : ''}`;
    }
    return '';
  }
}

/** What a stream that ended makes: it is on top of the stack. */
function resultOf({ end, state }: StreamResult): Value | undefined {
  return end.kind === 'stop' ? state.valueAt(state.sp - 1) : undefined;
}

/** TorchScript's unpickler is for archives of its own. */
function loadersWithin(within: Within | undefined): LoaderSet {
  return within === 'torchscript' ? ALL_LOADERS : ANY_LOADER;
}

/** Offsets of what looks like the start of a pickle of protocol 2 or later. */
async function protocolMarks(target: ScanTarget, start: number, end: number): Promise<number[]> {
  const marks: number[] = [];
  for (let at = start; at < end && marks.length < MAX_TRAILING_TRIES; at += 65_536) {
    const bytes = await target.source.read(at, Math.min(65_537, target.source.size - at));
    for (let i = bytes.indexOf(OP.PROTO); i >= 0 && i + 1 < bytes.length; i = bytes.indexOf(OP.PROTO, i + 1)) {
      const protocol = bytes[i + 1] ?? 0;
      if (protocol >= 2 && protocol <= 5 && i < 65_536) marks.push(at + i);
    }
  }
  return marks.slice(0, MAX_TRAILING_TRIES);
}

/** Whether the bytes after a finished stream are not a pickle: the stream broke before it did anything. */
function isNoStream(result: StreamResult, judge: PickleJudge): boolean {
  return result.end.kind === 'error' && result.state.globals.length === 0 && judge.blobs.list.length === 0;
}

function stringsOf(state: PickleState): number[] {
  const refs: number[] = [];
  // Python 2 counts its entries from 1.
  for (let i = 0; i <= state.memo.count && i < 1_000_000; i++)
    if (state.memo.kind(i) === STR) refs.push(state.memo.ref(i));
  return refs;
}

async function keyAt(source: ScanTarget['source'], ref: number): Promise<string> {
  const text = await constantOf({ kind: STR, ref }, source);
  return typeof text === 'string' ? text : '';
}
