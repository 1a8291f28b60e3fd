import { instantiate, reduce } from './calls.ts';
import { BUILT } from './cells.ts';
import { failed, limited, type RunResult } from './machine.ts';
import { countedLength, fixedLength, OPCODES } from './opcodes.ts';
import type { PickleState } from './state.ts';
import { decodeUtf8, latin1 } from './text.ts';
import type { Value } from './values.ts';
import {
  BOOL,
  BUFFER,
  BYTES,
  DICT,
  EXT,
  FLOAT,
  FROZENSET,
  GLOBAL,
  INT,
  LIST,
  OBJECT,
  PERSID,
  SET,
  STR,
  STR_DUNDER,
} from './values.ts';

const MAX_NAME = 4096;

/** A piece of an operand: where it starts and ends in the window, or what is missing. */
type Piece =
  | { readonly kind: 'piece'; readonly start: number; readonly end: number }
  | { readonly kind: 'wait'; readonly result: RunResult };

/**
 * One instruction, the careful way: operands that cross the window or a frame, and all that a handler hears of. The state
 * stands before the instruction, and is left so whenever a result is returned that is no end.
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

/** `length` bytes at window index `p`, if they are all there; notes when they cross a frame's end. */
function take(state: PickleState, p: number, length: number, at: number, last: boolean): Piece {
  noteStraddle(state, p, p + length, at);
  if (p + length <= state.window.length) return { kind: 'piece', start: p, end: p + length };
  return { kind: 'wait', result: last ? failed('truncated') : { kind: 'more', need: p + length - at } };
}

/** Old C unpicklers reading from a file lose the rest of a frame when an operand leaves it (python/cpython#154848). */
function noteStraddle(state: PickleState, start: number, end: number, at: number): void {
  const from = state.base + start;
  const to = state.frameEnd;
  if (!(from < to && to < state.base + end)) return;
  state.frameEnd = Number.POSITIVE_INFINITY;
  state.handler.onOddity('frame-straddled', state.base + at);
  state.cut(from, to);
}

/** A line without its newline. At the end of the file the last byte is dropped, as `readline()[:-1]` of pickle.py does. */
function readLine(state: PickleState, p: number, at: number, last: boolean): Piece {
  const newline = state.window.indexOf(10, p);
  if (newline >= 0) {
    noteStraddle(state, p, newline + 1, at);
    return { kind: 'piece', start: p, end: newline };
  }
  const { length } = state.window;
  if (last) {
    state.handler.onOddity('line-without-end', state.base + at);
    return { kind: 'piece', start: Math.min(p, length), end: Math.max(Math.min(p, length), length - 1) };
  }
  if (length - at > state.limits.maxPickleLine) return { kind: 'wait', result: limited('maxPickleLine') };
  return { kind: 'wait', result: { kind: 'more', need: (length - at) * 2 + 256 } };
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
    case 0x80: // PROTO
      if (view.getUint8(0) > 5) return failed('protocol');
      if (offset !== state.start) state.handler.onOddity('protocol-late', offset);
      state.protocol = view.getUint8(0);
      break;
    case 0x95: // FRAME
      enterFrame(state, piece.end, view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32, at);
      break;
    case 0x71: // BINPUT
      return put(state, view.getUint8(0), at, piece.end);
    case 0x72: // LONG_BINPUT
      return put(state, view.getUint32(0, true), at, piece.end);
    case 0x68: // BINGET
      return get(state, view.getUint8(0), piece.end);
    case 0x6a: // LONG_BINGET
      return get(state, view.getUint32(0, true), piece.end);
    case 0x82: // EXT1
      extension(state, view.getUint8(0), offset);
      break;
    case 0x83: // EXT2
      extension(state, view.getUint16(0, true), offset);
      break;
    case 0x84: // EXT4
      extension(state, view.getInt32(0, true), offset);
      break;
    default:
      state.push(code === 0x47 ? FLOAT : INT, offset);
  }
  state.position = state.base + piece.end;
  return undefined;
}

function extension(state: PickleState, code: number, offset: number): void {
  state.handler.onExtension(code, offset);
  state.push(EXT, code >>> 0);
}

function enterFrame(state: PickleState, start: number, length: number, at: number): void {
  const from = state.base + start;
  const { frameEnd } = state;
  const end = from + length;
  if (from < frameEnd && frameEnd !== Number.POSITIVE_INFINITY) {
    state.handler.onOddity('frame-nested', state.base + at);
    noteStraddle(state, start, end - state.base, at);
    if (end <= frameEnd) return; // C loaders still have the outer frame buffered.
  }
  if (end > state.size) state.handler.onOddity('frame-beyond-end', state.base + at);
  state.frameEnd = end > state.size ? Number.POSITIVE_INFINITY : end;
}

function put(state: PickleState, index: number | bigint, at: number, end: number): RunResult | undefined {
  if (state.sp <= state.fence()) return failed('stack-underflow');
  if (state.memo.count >= state.limits.maxPickleMemo) return limited('maxPickleMemo');
  const top = state.valueAt(state.sp - 1);
  if (state.memo.set(index, top.kind, top.ref)) state.handler.onOddity('sparse-memo', state.base + at);
  state.position = state.base + end;
  return undefined;
}

function get(state: PickleState, index: number | bigint, end: number): RunResult | undefined {
  const kind = state.memo.kind(index);
  if (kind === 0) return failed('memo-miss');
  if (kind === GLOBAL) state.countPush(state.memo.ref(index));
  state.push(kind, state.memo.ref(index));
  state.position = state.base + end;
  return undefined;
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
  const number = code === 0x8a || code === 0x8b;
  if (!number && length > 2 && first === 0x80 && second !== undefined && second >= 2 && second <= 5) {
    state.handler.onBlob(state.base + start, length);
  }
  const text = opcode.text ? (length > 1 && first === 0x5f && second === 0x5f ? STR_DUNDER : STR) : BYTES;
  state.push(number ? INT : text, state.base + at);
  state.position = end;
  return end > state.base + state.window.length ? { kind: 'more', need: 1 } : undefined;
}

function line(state: PickleState, code: number, at: number, last: boolean): RunResult | undefined {
  const piece = readLine(state, at + 1, at, last);
  if (piece.kind === 'wait') return piece.result;
  const offset = state.base + at;
  const content = state.window.subarray(piece.start, piece.end);
  const next = piece.end + 1;
  switch (code) {
    case 0x67: // GET
    case 0x70: {
      // PUT
      const index = decimal(latin1(content));
      if (index === undefined || index < 0) return failed('memo-miss');
      return code === 0x67 ? get(state, index, next) : put(state, index, at, next);
    }
    case 0x50: // PERSID
      return persistent(state, { kind: STR, ref: offset }, state.sp, next, at);
    case 0x53: // STRING
      if (!isQuoted(content)) state.handler.onOddity('bad-literal', offset);
      state.push(dunderLine(content, code) ? STR_DUNDER : STR, offset);
      break;
    case 0x56: // UNICODE
      state.push(dunderLine(content, code) ? STR_DUNDER : STR, offset);
      break;
    default: {
      const text = latin1(content);
      if (!isNumber(text, code)) state.handler.onOddity('bad-literal', offset);
      state.push(code === 0x46 ? FLOAT : code === 0x49 && /^0[01]$/.test(text) ? BOOL : INT, offset);
    }
  }
  state.position = state.base + next;
  return undefined;
}

function isQuoted(content: Uint8Array): boolean {
  const line = latin1(content).trim();
  return line.length >= 2 && (line[0] === "'" || line[0] === '"') && line.at(-1) === line[0];
}

/** Escapes can spell an underscore, so a line with a backslash near its start counts as a special name. */
function dunderLine(content: Uint8Array, code: number): boolean {
  const from = code === 0x53 ? 1 : 0;
  const [first, second] = [content[from], content[from + 1]];
  return (first === 0x5f && (second === 0x5f || second === 0x5c)) || first === 0x5c;
}

/** What `int()` accepts of ASCII bytes in base 10; the C unpickler reads no further than a NUL. */
function decimal(text: string): number | bigint | undefined {
  const digits = (text.split('\0', 1)[0] ?? '').trim();
  if (digits.length > 4300 || !/^[+-]?\d+(?:_\d+)*$/.test(digits)) return undefined;
  const plainDigits = digits.replaceAll('_', '').replace(/^\+/, '');
  const number = Number(plainDigits);
  return Number.isSafeInteger(number) ? number : BigInt(plainDigits);
}

function isNumber(text: string, code: number): boolean {
  if (code === 0x46)
    return /^\s*[+-]?(?:\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d[\d_]*(?:[eE][+-]?\d+)?|inf|infinity|nan)\s*$/i.test(
      text,
    );
  return /^\s*[+-]?(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*)L?\s*$/.test(text);
}

function twoLines(state: PickleState, code: number, at: number, last: boolean): RunResult | undefined {
  const first = readLine(state, at + 1, at, last);
  if (first.kind === 'wait') return first.result;
  const second = readLine(state, first.end + 1, at, last);
  if (second.kind === 'wait') return second.result;
  const names = [first, second].map((piece) =>
    decodeUtf8(state.window.subarray(piece.start, Math.min(piece.end, piece.start + MAX_NAME))),
  );
  if (first.end - first.start > MAX_NAME || second.end - second.start > MAX_NAME)
    state.handler.onOddity('name-too-long', state.base + at);
  const found = importGlobal(state, names[0], names[1], state.base + at);
  if (typeof found !== 'number') return found;
  // pickle.py imports the class of INST before it looks for the mark.
  if (code === 0x69 && state.markCount === 0) return failed('no-mark');
  if (code === 0x69) return instantiate(state, 'INST', { kind: GLOBAL, ref: found }, at, second.end + 1);
  state.push(GLOBAL, found);
  state.position = state.base + second.end + 1;
  return undefined;
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
  if (isNew && global !== undefined) state.handler.onImport(global, state);
  state.countPush(id);
  return id;
}

/** STACK_GLOBAL takes strings only; a value that a call made may be one, and then nobody can know which. */
function stackGlobal(state: PickleState, at: number): RunResult | undefined {
  if (state.sp - 2 < state.fence()) return failed('stack-underflow');
  const operands = [state.valueAt(state.sp - 2), state.valueAt(state.sp - 1)] as const;
  let computed = false;
  for (const { kind } of operands) {
    if (kind === STR || kind === STR_DUNDER) continue;
    if (kind < GLOBAL) {
      state.handler.onOddity('operand-not-text', state.base + at);
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

function persistent(state: PickleState, id: Value, sp: number, next: number, at: number): RunResult | undefined {
  state.handler.onPersistentId(id, state.base + at, state);
  if (state.waits) return { kind: 'text' };
  const block = state.cells.allocate(1);
  state.cells.set(block + 1, id.kind, id.ref);
  state.sp = sp;
  state.push(PERSID, block);
  state.position = state.base + next;
  return undefined;
}

function plain(state: PickleState, code: number, at: number): RunResult | undefined {
  const { sp } = state;
  const fence = state.fence();
  const offset = state.base + at;
  if (state.cells.length > state.limits.maxPickleCells) return limited('maxPickleCells');
  switch (code) {
    case 0x2e: // STOP
      if (sp <= fence) return failed('stack-underflow');
      state.position = offset + 1;
      return { kind: 'end', end: { kind: 'stop' } };
    case 0x93: // STACK_GLOBAL
      return stackGlobal(state, at);
    case 0x52: // REDUCE
    case 0x81: // NEWOBJ
    case 0x92: // NEWOBJ_EX
      return reduce(state, code, at);
    case 0x6f: {
      // OBJ
      if (state.markCount === 0) return failed('no-mark');
      if (sp - fence < 1) return failed('stack-underflow');
      return instantiate(state, 'OBJ', state.valueAt(fence), at, at + 1);
    }
    case 0x62: // BUILD
      return build(state, at);
    case 0x51: // BINPERSID
      if (sp - 1 < fence) return failed('stack-underflow');
      return persistent(state, state.valueAt(sp - 1), sp - 1, at + 1, at);
    case 0x61: // APPEND
      if (sp - 2 < fence) return failed('stack-underflow');
      return mutate(state, sp - 2, 'APPEND', at, sp - 1);
    case 0x73: // SETITEM
      if (sp - 3 < fence) return failed('stack-underflow');
      return setItems(state, sp - 2, 2, at, false);
    case 0x65: // APPENDS
    case 0x90: // ADDITEMS
    case 0x75: // SETITEMS
      return markedItems(state, code, at, fence);
    case 0x97: // NEXT_BUFFER
      state.push(BUFFER, offset);
      break;
    case 0x98: // READONLY_BUFFER
      if (sp <= fence) return failed('stack-underflow');
      break;
    case 0x32: // DUP
      if (sp <= fence) return failed('stack-underflow');
      state.handler.onOddity('dup', offset);
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

/** Instructions that take all down to the mark and leave at most one value of the stream's own. */
function gather(state: PickleState, code: number, at: number, fence: number): RunResult | undefined {
  if (code === 0x64) {
    // DICT
    const result = noteKeys(state, fence, state.sp - fence, at);
    if (result !== undefined) return result;
  }
  state.sp = fence;
  state.popMark();
  if (code !== 0x31) state.push(code === 0x64 ? DICT : code === 0x6c ? LIST : FROZENSET, state.base + at);
  state.position = state.base + at + 1;
  return undefined;
}

function markedItems(state: PickleState, code: number, at: number, fence: number): RunResult | undefined {
  const below = state.markCount > 1 ? (state.marks[state.markCount - 2] ?? 0) : 0;
  if (fence - 1 < below) return failed('stack-underflow');
  if (state.sp === fence) {
    state.popMark();
    state.position = state.base + at + 1;
    return undefined;
  }
  if (code === 0x75) return setItems(state, fence, state.sp - fence, at, true);
  return mutate(state, fence - 1, code === 0x65 ? 'APPENDS' : 'ADDITEMS', at, fence, true);
}

/** Items for the value at stack index `receiver`; afterwards the stack ends at `sp`. */
function mutate(
  state: PickleState,
  receiver: number,
  opcode: string,
  at: number,
  sp: number,
  marked = false,
): RunResult | undefined {
  const value = state.valueAt(receiver);
  const own = opcode === 'ADDITEMS' ? SET : opcode.startsWith('APPEND') ? LIST : DICT;
  if (value.kind !== own) {
    const built = value.kind === OBJECT && state.cells.kinds[value.ref] === BUILT;
    state.handler.onMutate(value, opcode, built, state.base + at, state);
    if (state.waits) return { kind: 'text' };
  }
  state.sp = sp;
  if (marked) state.popMark();
  state.position = state.base + at + 1;
  return undefined;
}

function setItems(
  state: PickleState,
  first: number,
  count: number,
  at: number,
  marked: boolean,
): RunResult | undefined {
  const result = noteKeys(state, first, count, at);
  if (result !== undefined) return result;
  const dict = state.valueAt(first - 1);
  if (state.keepItems && dict.kind === DICT) state.keep(dict, count <= 64 ? state.store(first, count) : undefined);
  return mutate(state, first - 1, marked ? 'SETITEMS' : 'SETITEM', at, first, marked);
}

function noteKeys(state: PickleState, first: number, count: number, at: number): RunResult | undefined {
  if (count % 2 === 1) state.handler.onOddity('odd-items', state.base + at);
  for (let i = first; i + 1 < first + count; i += 2) {
    if (state.kinds[i] !== STR_DUNDER) continue;
    state.handler.onDunderKey(state.valueAt(i), state.valueAt(i + 1), state.base + at, state);
    if (state.waits) return { kind: 'text' };
  }
  return undefined;
}

function build(state: PickleState, at: number): RunResult | undefined {
  if (state.sp - 2 < state.fence()) return failed('stack-underflow');
  const target = state.valueAt(state.sp - 2);
  const again = target.kind === OBJECT && state.cells.kinds[target.ref] === BUILT;
  const follows = state.handler.onBuild(target, state.valueAt(state.sp - 1), again, state.base + at, state);
  if (state.waits) return { kind: 'text' };
  if (target.kind === OBJECT) state.cells.kinds[target.ref] = BUILT;
  state.builtFrom = state.valueAt(state.sp - 1);
  if (state.keepItems) state.noteState(target.ref, state.builtFrom);
  state.sp--;
  state.position = state.base + at + 1;
  return follows === 'array' ? { kind: 'array' } : undefined;
}
