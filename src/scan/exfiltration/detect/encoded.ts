import type { ScanContext } from '../../scanner/index.ts';
import {
  type DetectedString,
  longRuns,
  Needles,
  type SearchWindow,
  type StringDetector,
  textBetween,
} from '../../strings/index.ts';
import { ENCODED_PAYLOAD } from '../rules.ts';
import { decodings, type HiddenLayer, inflated, MASK, mayBeMasked, unmaskings } from './decode.ts';
import { isText, programIn } from './payload.ts';

/** Encodings within encodings. */
const MAX_DEPTH = 5;
/** Characters of one run, and lines that go on a run which was broken to fit a width. */
const MAX_RUN = 32 * 1024;
/** Characters by which it is told whether a run is of interest at all. */
const HEAD = 128;
/** Within a run of base85: characters of base64 alone. */
const BASE64_PART = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
const MAX_PARTS = 20;
/** What one layer may hide at most. */
const MAX_INNER = 60;
/** What stands between the lines of a long run: ends of lines and indents, escaped or not. */
const BREAK = /^(?:\\{1,4}r)?(?:\\{1,4}n|\r?\n)["']?[ \t]{0,40}["']?/;

/** Looks for programs and addresses in runs of characters that decode to them. */
export class EncodedPayloads {
  readonly #needles: Needles<{ readonly text: string; readonly folds?: boolean; readonly of: StringDetector }>;

  /** @param detectors of addresses and commands, which count twice where they are hidden */
  constructor(detectors: readonly StringDetector[]) {
    this.#needles = new Needles(
      detectors.flatMap((of) =>
        of.needles.map((one) => (typeof one === 'string' ? { text: one, of } : { ...one, of })),
      ),
    );
  }

  async judge(
    window: SearchWindow,
    start: number,
    end: number,
    context: ScanContext,
  ): Promise<DetectedString | undefined> {
    const run = textBetween(window, start, Math.min(end, start + MAX_RUN));
    for (const part of partsOf(run)) {
      const isLast = start + part.at + part.text.length === end;
      const whole = () => (isLast ? part.text + linesAfter(window, end, part.text.length) : part.text);
      for (const head of decodings(part.text.slice(0, HEAD))) {
        if (!mayHide(head.bytes)) continue;
        const full = decodings(whole()).find(({ name }) => name === head.name) ?? head;
        const found = await this.#look(full, [], window, context);
        if (found === undefined) continue;
        const [what, layers] = found;
        const message = `Holds ${what}, encoded (${layers.join(', then ')}).`;
        return { rule: ENCODED_PAYLOAD, message, subject: `${layers.join('+')}:${what}`, end };
      }
    }
    return undefined;
  }

  async #look(
    layer: HiddenLayer,
    above: readonly string[],
    window: SearchWindow,
    context: ScanContext,
  ): Promise<readonly [what: string, layers: readonly string[]] | undefined> {
    const { bytes } = layer;
    const layers = [...above, layer.name];
    context.budget.work(bytes.length);
    const program = await programIn(bytes, context);
    if (program !== undefined) return [program, layers];
    const named = this.#namesIn({ ...window, bytes, kind: 'decoded', isText: false });
    if (named !== undefined) return [named, layers];
    if (layers.length >= MAX_DEPTH) return undefined;
    for (const inner of innerOf(layer)) {
      const found = await this.#look(inner, layers, window, context);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #namesIn(window: SearchWindow): string | undefined {
    let found: DetectedString | undefined;
    this.#needles.search(window.bytes, 0, window.bytes.length, ({ of }, at) => {
      found ??= of.detect(window, at);
    });
    return found?.message.replace(/^Names |^Holds /, '').replace(/\.$/, '');
  }
}

/** Pieces of a run that may be an encoding by themselves: the run, or what stands in it beside an equals sign or a bracket. */
function partsOf(run: string): { readonly at: number; readonly text: string }[] {
  const parts = [...run.matchAll(BASE64_PART)].slice(0, MAX_PARTS).map(({ 0: text, index: at }) => ({ at, text }));
  return parts.some(({ text }) => text.length === run.length) ? parts : [...parts, { at: 0, text: run }];
}

/** The lines after a run that go on with it; the last one is shorter. */
function linesAfter(window: SearchWindow, end: number, width: number): string {
  const text = textBetween(window, end, end + MAX_RUN);
  let lines = '';
  for (let at = 0; lines.length < MAX_RUN; ) {
    const gap = BREAK.exec(text.slice(at, at + 100))?.[0].length ?? 0;
    if (gap === 0) break;
    const [line = ''] = /^[A-Za-z0-9+/_-]{1,1000}={0,2}/.exec(text.slice(at + gap, at + gap + 1_010)) ?? [];
    lines += line;
    at += gap + line.length;
    if (line.length < width) break;
  }
  return lines;
}

/** Whether the first bytes of an encoding can be those of a program, of compressed bytes, of a text, or masked. */
function mayHide(head: Buffer): boolean {
  if (head.length < 16) return false;
  return isMagic(head) || isText(head) || mayBeMasked(head);
}

function isMagic(bytes: Buffer): boolean {
  const [a = 0, b = 0] = bytes;
  return (
    (a === 0x7f && b === 0x45) ||
    (a === 0x4d && b === 0x5a) ||
    ((a === 0xcf || a === 0xce) && b === 0xfa) ||
    (a === 0x80 && b >= 2 && b <= 5) ||
    (a === 0x1f && b === 0x8b) ||
    (a === 0x78 && ((a << 8) | b) % 31 === 0)
  );
}

/** What may lie beneath: the expanded stream, the runs of a text, and what an exclusive or hides. */
function innerOf({ name, bytes }: HiddenLayer): HiddenLayer[] {
  const expanded = inflated(bytes);
  if (expanded !== undefined) return [expanded];
  // A mask over a mask is another mask.
  const layers: HiddenLayer[] = name.startsWith(MASK) ? [] : unmaskings(bytes);
  if (!isText(bytes)) return layers;
  longRuns(bytes, 0, bytes.length, (start, end) => {
    if (layers.length >= MAX_INNER) return;
    const run = bytes.toString('latin1', start, Math.min(end, start + MAX_RUN));
    for (const { text } of partsOf(run)) layers.push(...decodings(text).filter((one) => mayHide(one.bytes)));
  });
  return layers;
}
