import { BUILT } from './cells.ts';
import { noteNumbers } from './list-numbers.ts';
import { IN_C, IN_PYTHON } from './loaders.ts';
import { OP } from './opcodes.ts';
import type { PickleState } from './state.ts';
import { DICT, FROZENSET, failed, LIST, OBJECT, type RunResult, SET, STR_DUNDER, type Value } from './values.ts';

/** Instructions that take all down to the mark and leave at most one value of the stream's own. */
export function gather(state: PickleState, code: number, at: number, fence: number): RunResult | undefined {
  const odd = code === OP.DICT && (state.sp - fence) % 2 === 1;
  if (code === OP.LIST && !noteNumbers(state, state.base + at, fence, state.sp - fence)) return { kind: 'text' };
  if (code === OP.DICT) {
    // DICT
    const result = noteKeys(state, fence, state.sp - fence, at);
    if (result !== undefined) return result;
    if (Number.isFinite(state.keepFrom) && !odd)
      keepItems(state, { kind: DICT, ref: state.base + at }, fence, state.sp - fence);
  }
  if (code === OP.LIST) keepElements(state, { kind: LIST, ref: state.base + at }, fence, state.sp - fence);
  if (code === OP.LIST && Number.isFinite(state.keepFrom)) state.kept.lengthen(state.base + at, state.sp - fence);
  if (code !== OP.POP_MARK) state.holdAll(state.base + at, fence, state.sp - fence, code === OP.DICT);
  state.sp = fence;
  state.popMark();
  if (odd) return failed('odd-items');
  if (code !== OP.POP_MARK) state.push(code === OP.DICT ? DICT : code === OP.LIST ? LIST : FROZENSET, state.base + at);
  state.position = state.base + at + 1;
  return undefined;
}

export function markedItems(state: PickleState, code: number, at: number, fence: number): RunResult | undefined {
  const below = state.markCount > 1 ? (state.marks[state.markCount - 2] ?? 0) : 0;
  if (fence - 1 < below) return failed('stack-underflow');
  if (state.sp === fence) {
    extendByNothing(state, code, at, fence - 1);
    if (state.waits) return { kind: 'text' };
    state.popMark();
    state.position = state.base + at + 1;
    return undefined;
  }
  if (code === OP.SETITEMS) return setItems(state, fence, state.sp - fence, at, true);
  return mutate(state, fence - 1, code === OP.APPENDS ? 'APPENDS' : 'ADDITEMS', at, fence, true);
}

/** Without items C looks nothing up; pickle.py calls `extend` with an empty list, or looks up `add`. */
function extendByNothing(state: PickleState, code: number, at: number, receiver: number): void {
  const { alive } = state;
  const value = state.valueAt(receiver);
  if (code === OP.SETITEMS || value.kind === (code === OP.APPENDS ? LIST : SET) || (alive & IN_PYTHON) === 0) return;
  state.alive = alive & IN_PYTHON;
  const built = value.kind === OBJECT && state.cells.kinds[value.ref] === BUILT;
  state.handler.onMutate(value, code === OP.APPENDS ? 'APPENDS' : 'ADDITEMS', built, state.base + at, state, undefined);
  state.alive = alive;
}

/** Items for the value at stack index `receiver`; afterwards the stack ends at `sp`. */
export function mutate(
  state: PickleState,
  receiver: number,
  opcode: string,
  at: number,
  sp: number,
  marked = false,
): RunResult | undefined {
  const value = state.valueAt(receiver);
  const own = opcode === 'ADDITEMS' ? SET : opcode.startsWith('APPEND') ? LIST : DICT;
  const count = state.sp - receiver - 1;
  if (value.kind === LIST && own === LIST && !noteNumbers(state, value.ref, receiver + 1, count))
    return { kind: 'text' };
  // SETITEM puts items into lists as well.
  if (value.kind >= LIST && value.kind <= FROZENSET) state.holdAll(value.ref, receiver + 1, count, own === DICT);
  if (value.kind === LIST) keepElements(state, value, receiver + 1, own === LIST ? count : undefined);
  if (value.kind === LIST && own === LIST && Number.isFinite(state.keepFrom)) state.kept.lengthen(value.ref, count);
  if (value.kind !== own) {
    const built = value.kind === OBJECT && state.cells.kinds[value.ref] === BUILT;
    const items = state.notable(receiver + 1, count, state.handler.readsItems?.(value, state));
    state.handler.onMutate(value, opcode, built, state.base + at, state, items);
    if (state.waits) return { kind: 'text' };
  }
  state.sp = sp;
  if (marked) state.popMark();
  state.position = state.base + at + 1;
  return undefined;
}

/** Keys and values that are kept of one dict: the attributes of an estimator are a hundred. */
const MAX_KEPT_ITEMS = 1_024;

/** Elements that are kept of one list. */
const MAX_KEPT_ELEMENTS = 64;

/** The content of a list is unknown once SETITEM replaced elements. */
function keepElements(state: PickleState, list: Value, first: number, count: number | undefined): void {
  if (list.ref < state.listsFrom) return;
  keep(state, list, count !== undefined && count <= MAX_KEPT_ELEMENTS ? state.store(first, count) : undefined);
}

function keepItems(state: PickleState, dict: Value, first: number, count: number): void {
  keep(state, dict, count <= MAX_KEPT_ITEMS ? state.store(first, count) : undefined);
}

/** Takes items of a dict or list; `undefined` for too many. */
function keep(state: PickleState, { ref }: Value, block: number | undefined): void {
  state.kept.keep(ref, ref >= state.keepFrom ? block : undefined);
}

export function setItems(
  state: PickleState,
  first: number,
  count: number,
  at: number,
  marked: boolean,
): RunResult | undefined {
  const result = noteKeys(state, first, count, at);
  if (result !== undefined) return result;
  const dict = state.valueAt(first - 1);
  if (Number.isFinite(state.keepFrom) && dict.kind === DICT) keepItems(state, dict, first, count);
  const changed = mutate(state, first - 1, marked ? 'SETITEMS' : 'SETITEM', at, first, marked);
  return changed === undefined && count % 2 === 1 ? failed('odd-items') : changed;
}

function noteKeys(state: PickleState, first: number, count: number, at: number): RunResult | undefined {
  if (count % 2 === 1) {
    if (state.drop(IN_C)) return failed('odd-items');
    state.handler.onOddity('odd-items', state.base + at, state);
  }
  for (let i = first; i + 1 < first + count; i += 2) {
    if (state.kinds[i] !== STR_DUNDER) continue;
    state.handler.onDunderKey(state.valueAt(i), state.valueAt(i + 1), state.base + at, state);
    if (state.waits) return { kind: 'text' };
  }
  return undefined;
}

export function build(state: PickleState, at: number): RunResult | undefined {
  if (state.sp - 2 < state.fence()) return failed('stack-underflow');
  const target = state.valueAt(state.sp - 2);
  const again = target.kind === OBJECT && state.cells.kinds[target.ref] === BUILT;
  const follows = state.handler.onBuild(target, state.valueAt(state.sp - 1), again, state.base + at, state);
  if (state.waits) return { kind: 'text' };
  if (target.kind === OBJECT) state.cells.kinds[target.ref] = BUILT;
  state.builtFrom = state.valueAt(state.sp - 1);
  if (Number.isFinite(state.keepFrom)) state.noteState(target.ref, state.builtFrom);
  state.sp--;
  state.position = state.base + at + 1;
  return follows === 'array' ? { kind: 'array' } : undefined;
}
