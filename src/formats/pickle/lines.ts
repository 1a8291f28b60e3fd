import { instantiate } from './calls.ts';
import * as literals from './literals.ts';
import { ALL_LOADERS, IN_C, IN_PYTHON, LISTED_ONLY } from './loaders.ts';
import { OP } from './opcodes.ts';
import { get, type OperandSpan, persistent, put, readLine } from './operands.ts';
import type { PickleState } from './state.ts';
import { decodeUtf8, latin1 } from './text.ts';
import { BOOL, FLOAT, failed, GLOBAL, INT, limited, type RunResult, STR, STR_DUNDER } from './values.ts';

const MAX_NAME = 4096;

export function line(state: PickleState, code: number, at: number, last: boolean): RunResult | undefined {
  const piece = readLine(state, at + 1, at, last);
  if (piece.kind === 'wait') return piece.result;
  const offset = state.base + at;
  const content = state.window.subarray(piece.start, piece.end);
  const next = piece.end + 1;
  if (state.alive === 0) return failed('refused');
  switch (code) {
    case OP.GET:
    case OP.PUT:
      return memoLine(state, code, content, at, next);
    case OP.PERSID:
      if (!literals.isAscii(content)) return failed('bad-literal');
      return persistent(state, { kind: STR, ref: offset }, state.sp, next, at);
    case OP.STRING:
      if (!literals.isQuoted(content)) return failed('bad-literal');
      state.push(dunderLine(content, code) ? STR_DUNDER : STR, offset);
      break;
    case OP.UNICODE:
      if (!literals.isRawUnicode(content)) return failed('bad-literal');
      state.push(dunderLine(content, code) ? STR_DUNDER : STR, offset);
      break;
    default: {
      const text = latin1(content);
      if (!keepTakers(state, takersOf(text, code))) return failed('bad-literal');
      state.push(code === OP.FLOAT ? FLOAT : code === OP.INT && /^0[01]$/.test(text) ? BOOL : INT, offset);
    }
  }
  if (state.drop(LISTED_ONLY)) return failed('refused');
  state.position = state.base + next;
  return undefined;
}

function memoLine(
  state: PickleState,
  code: number,
  content: Uint8Array,
  at: number,
  next: number,
): RunResult | undefined {
  const read = literals.memoIndex(latin1(content));
  if (read === 'too-long') return limited('maxPickleLine');
  if (read === undefined || !keepTakers(state, read.takers)) return failed('bad-literal');
  return code === OP.GET ? get(state, read.index, next) : put(state, read.index, at, next);
}

function takersOf(text: string, code: number): literals.Takers {
  if (code === OP.FLOAT) return literals.takersOfFloat(text);
  return code === OP.INT ? literals.takersOfInt(text) : literals.takersOfLong(text);
}

/** @returns whether a loader reads on */
function keepTakers(state: PickleState, { c, python }: literals.Takers): boolean {
  return !state.drop((c ? 0 : IN_C) | (python ? 0 : IN_PYTHON) | (c || python ? 0 : ALL_LOADERS));
}

/** Escapes can spell an underscore, so a line with a backslash near its start counts as a special name. */
function dunderLine(content: Uint8Array, code: number): boolean {
  const from = code === OP.STRING ? 1 : 0;
  const [first, second] = [content[from], content[from + 1]];
  return (first === 0x5f && (second === 0x5f || second === 0x5c)) || first === 0x5c;
}

export function twoLines(state: PickleState, code: number, at: number, last: boolean): RunResult | undefined {
  const first = readLine(state, at + 1, at, last);
  if (first.kind === 'wait') return first.result;
  const second = readLine(state, first.end + 1, at, last);
  if (second.kind === 'wait') return second.result;
  if (!readableNames(state, code, first, second)) return failed('bad-literal');
  const names = [first, second].map((piece) =>
    decodeUtf8(state.window.subarray(piece.start, Math.min(piece.end, piece.start + MAX_NAME))),
  );
  if (first.end - first.start > MAX_NAME || second.end - second.start > MAX_NAME)
    state.handler.onOddity('name-too-long', state.base + at, state);
  const found = importGlobal(state, names[0], names[1], state.base + at);
  if (typeof found !== 'number') return found;
  if (code === OP.INST && state.markCount === 0) return failed('no-mark');
  if (code === OP.INST) return instantiate(state, 'INST', { kind: GLOBAL, ref: found }, at, second.end + 1);
  state.push(GLOBAL, found);
  state.position = state.base + second.end + 1;
  return undefined;
}

/** Whether a loader imports the name in these two lines. */
function readableNames(state: PickleState, code: number, module: OperandSpan, name: OperandSpan): boolean {
  const bytes = (span: OperandSpan) => state.window.subarray(span.start, span.end);
  const readable = code === OP.INST ? literals.isAscii : literals.isStrictUtf8;
  if (!readable(bytes(module)) || !readable(bytes(name))) return false;
  // C refuses an empty name, and INST without a mark, before it imports; pickle.py imports first.
  if (module.end === module.start || name.end === name.start || (code === OP.INST && state.markCount === 0))
    state.drop(IN_C);
  if (code === OP.INST) state.drop(LISTED_ONLY);
  return state.alive !== 0;
}

function importGlobal(
  state: PickleState,
  module: string | undefined,
  name: string | undefined,
  offset: number,
): number | RunResult {
  if (state.globals.length >= state.limits.maxPickleGlobals) return limited('maxPickleGlobals');
  const { id, isNew } = state.globalId(module, name, offset);
  const global = state.globals[id];
  if (isNew && global !== undefined && state.drop(state.handler.onImport(global, state))) return failed('refused');
  state.countPush(id);
  return id;
}

/** STACK_GLOBAL takes strings only; the result of a call may be a string, whose text is unknown. */
export function stackGlobal(state: PickleState, at: number): RunResult | undefined {
  if (state.sp - 2 < state.fence()) return failed('stack-underflow');
  if (state.drop(LISTED_ONLY)) return failed('refused');
  const operands = [state.valueAt(state.sp - 2), state.valueAt(state.sp - 1)] as const;
  let computed = false;
  for (const { kind, ref } of operands) {
    if (kind === STR || kind === STR_DUNDER) continue;
    if (kind < GLOBAL || !(state.handler.mayBeText?.({ kind, ref }, state) ?? true)) {
      state.handler.onOddity('operand-not-text', state.base + at, state);
      return failed('operand');
    }
    computed = true;
  }
  const [module, name] = operands.map((operand) => state.text(operand));
  if (state.waits) return { kind: 'text' };
  const found = importGlobal(state, computed ? undefined : module, computed ? undefined : name, state.base + at);
  if (typeof found !== 'number') return found;
  state.sp -= 2;
  state.push(GLOBAL, found);
  state.position = state.base + at + 1;
  return undefined;
}
