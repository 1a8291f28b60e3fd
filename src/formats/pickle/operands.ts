import { IN_C, IN_PYTHON, WITH_PERSISTENT_IDS } from './loaders.ts';
import type { PickleState } from './state.ts';
import { failed, GLOBAL, limited, PERSID, type RunResult, type Value } from './values.ts';

/** Where a piece of an operand starts and ends in the window. */
export interface OperandSpan {
  readonly start: number;
  readonly end: number;
}

/** A piece of an operand, or what is missing. */
export type Piece = ({ readonly kind: 'piece' } & OperandSpan) | { readonly kind: 'wait'; readonly result: RunResult };

/** `length` bytes at window index `p`, if they are all there; notes when they cross a frame's end. */
export function take(state: PickleState, p: number, length: number, at: number, last: boolean): Piece {
  noteStraddle(state, p, p + length, at);
  if (p + length <= state.window.length) return { kind: 'piece', start: p, end: p + length };
  return { kind: 'wait', result: last ? failed('truncated') : { kind: 'more', need: p + length - at } };
}

/** Old C unpicklers reading from a file lose the rest of a frame when an operand leaves it (python/cpython#154848). */
export function noteStraddle(state: PickleState, start: number, end: number, at: number): void {
  const from = state.base + start;
  const to = state.frameEnd;
  if (!(from < to && to < state.base + end)) return;
  state.frameEnd = Number.POSITIVE_INFINITY;
  state.drop(IN_PYTHON);
  state.handler.onOddity('frame-straddled', state.base + at, state);
  state.cut(from, to, IN_C);
}

/** A line without its newline. At the end of the file the last byte is dropped, as `readline()[:-1]` of pickle.py does. */
export function readLine(state: PickleState, p: number, at: number, last: boolean): Piece {
  const newline = state.window.indexOf(10, p);
  if (newline >= 0) {
    noteStraddle(state, p, newline + 1, at);
    return { kind: 'piece', start: p, end: newline };
  }
  const { length } = state.window;
  if (last) {
    state.drop(IN_C);
    state.handler.onOddity('line-without-end', state.base + at, state);
    return { kind: 'piece', start: Math.min(p, length), end: Math.max(Math.min(p, length), length - 1) };
  }
  if (length - at > state.limits.maxPickleLine) return { kind: 'wait', result: limited('maxPickleLine') };
  return { kind: 'wait', result: { kind: 'more', need: (length - at) * 2 + 256 } };
}

export function put(state: PickleState, index: number | bigint, at: number, end: number): RunResult | undefined {
  if (state.sp <= state.fence()) return failed('stack-underflow');
  if (state.memo.count >= state.limits.maxPickleMemo) return limited('maxPickleMemo');
  const top = state.valueAt(state.sp - 1);
  if (state.memo.set(index, top.kind, top.ref)) state.handler.onOddity('sparse-memo', state.base + at, state);
  state.position = state.base + end;
  return undefined;
}

export function get(state: PickleState, index: number | bigint, end: number): RunResult | undefined {
  const kind = state.memo.kind(index);
  if (kind === 0) return failed('memo-miss');
  if (kind === GLOBAL) state.countPush(state.memo.ref(index));
  state.push(kind, state.memo.ref(index));
  state.position = state.base + end;
  return undefined;
}

export function persistent(state: PickleState, id: Value, sp: number, next: number, at: number): RunResult | undefined {
  if (state.drop(~WITH_PERSISTENT_IDS)) return failed('refused');
  state.handler.onPersistentId(id, state.base + at, state);
  if (state.waits) return { kind: 'text' };
  const block = state.cells.allocate(1);
  state.cells.set(block + 1, id.kind, id.ref);
  state.sp = sp;
  state.push(PERSID, block);
  state.position = state.base + next;
  return undefined;
}
