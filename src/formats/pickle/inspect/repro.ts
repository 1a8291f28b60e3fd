import { type ByteSource, SliceSource } from '../../../core/bytes/index.ts';
import { AssayError, type Limits } from '../../../core/index.ts';
import { layoutAt, OP, type Opcode } from '../opcodes.ts';
import { latin1, spelledText } from '../text.ts';
import { STR, STR_DUNDER } from '../values.ts';
import { followPickle } from './follow.ts';

export interface ReproOptions {
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
  /** Strings that are not private and that a verdict depends on: words of the lists. */
  keepText(text: string): boolean;
}

/** The maximum size of a reproduction. */
const MAX_REPRO = 64 * 1024 * 1024;
const WINDOW = 64 * 1024;
/** Pickles within byte strings of pickles that are reproduced. */
const MAX_NESTED = 8;
/** What PyTorch, numpy and joblib write beside names: devices, storage keys, dtypes, orders, the fields of an array. */
const STRUCTURAL_WORDS: ReadonlySet<string> = new Set(
  '|storage|module|cpu|latin1|utf-8|C|F|subclass|shape|order|dtype|allow_mmap|numpy_array_alignment_bytes|format|join|split|strip|lower|upper'.split(
    '|',
  ),
);
const STRUCTURAL = /^(?:cuda(?::\d{1,2})?|\d{1,6}|[<>|=]?[?bBhHiIlLqQefdgFDGSUVOMmc]\d{0,4}|__\w{1,40}__)$/;
const X = 0x78;

/**
 * The same instructions at the same offsets, without their content: text is x-ed out unless it is a name that is imported
 * or `keepText` keeps it, bytes and array elements are zeros, floats are 0; a byte string that is a pickle is reproduced
 * in its place. Integers stay: they are shapes and memo indexes. Of bytes behind the last stream the first remains. A scanner
 * reports the same for the result as for the original, except for code that another reading of a text operand would run.
 * @throws AssayError `limit` when the result would be larger than 64 MiB; content codes, what reading throws, `aborted`.
 */
export async function reproPickle(source: ByteSource, options: ReproOptions): Promise<Uint8Array> {
  return reproAt(source, options, 0);
}

async function reproAt(source: ByteSource, options: ReproOptions, depth: number): Promise<Uint8Array> {
  const names = new Set<number>();
  const arrays = new Map<number, { elements: number; end: number }>();
  let isFollowed = false;
  const end = await followPickle(
    source,
    {
      step(offset, state) {
        if (state.window[offset - state.base] !== OP.STACK_GLOBAL) return;
        for (const index of [state.sp - 2, state.sp - 1]) {
          const { kind, ref } = state.valueAt(index);
          if (kind === STR || kind === STR_DUNDER) names.add(ref);
        }
      },
      note() {},
      array: (start, elements, stop) => void arrays.set(start, { elements, end: stop }),
      streamEnd(start, { end, position }) {
        isFollowed = start > 0 && end.kind === 'error' && position === start;
      },
    },
    options,
  );
  if (end > MAX_REPRO) {
    throw new AssayError('limit', `holds ${end} bytes of instructions, more than ${MAX_REPRO}`, {
      subject: source.name,
    });
  }
  const bytes = await blank(source, end, { names, arrays, options, depth });
  return isFollowed ? Buffer.concat([bytes, await source.read(end, 1)]) : bytes;
}

interface Blanking {
  /** Offsets of the strings that are imported as names. */
  readonly names: ReadonlySet<number>;
  readonly arrays: ReadonlyMap<number, { elements: number; end: number }>;
  readonly options: ReproOptions;
  readonly depth: number;
}

async function blank(source: ByteSource, end: number, blanking: Blanking): Promise<Uint8Array> {
  const { names, arrays, options } = blanking;
  const out = new Uint8Array(end);
  let at = 0;
  while (at < end) {
    const array = arrays.get(at);
    if (array !== undefined) {
      out.set(await source.read(at, array.elements - at), at);
      at = array.end;
      continue;
    }
    let window = await source.read(at, Math.min(WINDOW, end - at));
    let layout = layoutAt(window, 0);
    if (layout.kind === 'more' && window.length < end - at) {
      window = await source.read(at, end - at);
      layout = layoutAt(window, 0);
    }
    // The last instruction is the one that broke off: it stays as it is.
    if (layout.kind !== 'whole') {
      out.set(window, at);
      break;
    }
    const stop = Math.min(layout.end, end - at);
    out.set(window.subarray(0, Math.min(layout.operand, window.length)), at);
    const content = window.subarray(layout.operand, stop);
    const keep =
      names.has(at) ||
      isKept(layout.opcode, window.subarray(0, layout.end), layout.end <= window.length, options.keepText);
    if (isNested(layout.opcode, content))
      out.set(await nested(source, at + layout.operand, stop - layout.operand, blanking), at + layout.operand);
    else out.set(keep ? content : blankOperand(layout.opcode, content), at + layout.operand);
    at += stop;
  }
  return out;
}

/** Bytes that start as a pickle of protocol 2 or later does. */
function isNested(opcode: Opcode, content: Uint8Array): boolean {
  const [mark, protocol = 0] = content;
  return opcode.operand.startsWith('bytes-') && !opcode.text && mark === OP.PROTO && protocol >= 2 && protocol <= 5;
}

/** The pickle that a byte string is, reproduced; nothing of one that is nested too deeply. */
async function nested(source: ByteSource, start: number, length: number, blanking: Blanking): Promise<Uint8Array> {
  if (blanking.depth >= MAX_NESTED) return new Uint8Array(0);
  const inner = await reproAt(
    new SliceSource(source, start, length, source.name),
    blanking.options,
    blanking.depth + 1,
  );
  return inner.subarray(0, length);
}

function isKept(opcode: Opcode, instruction: Uint8Array, whole: boolean, keepText: (text: string) => boolean): boolean {
  if (opcode.name === 'FLOAT' || opcode.name === 'BINFLOAT') return false;
  if (opcode.operand.startsWith('bytes-') && !opcode.text) return opcode.name.startsWith('LONG');
  if (!opcode.text) return true;
  const text = whole ? spelledText(instruction) : undefined;
  return text !== undefined && (STRUCTURAL_WORDS.has(text) || STRUCTURAL.test(text) || keepText(text));
}

/** Meaningless content of the same length; a line keeps its end, and a quoted line its quotes. */
function blankOperand(opcode: Opcode, content: Uint8Array): Uint8Array {
  if (opcode.operand !== 'line') return new Uint8Array(content.length).fill(opcode.text ? X : 0);
  const line = new Uint8Array(content.length).fill(opcode.text ? X : 0x30);
  line[line.length - 1] = 0x0a;
  const quote = latin1(content.subarray(0, 1));
  if (opcode.name === 'STRING' && (quote === "'" || quote === '"')) {
    line[0] = content[0] ?? X;
    line[line.length - 2] = content[0] ?? X;
  }
  return line;
}
