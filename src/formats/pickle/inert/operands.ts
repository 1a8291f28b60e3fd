import type { AssayError } from '../../../core/index.ts';
import { isQuoted, isRawUnicode, memoIndex } from '../literals.ts';
import { OP, type Opcode } from '../opcodes.ts';
import { decodeQuoted, decodeRawUnicodeEscape, decodeUtf8, latin1 } from '../text.ts';
import type { Inert, InertBytes } from './values.ts';

/** Longer strings stay in the file. */
export const MAX_HELD_TEXT = 65_536;
/** Bytes of a number with any precision. */
const MAX_LONG = 4_096;
/** As Python writes them; other spellings mean different numbers to different loaders. */
const DECIMAL = /^-?(?:0|[1-9]\d*)$/;
const FLOAT = /^-?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|inf|nan)$/;

/** One instruction: `bytes` holds its operand from `start` to `end`, whole unless it is a counted one. */
export interface Instruction {
  readonly opcode: Opcode;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Offset of the opcode, and of what follows the instruction. */
  readonly at: number;
  readonly next: number;
}

type Refuse = (what: string) => AssayError;

/** The constant that an instruction pushes; `undefined` for every other instruction. */
export function constantAt(instruction: Instruction, refuse: Refuse): Inert | undefined {
  const { opcode, bytes, start } = instruction;
  const view = () => new DataView(bytes.buffer, bytes.byteOffset + start);
  switch (opcode.code) {
    case OP.NONE:
      return null;
    case OP.NEWTRUE:
      return true;
    case OP.NEWFALSE:
      return false;
    case OP.BININT1:
      return view().getUint8(0);
    case OP.BININT2:
      return view().getUint16(0, true);
    case OP.BININT:
      return view().getInt32(0, true);
    case OP.BINFLOAT:
      return view().getFloat64(0, false);
    case OP.INT:
    case OP.LONG:
    case OP.FLOAT:
      return numberLine(opcode.code, textOf(instruction), refuse);
    case OP.LONG1:
    case OP.LONG4:
      return longOf(instruction, refuse);
    case OP.STRING:
    case OP.UNICODE:
      return lineText(instruction, refuse);
    case OP.BINUNICODE:
    case OP.SHORT_BINUNICODE:
    case OP.BINUNICODE8:
      return countedText(instruction, 'utf8');
    case OP.BINSTRING:
    case OP.SHORT_BINSTRING:
      return countedText(instruction, 'raw');
    case OP.BINBYTES:
    case OP.SHORT_BINBYTES:
    case OP.BINBYTES8:
    case OP.BYTEARRAY8:
      return range(instruction, 'raw');
    default:
      return undefined;
  }
}

function range({ start, end, next }: Instruction, spelling: InertBytes['spelling']): InertBytes {
  const length = end - start;
  // The line ends with a character that is not part of it.
  return { kind: 'bytes', start: next - length - (spelling === 'line' ? 1 : 0), length, spelling };
}

/** Texts of Python 2 are text only as ASCII: what other bytes mean is the caller's choice. */
function countedText(instruction: Instruction, spelling: 'raw' | 'utf8'): Inert {
  const { bytes, start, end } = instruction;
  if (end - start > MAX_HELD_TEXT) return range(instruction, spelling);
  const content = bytes.subarray(start, end);
  if (spelling === 'utf8') return decodeUtf8(content);
  return content.every((byte) => byte < 0x80) ? latin1(content) : range(instruction, 'raw');
}

function lineText(instruction: Instruction, refuse: Refuse): Inert {
  const { opcode, bytes, start, end } = instruction;
  const long = end - start > MAX_HELD_TEXT;
  const content = bytes.subarray(start, end);
  if (opcode.code === OP.UNICODE) {
    if (long || !isRawUnicode(content)) throw refuse('a text is too long or has escapes that do not end');
    return decodeRawUnicodeEscape(content);
  }
  if (!isQuoted(content)) throw refuse('a text is not quoted as Python writes it');
  const text = long ? undefined : decodeQuoted(content);
  return text !== undefined && isAsciiText(text) ? text : range(instruction, 'line');
}

/** Whether Python 2 and 3 read the same text. */
export function isAsciiText(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

function numberLine(code: number, text: string, refuse: Refuse): Inert {
  if (text.length > MAX_LONG) throw refuse('a number is too long');
  if (code === OP.FLOAT) {
    if (!FLOAT.test(text)) throw refuse('a number is not spelled as Python writes it');
    if (/n/.test(text)) return text.endsWith('nan') ? Number.NaN : text.startsWith('-') ? -Infinity : Infinity;
    return Number(text);
  }
  if (code === OP.INT && (text === '00' || text === '01')) return text === '01';
  const digits = code === OP.LONG ? text.replace(/L$/, '') : text;
  if (!DECIMAL.test(digits)) throw refuse('a number is not spelled as Python writes it');
  return exact(BigInt(digits));
}

function longOf({ bytes, start, end }: Instruction, refuse: Refuse): Inert {
  if (end - start > MAX_LONG) throw refuse('a number is too long');
  const content = bytes.subarray(start, end);
  if (content.length === 0) return 0;
  const hex = Buffer.from(content).reverse().toString('hex');
  return exact(BigInt.asIntN(8 * content.length, BigInt(`0x${hex}`)));
}

/** A number where it is exact. */
function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The two lines of GLOBAL and INST. */
export function lineAt({ bytes, start, end }: Instruction): [module: string, name: string] {
  const content = bytes.subarray(start, end);
  const middle = content.indexOf(10);
  return [decodeUtf8(content.subarray(0, middle)), decodeUtf8(content.subarray(middle + 1))];
}

export function textOperand(instruction: Instruction): string {
  return textOf(instruction);
}

/** @throws what `refuse` makes, for an index that loaders read in different ways */
export function indexAt(instruction: Instruction, refuse: Refuse): number {
  const { opcode, bytes, start } = instruction;
  if (opcode.operand === 'u1') return bytes[start] ?? 0;
  if (opcode.operand === 'u4') return new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0, true);
  const read = memoIndex(textOf(instruction));
  if (read === undefined || read === 'too-long' || typeof read.index !== 'number' || !read.takers.python)
    throw refuse('an index of the memo is not a number');
  return read.index;
}

function textOf({ bytes, start, end }: Instruction): string {
  return latin1(bytes.subarray(start, end));
}
