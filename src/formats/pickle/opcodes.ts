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
export const OP = {
  MARK: 0x28,
  EMPTY_TUPLE: 0x29,
  STOP: 0x2e,
  POP: 0x30,
  POP_MARK: 0x31,
  DUP: 0x32,
  BINBYTES: 0x42,
  SHORT_BINBYTES: 0x43,
  FLOAT: 0x46,
  BINFLOAT: 0x47,
  INT: 0x49,
  BININT: 0x4a,
  BININT1: 0x4b,
  LONG: 0x4c,
  BININT2: 0x4d,
  NONE: 0x4e,
  PERSID: 0x50,
  BINPERSID: 0x51,
  REDUCE: 0x52,
  STRING: 0x53,
  BINSTRING: 0x54,
  SHORT_BINSTRING: 0x55,
  UNICODE: 0x56,
  BINUNICODE: 0x58,
  EMPTY_LIST: 0x5d,
  APPEND: 0x61,
  BUILD: 0x62,
  GLOBAL: 0x63,
  DICT: 0x64,
  APPENDS: 0x65,
  GET: 0x67,
  BINGET: 0x68,
  INST: 0x69,
  LONG_BINGET: 0x6a,
  LIST: 0x6c,
  OBJ: 0x6f,
  PUT: 0x70,
  BINPUT: 0x71,
  LONG_BINPUT: 0x72,
  SETITEM: 0x73,
  TUPLE: 0x74,
  SETITEMS: 0x75,
  EMPTY_DICT: 0x7d,
  PROTO: 0x80,
  NEWOBJ: 0x81,
  EXT1: 0x82,
  EXT2: 0x83,
  EXT4: 0x84,
  TUPLE1: 0x85,
  TUPLE2: 0x86,
  TUPLE3: 0x87,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  LONG1: 0x8a,
  LONG4: 0x8b,
  SHORT_BINUNICODE: 0x8c,
  BINUNICODE8: 0x8d,
  BINBYTES8: 0x8e,
  EMPTY_SET: 0x8f,
  ADDITEMS: 0x90,
  FROZENSET: 0x91,
  NEWOBJ_EX: 0x92,
  STACK_GLOBAL: 0x93,
  MEMOIZE: 0x94,
  FRAME: 0x95,
  BYTEARRAY8: 0x96,
  NEXT_BUFFER: 0x97,
  READONLY_BUFFER: 0x98,
} as const;

type OpcodeName = keyof typeof OP;

const OPERANDS: Readonly<Record<OpcodeName, Operand>> = {
  MARK: 'none',
  EMPTY_TUPLE: 'none',
  STOP: 'none',
  POP: 'none',
  POP_MARK: 'none',
  DUP: 'none',
  BINBYTES: 'bytes-u4',
  SHORT_BINBYTES: 'bytes-u1',
  FLOAT: 'line',
  BINFLOAT: 'f8',
  INT: 'line',
  BININT: 'i4',
  BININT1: 'u1',
  LONG: 'line',
  BININT2: 'u2',
  NONE: 'none',
  PERSID: 'line',
  BINPERSID: 'none',
  REDUCE: 'none',
  STRING: 'line',
  BINSTRING: 'bytes-i4',
  SHORT_BINSTRING: 'bytes-u1',
  UNICODE: 'line',
  BINUNICODE: 'bytes-u4',
  EMPTY_LIST: 'none',
  APPEND: 'none',
  BUILD: 'none',
  GLOBAL: 'two-lines',
  DICT: 'none',
  APPENDS: 'none',
  GET: 'line',
  BINGET: 'u1',
  INST: 'two-lines',
  LONG_BINGET: 'u4',
  LIST: 'none',
  OBJ: 'none',
  PUT: 'line',
  BINPUT: 'u1',
  LONG_BINPUT: 'u4',
  SETITEM: 'none',
  TUPLE: 'none',
  SETITEMS: 'none',
  EMPTY_DICT: 'none',
  PROTO: 'u1',
  NEWOBJ: 'none',
  EXT1: 'u1',
  EXT2: 'u2',
  EXT4: 'i4',
  TUPLE1: 'none',
  TUPLE2: 'none',
  TUPLE3: 'none',
  NEWTRUE: 'none',
  NEWFALSE: 'none',
  LONG1: 'bytes-u1',
  LONG4: 'bytes-i4',
  SHORT_BINUNICODE: 'bytes-u1',
  BINUNICODE8: 'bytes-u8',
  BINBYTES8: 'bytes-u8',
  EMPTY_SET: 'none',
  ADDITEMS: 'none',
  FROZENSET: 'none',
  NEWOBJ_EX: 'none',
  STACK_GLOBAL: 'none',
  MEMOIZE: 'none',
  FRAME: 'u8',
  BYTEARRAY8: 'bytes-u8',
  NEXT_BUFFER: 'none',
  READONLY_BUFFER: 'none',
};

const TEXT: ReadonlySet<OpcodeName> = new Set<OpcodeName>([
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
for (const [name, operand] of Object.entries(OPERANDS) as [OpcodeName, Operand][]) {
  byCode[OP[name]] = { code: OP[name], name, operand, text: TEXT.has(name) };
}

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

/** The extent of an instruction, or why these bytes do not contain it. */
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
