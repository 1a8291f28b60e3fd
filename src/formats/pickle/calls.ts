import { IN_C } from './loaders.ts';
import { OP } from './opcodes.ts';
import type { PickleState } from './state.ts';
import type { CallOpcode, Value } from './values.ts';
import { DICT, failed, GLOBAL, OBJECT, type RunResult, TUPLE } from './values.ts';

/** REDUCE, NEWOBJ and NEWOBJ_EX: callee and arguments on top of the stack become what the call returns. */
export function reduce(state: PickleState, code: number, at: number): RunResult | undefined {
  const extended = code === OP.NEWOBJ_EX;
  const first = state.sp - (extended ? 3 : 2);
  if (first < state.fence()) return failed('stack-underflow');
  const args = state.valueAt(first + 1);
  const kwargs = extended ? state.valueAt(first + 2) : undefined;
  const opcode: CallOpcode = extended ? 'NEWOBJ_EX' : code === OP.REDUCE ? 'REDUCE' : 'NEWOBJ';
  if (!mayBe(TUPLE, args) || (kwargs !== undefined && !mayBe(DICT, kwargs))) {
    // C requires a tuple and a dict; pickle.py accepts anything that it can unpack.
    if (state.drop(IN_C)) return failed('refused');
  }
  if (args.kind !== TUPLE) state.handler.onOddity('args-not-tuple', state.base + at, state);
  return call(state, opcode, state.valueAt(first), args, kwargs, first, at, at + 1);
}

/** Whether a value may be of a kind: an imported value or the result of a call may be of any kind. */
function mayBe(kind: number, value: Value): boolean {
  return value.kind === kind || value.kind >= GLOBAL;
}

/** INST and OBJ: what stands above the mark are the arguments (for OBJ, after the class). */
export function instantiate(
  state: PickleState,
  opcode: 'INST' | 'OBJ',
  callee: Value,
  at: number,
  next: number,
): RunResult | undefined {
  const mark = state.fence();
  const first = opcode === 'OBJ' ? mark + 1 : mark;
  const args = { kind: TUPLE, ref: state.store(first, state.sp - first) };
  const result = call(state, opcode, callee, args, undefined, mark, at, next);
  if (result === undefined) {
    // `call` pushed its result above the mark that it must replace.
    state.markCount--;
  }
  return result;
}

function call(
  state: PickleState,
  opcode: CallOpcode,
  callee: Value,
  args: Value,
  kwargs: Value | undefined,
  sp: number,
  at: number,
  next: number,
): RunResult | undefined {
  state.handler.onCall({ opcode, callee, args, kwargs, offset: state.base + at }, state);
  if (state.waits) return { kind: 'text' };
  const block = state.cells.allocate(2);
  state.cells.set(block, 0, state.base + at);
  state.cells.set(block + 1, callee.kind, callee.ref);
  state.cells.set(block + 2, args.kind, args.ref);
  state.sp = sp;
  state.push(OBJECT, block);
  state.position = state.base + next;
  return undefined;
}
