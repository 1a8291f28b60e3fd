import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import { isTextKind, probeOf, textHead } from '../../formats/index.ts';
import type { DeclaredLibrary } from '../advisories/list/index.ts';
import { type Report, type ScanContext, type ScanTarget, yieldToEventLoop } from '../scanner/index.ts';
import type { DetectedString, LibraryDetector, RunDetector, StringDetector } from './detector.ts';
import { Needles } from './needles.ts';
import { longRuns, textsIn } from './runs.ts';
import { withoutEscapes } from './unescape.ts';
import { AHEAD, BEHIND, type SearchWindow } from './window.ts';

/** Bytes that are searched at once, besides what detectors look back and ahead. */
const STEP = 1024 * 1024;
/** CWE-400: findings of one target; a file of tokens alone says no more with a million. */
const MAX_FOUND = 50;
/** Libraries of one target. */
const MAX_LIBRARIES = 100;
/** Bytes of a target that are searched where each one is downloaded. */
const MAX_FAR = 4 * 1024 * 1024;

/** Units of work of one look around a needle: a file of needles alone costs more than its size allows. */
const HIT_WORK = 100;

export interface SearchRange {
  readonly start: number;
  readonly end: number;
}

/** A needle, and who looks around it. */
interface Looker {
  readonly text: string;
  readonly folds?: boolean;
  readonly of:
    | { readonly kind: 'string'; readonly detector: StringDetector }
    | { readonly kind: 'library'; readonly detector: LibraryDetector };
}

/** What a search looks for: needles with what is around them, and long runs of characters that texts are encoded in. */
export class StringSearch {
  readonly #needles: Needles<Looker>;
  readonly #runs: RunDetector;

  constructor(detectors: readonly StringDetector[], libraries: readonly LibraryDetector[], runs: RunDetector) {
    const strings = detectors.flatMap((detector) =>
      detector.needles.map((needle): Looker => {
        const of = { kind: 'string', detector } as const;
        return typeof needle === 'string' ? { text: needle, of } : { ...needle, of };
      }),
    );
    const others = libraries.flatMap((detector) =>
      detector.needles.map((text): Looker => ({ text, of: { kind: 'library', detector } })),
    );
    this.#needles = new Needles([...strings, ...others]);
    this.#runs = runs;
  }

  /**
   * Reports what stands in ranges of a target, sorted and disjoint: those that its scanner read as structure or text.
   * @returns the libraries that it declares
   */
  async search(
    target: ScanTarget,
    ranges: readonly SearchRange[],
    context: ScanContext,
  ): Promise<readonly DeclaredLibrary[]> {
    const pass = new Pass(target, context, this.#needles, this.#runs);
    let left = target.distance === 'far' ? MAX_FAR : Number.POSITIVE_INFINITY;
    for (const { start, end } of ranges) {
      if (left <= 0 || pass.isFull) break;
      await pass.range(start, Math.min(end, start + left));
      left -= end - start;
    }
    await pass.report();
    return [...pass.libraries.values()];
  }
}

/** Bytes of a source in order, of which those that overlap with the ones before are not read again. */
class SlidingWindow {
  readonly #source: ByteSource;
  #held: Buffer | undefined;
  #start = 0;
  #end = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** @returns valid until the next call */
  async move(from: number, to: number): Promise<Uint8Array> {
    const whole = this.#held === undefined ? this.#source.readNow(from, to - from) : undefined;
    if (whole !== undefined) return whole;
    this.#held ??= Buffer.allocUnsafe(BEHIND + STEP + AHEAD);
    const kept = Math.max(0, this.#end - from);
    if (kept > 0) this.#held.copyWithin(0, from - this.#start, this.#end - this.#start);
    let at = from + kept;
    for await (const bytes of chunks(this.#source, at, to)) {
      this.#held.set(bytes, at - from);
      at += bytes.length;
    }
    [this.#start, this.#end] = [from, to];
    return this.#held.subarray(0, to - from);
  }
}

class Pass {
  readonly #target: ScanTarget;
  readonly #context: ScanContext;
  readonly #needles: Needles<Looker>;
  readonly #runs: RunDetector;
  readonly #name: string;
  readonly #found = new Map<string, DetectedString & { readonly at: number }>();
  /** By how and what they declare. */
  readonly libraries = new Map<string, DeclaredLibrary>();
  #wide: 'le' | 'be' | undefined;

  constructor(target: ScanTarget, context: ScanContext, needles: Needles<Looker>, runs: RunDetector) {
    this.#target = target;
    this.#context = context;
    this.#needles = needles;
    this.#runs = runs;
    const path = target.member ?? target.file;
    this.#name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('!')) + 1);
  }

  get isFull(): boolean {
    return this.#found.size >= MAX_FOUND;
  }

  async range(start: number, end: number): Promise<void> {
    const { source } = this.#target;
    if (start === 0) this.#wide = await wideOf(source);
    const windows = new SlidingWindow(source);
    for (let at = start; at < end && !this.isFull; at += STEP) {
      const from = Math.max(start, at - BEHIND);
      await yieldToEventLoop(this.#context.signal);
      const bytes = await windows.move(from, Math.min(end, at + STEP + AHEAD));
      await this.#look(bytes, from, at - from, Math.min(STEP, end - at));
    }
  }

  /** @param within where the part begins that no other call looks at, and its length */
  async #look(raw: Uint8Array, start: number, within: number, length: number): Promise<void> {
    const wide = this.#wide;
    const bytes = wide === undefined ? asBuffer(raw) : narrow(raw, wide);
    const scale = wide === undefined ? 1 : 2;
    const [from, to] = [within / scale, (within + length) / scale];
    const window = { bytes, kind: this.#target.format.id, name: this.#name, isText: isTextKind(this.#target.format) };
    await this.#detect(window, from, to, (at) => start + at * scale);
    // Elsewhere, two bytes that look like an escape are chance.
    const plain = window.isText || window.kind === 'safetensors' ? withoutEscapes(bytes) : undefined;
    if (plain === undefined) return;
    await this.#detect(
      { ...window, bytes: plain.bytes },
      0,
      plain.bytes.length,
      (at) => start + plain.originOf(at) * scale,
    );
  }

  async #detect(window: SearchWindow, from: number, to: number, placeOf: (at: number) => number): Promise<void> {
    const runs: { readonly start: number; readonly end: number }[] = [];
    const look = (start: number, end: number) => {
      this.#lookForNeedles(window, start, end, placeOf);
      longRuns(window.bytes, start, end, (first, last) => runs.push({ start: first, end: last }));
    };
    if (window.isText) look(from, to);
    else textsIn(window.bytes, from, to, (start, end) => look(start, Math.min(end, to)));
    for (const { start, end } of runs) {
      if (this.isFull) return;
      this.#context.budget.work(HIT_WORK);
      const detected = await this.#runs(window, start, end, this.#context);
      if (detected !== undefined) this.#keep(detected, placeOf(start));
    }
  }

  #lookForNeedles(window: SearchWindow, from: number, to: number, placeOf: (at: number) => number): void {
    const done = new Map<StringDetector, number>();
    this.#needles.search(window.bytes, from, to, ({ of }, at) => {
      if (of.kind === 'library') {
        this.#declare(of.detector.detect(window, at));
        return;
      }
      const { detector } = of;
      if (at < (done.get(detector) ?? 0) || this.isFull) return;
      this.#context.budget.work(HIT_WORK);
      const detected = detector.detect(window, at);
      if (detected === undefined) return;
      done.set(detector, detected.end);
      this.#keep(detected, placeOf(at));
    });
  }

  #declare(library: DeclaredLibrary | undefined): void {
    if (library === undefined || this.libraries.size >= MAX_LIBRARIES) return;
    this.libraries.set(`${library.how} ${library.library} ${library.version}`, library);
  }

  #keep(detected: DetectedString, at: number): void {
    const key = `${detected.rule.id}\n${detected.subject}`;
    if (!this.#found.has(key)) this.#found.set(key, { ...detected, at });
  }

  async report(): Promise<void> {
    const { source, format } = this.#target;
    const found = [...this.#found.values()].sort((a, b) => a.at - b.at);
    const isText = textHead(await probeOf(source)) !== undefined && format.id !== 'pickle';
    const lines =
      isText && found.length > 0
        ? await linesOf(
            source,
            found.map(({ at }) => at),
            this.#wide,
          )
        : undefined;
    for (const [index, { rule, message, subject, evidence, at }] of found.entries()) {
      const line = lines?.[index];
      // A place in bytes makes other programs quote them.
      const place: Pick<Report, 'line' | 'offset'> = line === undefined ? { offset: at } : { line };
      this.#context.report({ rule, message, subject, ...(evidence === undefined ? {} : { evidence }), ...place });
    }
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function wideOf(source: ByteSource): Promise<'le' | 'be' | undefined> {
  const encoding = textHead(await probeOf(source))?.encoding;
  return encoding === 'utf-16le' ? 'le' : encoding === 'utf-16be' ? 'be' : undefined;
}

/** UTF-16 as one byte a character; all but ASCII is `?`. */
function narrow(bytes: Uint8Array, wide: 'le' | 'be'): Buffer {
  const out = Buffer.allocUnsafe(bytes.length >> 1);
  const [low, high] = wide === 'le' ? [0, 1] : [1, 0];
  for (let i = 0; i < out.length; i++) out[i] = bytes[2 * i + high] === 0 ? (bytes[2 * i + low] ?? 0) : 0x3f;
  return out;
}

/** The lines, from 1, of sorted places in a text. */
async function linesOf(
  source: ByteSource,
  places: readonly number[],
  wide: 'le' | 'be' | undefined,
): Promise<number[]> {
  const lines: number[] = [];
  let line = 1;
  let from = 0;
  for (const place of places) {
    for (let at = from; at < place; at += STEP) {
      const length = Math.min(STEP, place - at);
      const raw = source.readNow(at, length) ?? (await source.read(at, length));
      const bytes = wide === undefined ? asBuffer(raw) : narrow(raw, wide);
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, end + 1)) line++;
    }
    from = Math.max(from, place);
    lines.push(line);
  }
  return lines;
}
