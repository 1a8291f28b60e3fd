import { instantiate, reduce } from './calls.ts';
import { build, gather, markedItems, mutate, setItems } from './items.ts';
import { line, stackGlobal, twoLines } from './lines.ts';
import { IN_C, IN_PYTHON, LISTED_ONLY, WITH_BUFFERS } from './loaders.ts';
import { countedLength, fixedLength, OP, OPCODES } from './opcodes.ts';
import { get, noteStraddle, persistent, put, take } from './operands.ts';
import type { PickleState } from './state.ts';
import { BUFFER, BYTES, EXT, FLOAT, failed, GLOBAL, INT, limited, type RunResult, STR, STR_DUNDER } from './values.ts';

/**
 * One instruction on the slow path: operands that cross the window or a frame, and all events for the handler. The state
 * stands before the instruction, and is left so whenever a result is returned that is not an end.
 */
export function slow(state: PickleState, code: number, at: number, last: boolean): RunResult | undefined {
  const opcode = OPCODES[code];
  if (opcode === undefined) return failed('invalid-opcode');
  const { operand } = opcode;
  if (operand === 'none') return plain(state, code, at);
  if (operand === 'line') return line(state, code, at, last);
  if (operand === 'two-lines') return twoLines(state, code, at, last);
  if (operand.startsWith('bytes-')) return counted(state, code, at, last);
  const piece = take(state, at + 1, fixedLength(operand), at, last);
  if (piece.kind === 'wait') return piece.result;
  return fixed(state, code, at, piece);
}

function fixed(
  state: PickleState,
  code: number,
  at: number,
  piece: { start: number; end: number },
): RunResult | undefined {
  const offset = state.base + at;
  const view = new DataView(state.window.buffer, state.window.byteOffset + piece.start, piece.end - piece.start);
  switch (code) {
    case OP.PROTO:
      if (view.getUint8(0) > 5) return failed('protocol');
      if (offset !== state.start) state.handler.onOddity('protocol-late', offset, state);
      state.protocol = view.getUint8(0);
      break;
    case OP.FRAME:
      if (state.drop(LISTED_ONLY)) return failed('refused');
      enterFrame(state, piece.end, view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32, at);
      break;
    case OP.BINPUT:
      return put(state, view.getUint8(0), at, piece.end);
    case OP.LONG_BINPUT:
      return put(state, view.getUint32(0, true), at, piece.end);
    case OP.BINGET:
      return get(state, view.getUint8(0), piece.end);
    case OP.LONG_BINGET:
      return get(state, view.getUint32(0, true), piece.end);
    case OP.EXT1:
      return extension(state, view.getUint8(0), offset, piece.end);
    case OP.EXT2:
      return extension(state, view.getUint16(0, true), offset, piece.end);
    case OP.EXT4:
      return extension(state, view.getInt32(0, true), offset, piece.end);
    default:
      state.push(code === OP.BINFLOAT ? FLOAT : INT, offset);
  }
  state.position = state.base + piece.end;
  return undefined;
}

function extension(state: PickleState, code: number, offset: number, end: number): RunResult | undefined {
  if (code <= 0 || state.drop(LISTED_ONLY)) return failed('operand');
  state.handler.onExtension(code, offset, state);
  state.push(EXT, code);
  state.position = state.base + end;
  return undefined;
}

function enterFrame(state: PickleState, start: number, length: number, at: number): void {
  const from = state.base + start;
  const { frameEnd } = state;
  const end = from + length;
  if (from < frameEnd && frameEnd !== Number.POSITIVE_INFINITY) {
    state.drop(IN_PYTHON);
    state.handler.onOddity('frame-nested', state.base + at, state);
    noteStraddle(state, start, end - state.base, at);
    if (end <= frameEnd) return; // C loaders still have the outer frame buffered.
  }
  if (end > state.size) {
    state.drop(IN_C);
    state.handler.onOddity('frame-beyond-end', state.base + at, state);
  }
  state.frameEnd = end > state.size ? Number.POSITIVE_INFINITY : end;
}

/** A counted operand. What does not fit the window is passed over: strings are data until somebody uses one as a name. */
function counted(state: PickleState, code: number, at: number, last: boolean): RunResult | undefined {
  const opcode = OPCODES[code];
  if (opcode === undefined) return failed('invalid-opcode');
  const prefix = take(state, at + 1, fixedLength(opcode.operand), at, last);
  if (prefix.kind === 'wait') return prefix.result;
  const length = countedLength(state.window, prefix.start, opcode.operand);
  const start = prefix.end;
  const end = state.base + start + length;
  if (length < 0 || !Number.isSafeInteger(end)) return failed('bad-length');
  noteStraddle(state, start, start + length, at);
  if (end > state.size) return failed('truncated');
  const head = take(state, start, Math.min(length, 2), at, last);
  if (head.kind === 'wait') return head.result;
  const [first, second] = [state.window[start], state.window[start + 1]];
  const number = code === OP.LONG1 || code === OP.LONG4;
  if (!number && length > 2 && first === OP.PROTO && second !== undefined && second >= 2 && second <= 5) {
    state.handler.onBlob(state.base + start, length);
  }
  const text = opcode.text ? (length > 1 && first === 0x5f && second === 0x5f ? STR_DUNDER : STR) : BYTES;
  state.push(number ? INT : text, state.base + at);
  state.position = end;
  return end > state.base + state.window.length ? { kind: 'more', need: 1 } : undefined;
}

function plain(state: PickleState, code: number, at: number): RunResult | undefined {
  const { sp } = state;
  const fence = state.fence();
  const offset = state.base + at;
  if (state.cells.length > state.limits.maxPickleCells) return limited('maxPickleCells');
  switch (code) {
    case OP.STOP:
      if (sp <= fence) return failed('stack-underflow');
      state.position = offset + 1;
      return { kind: 'end', end: { kind: 'stop' } };
    case OP.STACK_GLOBAL:
      return stackGlobal(state, at);
    case OP.REDUCE:
    case OP.NEWOBJ:
    case OP.NEWOBJ_EX:
      return reduce(state, code, at);
    case OP.OBJ: {
      if (state.markCount === 0) return failed('no-mark');
      if (sp - fence < 1) return failed('stack-underflow');
      return instantiate(state, 'OBJ', state.valueAt(fence), at, at + 1);
    }
    case OP.BUILD:
      return build(state, at);
    case OP.BINPERSID:
      if (sp - 1 < fence) return failed('stack-underflow');
      return persistent(state, state.valueAt(sp - 1), sp - 1, at + 1, at);
    case OP.APPEND:
      if (sp - 2 < fence) return failed('stack-underflow');
      return mutate(state, sp - 2, 'APPEND', at, sp - 1);
    case OP.SETITEM:
      if (sp - 3 < fence) return failed('stack-underflow');
      return setItems(state, sp - 2, 2, at, false);
    case OP.APPENDS:
    case OP.ADDITEMS:
    case OP.SETITEMS:
      return markedItems(state, code, at, fence);
    case OP.NEXT_BUFFER:
      if (state.drop(~WITH_BUFFERS)) return failed('refused');
      state.push(BUFFER, offset);
      break;
    case OP.READONLY_BUFFER:
      if (sp <= fence) return failed('stack-underflow');
      if (state.kinds[sp - 1] !== BUFFER) state.handler.onOddity('not-a-buffer', offset, state);
      break;
    case OP.DUP:
      if (sp <= fence) return failed('stack-underflow');
      state.handler.onOddity('dup', offset, state);
      if (state.kinds[sp - 1] === GLOBAL) state.countPush(state.refs[sp - 1] ?? 0);
      state.push(state.kinds[sp - 1] ?? 0, state.refs[sp - 1] ?? 0);
      break;
    default: // POP_MARK, LIST, DICT, FROZENSET
      if (state.markCount === 0) return failed('no-mark');
      return gather(state, code, at, fence);
  }
  state.position = offset + 1;
  return undefined;
}
