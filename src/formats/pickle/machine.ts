import { OP } from './opcodes.ts';
import { slow } from './slow.ts';
import type { PickleState } from './state.ts';
import {
  BOOL,
  BYTES,
  DICT,
  FLOAT,
  failed,
  GLOBAL,
  INT,
  LIST,
  limited,
  NONE,
  type RunResult,
  SET,
  STR,
  STR_DUNDER,
  TUPLE,
} from './values.ts';

/** Where the frame ends, outside of one. */
const NO_FRAME = Number.POSITIVE_INFINITY;

const MORE: RunResult = { kind: 'more', need: 1 };

/** Instructions that only push: the kind of what they push, and above it the bytes of their operand. */
const PUSHES = new Uint16Array(256);
for (const [code, kind, width] of [
  [OP.NONE, NONE, 0],
  [OP.NEWTRUE, BOOL, 0],
  [OP.NEWFALSE, BOOL, 0],
  [OP.BININT1, INT, 1],
  [OP.BININT2, INT, 2],
  [OP.BININT, INT, 4],
  [OP.BINFLOAT, FLOAT, 8],
  [OP.EMPTY_LIST, LIST, 0],
  [OP.EMPTY_DICT, DICT, 0],
  [OP.EMPTY_SET, SET, 0],
] as const) {
  PUSHES[code] = kind | (width << 8);
}

/**
 * Runs on over `window`, whose first byte stands at absolute offset `base`.
 * One function, without a call or an allocation for the common instructions: this loop decides the speed of the scanner.
 */
export function runMachine(state: PickleState, window: Uint8Array, base: number): RunResult {
  state.window = window;
  state.base = base;
  const last = base + window.length >= state.size;
  const trace = state.handler.onStep;
  const maxStack = state.limits.maxPickleStack;
  const maxMemo = state.limits.maxPickleMemo;
  const maxCells = state.limits.maxPickleCells;
  const { memo, cells } = state;
  let kinds = state.kinds;
  let refs = state.refs;
  let sp = state.sp;
  let p = state.position - base;
  let fence = state.fence();
  let keeping = Number.isFinite(state.keepFrom);
  let listing = Number.isFinite(Math.min(state.listsFrom, state.numbersFrom));
  let end = Math.min(window.length, state.frameEnd - base);
  for (;;) {
    if (p >= end) {
      // A frame that ends between instructions ends well.
      if (p >= state.frameEnd - base) state.frameEnd = NO_FRAME;
      end = Math.min(window.length, state.frameEnd - base);
      if (p >= end) return pause(state, p, sp, last && p >= window.length ? failed('truncated') : MORE);
    }
    if (sp >= kinds.length) {
      if (sp >= maxStack) return pause(state, p, sp, limited('maxPickleStack'));
      state.growStack();
      kinds = state.kinds;
      refs = state.refs;
    }
    const at = p;
    const code = window[p++] as number;
    if (trace !== undefined) {
      state.sp = sp;
      trace(base + at, code, state);
    }
    const pushes = PUSHES[code] as number;
    if (pushes !== 0 && p + (pushes >> 8) <= end) {
      kinds[sp] = pushes & 0xff;
      refs[sp++] = base + at;
      p += pushes >> 8;
      continue;
    }
    switch (code) {
      case OP.SHORT_BINUNICODE:
      case OP.SHORT_BINSTRING:
      case OP.SHORT_BINBYTES: {
        if (p + 1 > end) break;
        const length = window[p] as number;
        const first = window[p + 1];
        if (p + 1 + length > end || first === OP.PROTO) break;
        kinds[sp] =
          code === OP.SHORT_BINBYTES
            ? BYTES
            : first === 0x5f && length > 2 && window[p + 2] === 0x5f
              ? STR_DUNDER
              : STR;
        refs[sp++] = base + at;
        p += 1 + length;
        continue;
      }
      case OP.BINUNICODE: {
        if (p + 4 > end) break;
        const length = u32(window, p);
        if (p + 4 + length > end) break;
        kinds[sp] = length > 2 && window[p + 4] === 0x5f && window[p + 5] === 0x5f ? STR_DUNDER : STR;
        refs[sp++] = base + at;
        p += 4 + length;
        continue;
      }
      case OP.MEMOIZE: {
        if (sp <= fence) return pause(state, at, sp, failed('stack-underflow'));
        const index = memo.count;
        if (index >= memo.kinds.length || memo.kinds[index] !== 0) {
          if (index >= maxMemo) return pause(state, at, sp, limited('maxPickleMemo'));
          memo.set(index, kinds[sp - 1] as number, refs[sp - 1] as number);
          continue;
        }
        memo.kinds[index] = kinds[sp - 1] as number;
        memo.refs[index] = refs[sp - 1] as number;
        memo.count = index + 1;
        continue;
      }
      case OP.BINPUT:
      case OP.LONG_BINPUT: {
        const width = code === OP.BINPUT ? 1 : 4;
        if (p + width > end) break;
        if (sp <= fence) return pause(state, at, sp, failed('stack-underflow'));
        if (memo.count >= maxMemo) return pause(state, at, sp, limited('maxPickleMemo'));
        const index = width === 1 ? (window[p] as number) : u32(window, p);
        if (memo.set(index, kinds[sp - 1] as number, refs[sp - 1] as number)) {
          state.handler.onOddity('sparse-memo', base + at, state);
        }
        p += width;
        continue;
      }
      case OP.BINGET:
      case OP.LONG_BINGET: {
        const width = code === OP.BINGET ? 1 : 4;
        if (p + width > end) break;
        const index = width === 1 ? (window[p] as number) : u32(window, p);
        const kind = memo.kind(index);
        if (kind === 0) return pause(state, at, sp, failed('memo-miss'));
        if (kind === GLOBAL) state.countPush(memo.ref(index));
        kinds[sp] = kind;
        refs[sp++] = memo.ref(index);
        p += width;
        continue;
      }
      case OP.MARK:
        state.pushMark(sp);
        fence = sp;
        continue;
      case OP.EMPTY_TUPLE:
        kinds[sp] = TUPLE;
        refs[sp++] = 0;
        continue;
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3: {
        const count = code - OP.TUPLE1 + 1;
        if (sp - count < fence) return pause(state, at, sp, failed('stack-underflow'));
        if (cells.length > maxCells) return pause(state, at, sp, limited('maxPickleCells'));
        sp -= count;
        refs[sp] = state.store(sp, count);
        kinds[sp++] = TUPLE;
        continue;
      }
      case OP.TUPLE: {
        if (state.markCount === 0) return pause(state, at, sp, failed('no-mark'));
        if (cells.length > maxCells) return pause(state, at, sp, limited('maxPickleCells'));
        const block = state.store(fence, sp - fence);
        sp = fence;
        fence = state.popMark();
        kinds[sp] = TUPLE;
        refs[sp++] = block;
        continue;
      }
      case OP.APPEND:
        if (sp - 2 < fence || kinds[sp - 2] !== LIST || listing) break;
        if ((kinds[--sp] as number) >= TUPLE) state.holdAll(refs[sp - 1] as number, sp, 1, false);
        if (keeping) state.kept.lengthen(refs[sp - 1] as number, 1);
        continue;
      case OP.APPENDS:
      case OP.ADDITEMS: {
        if (state.markCount === 0) return pause(state, at, sp, failed('no-mark'));
        if (!plainReceiver(state, fence, code === OP.APPENDS ? LIST : SET)) break;
        if (listing) break;
        if (holdsNotable(kinds, fence, sp)) state.holdAll(refs[fence - 1] as number, fence, sp - fence, false);
        if (keeping && code === OP.APPENDS) state.kept.lengthen(refs[fence - 1] as number, sp - fence);
        sp = fence;
        fence = state.popMark();
        continue;
      }
      case OP.SETITEM:
        if (sp - 3 < fence || kinds[sp - 3] !== DICT || kinds[sp - 2] === STR_DUNDER || keeping) break;
        sp -= 2;
        if (holdsNotable(kinds, sp, sp + 2)) state.holdAll(refs[sp - 1] as number, sp, 2, true);
        continue;
      case OP.SETITEMS: {
        if (state.markCount === 0) return pause(state, at, sp, failed('no-mark'));
        if (keeping || !plainReceiver(state, fence, DICT) || ((sp - fence) & 1) === 1) break;
        let keys = 0;
        let values = 0;
        for (let i = fence; i < sp; i += 2) {
          keys |= 1 << (kinds[i] as number);
          values |= 1 << (kinds[i + 1] as number);
        }
        if ((keys & (1 << STR_DUNDER)) !== 0) break;
        if ((keys | values) >>> TUPLE !== 0) state.holdAll(refs[fence - 1] as number, fence, sp - fence, true);
        sp = fence;
        fence = state.popMark();
        continue;
      }
      case OP.POP:
        if (sp > fence) sp--;
        else if (state.markCount > 0) fence = state.popMark();
        else return pause(state, at, sp, failed('stack-underflow'));
        continue;
      default:
        break;
    }
    // Everything rare, and whatever does not fit the window or the frame, goes the slow way.
    state.sp = sp;
    state.position = base + at;
    const result = slow(state, code, at, last);
    if (result !== undefined) return result;
    kinds = state.kinds;
    refs = state.refs;
    sp = state.sp;
    fence = state.fence();
    keeping = Number.isFinite(state.keepFrom);
    listing = Number.isFinite(Math.min(state.listsFrom, state.numbersFrom));
    p = state.position - base;
    end = Math.min(window.length, state.frameEnd - base);
  }
}

/** Whether the value under the topmost mark is a container of the stream's own. */
function plainReceiver(state: PickleState, mark: number, kind: number): boolean {
  const below = state.markCount > 1 ? (state.marks[state.markCount - 2] ?? 0) : 0;
  return mark - 1 >= below && state.kinds[mark - 1] === kind;
}

/** Whether some of the stack values from `from` on may be more than constants. */
function holdsNotable(kinds: Uint8Array, from: number, to: number): boolean {
  let seen = 0;
  for (let i = from; i < to; i++) seen |= 1 << (kinds[i] as number);
  return seen >>> TUPLE !== 0;
}

function u32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) +
    (bytes[at + 1] as number) * 256 +
    (bytes[at + 2] as number) * 65_536 +
    (bytes[at + 3] as number) * 16_777_216
  );
}

function pause(state: PickleState, p: number, sp: number, result: RunResult): RunResult {
  state.position = state.base + p;
  state.sp = sp;
  return result;
}
