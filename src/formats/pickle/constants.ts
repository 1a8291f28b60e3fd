import type { ByteSource } from '../../core/bytes/index.ts';
import { layoutAt } from './opcodes.ts';
import { latin1, spelledText } from './text.ts';
import { BOOL, INT, NONE, STR, STR_DUNDER, type Value } from './values.ts';

/** Bytes that hold any number or name worth reading back. */
const MAX_CONSTANT = 4096;

/** A number as picklers write it; `00` and `01` are the Booleans of protocol 0. */
const DECIMAL = /^(?:-?(?:0|[1-9]\d*)|0[01])$/;

/** The constant that an instruction of the stream pushed, read again from its offset; `undefined` when it is not a constant. */
export async function constantOf(of: Value, source: ByteSource): Promise<number | string | null | undefined> {
  if (of.kind === NONE) return null;
  if (of.kind !== INT && of.kind !== BOOL && of.kind !== STR && of.kind !== STR_DUNDER) return undefined;
  const length = Math.min(MAX_CONSTANT, source.size - of.ref);
  const bytes = source.readNow(of.ref, length) ?? (await source.read(of.ref, length));
  return of.kind === INT || of.kind === BOOL ? integerOf(bytes) : spelledText(bytes);
}

/** The integer pushed by the instruction at the start of `bytes`, when it is safe. */
export function integerOf(bytes: Uint8Array): number | undefined {
  const layout = layoutAt(bytes, 0);
  if (layout.kind !== 'whole' || layout.end > bytes.length) return undefined;
  const content = bytes.subarray(layout.operand, layout.end);
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  switch (layout.opcode.name) {
    case 'BININT1':
      return view.getUint8(0);
    case 'BININT2':
      return view.getUint16(0, true);
    case 'BININT':
      return view.getInt32(0, true);
    case 'NEWTRUE':
      return 1;
    case 'NEWFALSE':
      return 0;
    case 'LONG1':
      return littleEndian(content);
    case 'INT':
    case 'LONG': {
      // Other spellings (hexadecimal, underscores, a leading zero) mean different numbers to different unpicklers.
      const text = latin1(content).trim().replace(/L$/, '');
      const number = DECIMAL.test(text) ? Number(text) : undefined;
      return Number.isSafeInteger(number) ? number : undefined;
    }
    default:
      return undefined;
  }
}

/** Two's complement, least significant byte first. */
function littleEndian(bytes: Uint8Array): number | undefined {
  if (bytes.length > 16) return undefined;
  let number = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) number = number * 256n + BigInt(bytes[i] ?? 0);
  if (((bytes.at(-1) ?? 0) & 0x80) !== 0) number -= 1n << BigInt(8 * bytes.length);
  return number >= BigInt(Number.MIN_SAFE_INTEGER) && number <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(number)
    : undefined;
}
