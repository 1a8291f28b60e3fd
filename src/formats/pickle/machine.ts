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
  [0x4e, NONE, 0], // NONE
  [0x88, BOOL, 0], // NEWTRUE
  [0x89, BOOL, 0], // NEWFALSE
  [0x4b, INT, 1], // BININT1
  [0x4d, INT, 2], // BININT2
  [0x4a, INT, 4], // BININT
  [0x47, FLOAT, 8], // BINFLOAT
  [0x5d, LIST, 0], // EMPTY_LIST
  [0x7d, DICT, 0], // EMPTY_DICT
  [0x8f, SET, 0], // EMPTY_SET
] as const) {
  PUSHES[code] = kind | (width << 8);
}

/**
 * Runs on over `window`, whose first byte stands at absolute offset `base`.
 * One function, without a call or an allocation for the common instructions: this loop is the scanner's speed.
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
  let listing = Number.isFinite(state.listsFrom);
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
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
      case 0x43: {
        // SHORT_BINBYTES
        if (p + 1 > end) break;
        const length = window[p] as number;
        const first = window[p + 1];
        if (p + 1 + length > end || first === 0x80) break;
        kinds[sp] = code === 0x43 ? BYTES : first === 0x5f && length > 2 && window[p + 2] === 0x5f ? STR_DUNDER : STR;
        refs[sp++] = base + at;
        p += 1 + length;
        continue;
      }
      case 0x58: {
        // BINUNICODE
        if (p + 4 > end) break;
        const length = u32(window, p);
        if (p + 4 + length > end) break;
        kinds[sp] = length > 2 && window[p + 4] === 0x5f && window[p + 5] === 0x5f ? STR_DUNDER : STR;
        refs[sp++] = base + at;
        p += 4 + length;
        continue;
      }
      case 0x94: {
        // MEMOIZE
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
      case 0x71: // BINPUT
      case 0x72: {
        // LONG_BINPUT
        const width = code === 0x71 ? 1 : 4;
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
      case 0x68: // BINGET
      case 0x6a: {
        // LONG_BINGET
        const width = code === 0x68 ? 1 : 4;
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
      case 0x28: // MARK
        state.pushMark(sp);
        fence = sp;
        continue;
      case 0x29: // EMPTY_TUPLE
        kinds[sp] = TUPLE;
        refs[sp++] = 0;
        continue;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const count = code - 0x84;
        if (sp - count < fence) return pause(state, at, sp, failed('stack-underflow'));
        if (cells.length > maxCells) return pause(state, at, sp, limited('maxPickleCells'));
        sp -= count;
        refs[sp] = state.store(sp, count);
        kinds[sp++] = TUPLE;
        continue;
      }
      case 0x74: {
        // TUPLE
        if (state.markCount === 0) return pause(state, at, sp, failed('no-mark'));
        if (cells.length > maxCells) return pause(state, at, sp, limited('maxPickleCells'));
        const block = state.store(fence, sp - fence);
        sp = fence;
        fence = state.popMark();
        kinds[sp] = TUPLE;
        refs[sp++] = block;
        continue;
      }
      case 0x61: // APPEND
        if (sp - 2 < fence || kinds[sp - 2] !== LIST || listing) break;
        if ((kinds[--sp] as number) >= TUPLE) state.holdAll(refs[sp - 1] as number, sp, 1, false);
        if (keeping) state.lengthen(refs[sp - 1] as number, 1);
        continue;
      case 0x65: // APPENDS
      case 0x90: {
        // ADDITEMS
        if (state.markCount === 0) return pause(state, at, sp, failed('no-mark'));
        if (!plainReceiver(state, fence, code === 0x65 ? LIST : SET)) break;
        if (listing) break;
        if (holdsNotable(kinds, fence, sp)) state.holdAll(refs[fence - 1] as number, fence, sp - fence, false);
        if (keeping && code === 0x65) state.lengthen(refs[fence - 1] as number, sp - fence);
        sp = fence;
        fence = state.popMark();
        continue;
      }
      case 0x73: // SETITEM
        if (sp - 3 < fence || kinds[sp - 3] !== DICT || kinds[sp - 2] === STR_DUNDER || keeping) break;
        sp -= 2;
        if (holdsNotable(kinds, sp, sp + 2)) state.holdAll(refs[sp - 1] as number, sp, 2, true);
        continue;
      case 0x75: {
        // SETITEMS
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
      case 0x30: // POP
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
    listing = Number.isFinite(state.listsFrom);
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
