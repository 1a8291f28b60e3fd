/** How an opcode's operand is laid out. `n` forms carry a length of that many bytes, then as many bytes. */
export type Operand =
  | 'none'
  | 'u1'
  | 'u2'
  | 'i4'
  | 'u4'
  | 'u8'
  | 'f8'
  | 'line' // to a newline
  | 'two-lines'
  | 'bytes-u1'
  | 'bytes-i4'
  | 'bytes-u4'
  | 'bytes-u8';

export interface Opcode {
  readonly code: number;
  readonly name: string;
  readonly operand: Operand;
  /** The operand is text that a person can read. */
  readonly text: boolean;
}

/** Every opcode of protocols 0 to 5, as CPython's `Lib/pickle.py` and `Lib/pickletools.py` define them. */
const TABLE: readonly (readonly [number, string, Operand])[] = [
  [0x28, 'MARK', 'none'],
  [0x29, 'EMPTY_TUPLE', 'none'],
  [0x2e, 'STOP', 'none'],
  [0x30, 'POP', 'none'],
  [0x31, 'POP_MARK', 'none'],
  [0x32, 'DUP', 'none'],
  [0x42, 'BINBYTES', 'bytes-u4'],
  [0x43, 'SHORT_BINBYTES', 'bytes-u1'],
  [0x46, 'FLOAT', 'line'],
  [0x47, 'BINFLOAT', 'f8'],
  [0x49, 'INT', 'line'],
  [0x4a, 'BININT', 'i4'],
  [0x4b, 'BININT1', 'u1'],
  [0x4c, 'LONG', 'line'],
  [0x4d, 'BININT2', 'u2'],
  [0x4e, 'NONE', 'none'],
  [0x50, 'PERSID', 'line'],
  [0x51, 'BINPERSID', 'none'],
  [0x52, 'REDUCE', 'none'],
  [0x53, 'STRING', 'line'],
  [0x54, 'BINSTRING', 'bytes-i4'],
  [0x55, 'SHORT_BINSTRING', 'bytes-u1'],
  [0x56, 'UNICODE', 'line'],
  [0x58, 'BINUNICODE', 'bytes-u4'],
  [0x5d, 'EMPTY_LIST', 'none'],
  [0x61, 'APPEND', 'none'],
  [0x62, 'BUILD', 'none'],
  [0x63, 'GLOBAL', 'two-lines'],
  [0x64, 'DICT', 'none'],
  [0x65, 'APPENDS', 'none'],
  [0x67, 'GET', 'line'],
  [0x68, 'BINGET', 'u1'],
  [0x69, 'INST', 'two-lines'],
  [0x6a, 'LONG_BINGET', 'u4'],
  [0x6c, 'LIST', 'none'],
  [0x6f, 'OBJ', 'none'],
  [0x70, 'PUT', 'line'],
  [0x71, 'BINPUT', 'u1'],
  [0x72, 'LONG_BINPUT', 'u4'],
  [0x73, 'SETITEM', 'none'],
  [0x74, 'TUPLE', 'none'],
  [0x75, 'SETITEMS', 'none'],
  [0x7d, 'EMPTY_DICT', 'none'],
  [0x80, 'PROTO', 'u1'],
  [0x81, 'NEWOBJ', 'none'],
  [0x82, 'EXT1', 'u1'],
  [0x83, 'EXT2', 'u2'],
  [0x84, 'EXT4', 'i4'],
  [0x85, 'TUPLE1', 'none'],
  [0x86, 'TUPLE2', 'none'],
  [0x87, 'TUPLE3', 'none'],
  [0x88, 'NEWTRUE', 'none'],
  [0x89, 'NEWFALSE', 'none'],
  [0x8a, 'LONG1', 'bytes-u1'],
  [0x8b, 'LONG4', 'bytes-i4'],
  [0x8c, 'SHORT_BINUNICODE', 'bytes-u1'],
  [0x8d, 'BINUNICODE8', 'bytes-u8'],
  [0x8e, 'BINBYTES8', 'bytes-u8'],
  [0x8f, 'EMPTY_SET', 'none'],
  [0x90, 'ADDITEMS', 'none'],
  [0x91, 'FROZENSET', 'none'],
  [0x92, 'NEWOBJ_EX', 'none'],
  [0x93, 'STACK_GLOBAL', 'none'],
  [0x94, 'MEMOIZE', 'none'],
  [0x95, 'FRAME', 'u8'],
  [0x96, 'BYTEARRAY8', 'bytes-u8'],
  [0x97, 'NEXT_BUFFER', 'none'],
  [0x98, 'READONLY_BUFFER', 'none'],
];

const TEXT = new Set([
  'PERSID',
  'STRING',
  'BINSTRING',
  'SHORT_BINSTRING',
  'UNICODE',
  'BINUNICODE',
  'SHORT_BINUNICODE',
  'BINUNICODE8',
]);

const byCode: (Opcode | undefined)[] = new Array(256).fill(undefined);
for (const [code, name, operand] of TABLE) byCode[code] = { code, name, operand, text: TEXT.has(name) };

export const OPCODES: readonly (Opcode | undefined)[] = byCode;

/** Bytes of a fixed operand, or of the length before a counted one; -1 for lines. */
export function fixedLength(operand: Operand): number {
  switch (operand) {
    case 'none':
      return 0;
    case 'u1':
    case 'bytes-u1':
      return 1;
    case 'u2':
      return 2;
    case 'i4':
    case 'u4':
    case 'bytes-i4':
    case 'bytes-u4':
      return 4;
    case 'u8':
    case 'f8':
    case 'bytes-u8':
      return 8;
    case 'line':
    case 'two-lines':
      return -1;
  }
}

/** Where an instruction's parts lie, or why they cannot be told from these bytes. */
export type Layout =
  | { readonly kind: 'whole'; readonly opcode: Opcode; readonly operand: number; readonly end: number }
  | { readonly kind: 'more'; readonly need: number }
  | { readonly kind: 'invalid' };

/**
 * The extent of the instruction at `at`: `operand` is where its content starts (after a length), `end` where the next
 * instruction does; `end` may lie beyond `bytes` for a counted operand, which a caller can skip.
 */
export function layoutAt(bytes: Uint8Array, at: number): Layout {
  const code = bytes[at];
  const opcode = code === undefined ? undefined : OPCODES[code];
  if (opcode === undefined) return code === undefined ? { kind: 'more', need: 1 } : { kind: 'invalid' };
  const start = at + 1;
  const fixed = fixedLength(opcode.operand);
  if (fixed < 0) {
    const first = bytes.indexOf(10, start);
    const last = opcode.operand === 'two-lines' && first >= 0 ? bytes.indexOf(10, first + 1) : first;
    return last < 0
      ? { kind: 'more', need: bytes.length - at + 1 }
      : { kind: 'whole', opcode, operand: start, end: last + 1 };
  }
  if (start + fixed > bytes.length) return { kind: 'more', need: 1 + fixed };
  if (!opcode.operand.startsWith('bytes-')) return { kind: 'whole', opcode, operand: start, end: start + fixed };
  const length = countedLength(bytes, start, opcode.operand);
  if (length < 0 || length > Number.MAX_SAFE_INTEGER / 2) return { kind: 'invalid' };
  return { kind: 'whole', opcode, operand: start + fixed, end: start + fixed + length };
}

/** The length that stands before a counted operand; negative where CPython refuses it. */
export function countedLength(bytes: Uint8Array, at: number, operand: Operand): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, fixedLength(operand));
  switch (operand) {
    case 'bytes-u1':
      return view.getUint8(0);
    case 'bytes-i4':
      return view.getInt32(0, true);
    case 'bytes-u4':
      return view.getUint32(0, true);
    default:
      return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  }
}
