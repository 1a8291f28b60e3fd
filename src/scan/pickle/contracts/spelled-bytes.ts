import { BYTES, type PickleState, STR, STR_DUNDER, type Value } from '../../../formats/pickle/index.ts';

/** Bytes as a stream holds them. Offsets are of the file. */
export interface SpelledBytes {
  /** Where the instruction stands that holds the bytes, and where they start. */
  readonly at: number;
  readonly start: number;
  readonly length: number;
  /**
   * Bytes spelled as text, each character one (`latin1`), or a text that is passed on in UTF-8; `between`: raw bytes between
   * instructions.
   */
  readonly spelled: 'bytes' | 'latin1' | 'utf8' | 'between';
}

/** Byte arrays of protocols before 5, and bytes of those before 3, are calls. */
const ARRAYS: ReadonlySet<string> = new Set(['builtins:bytearray', '__builtin__:bytearray']);
const ENCODERS: ReadonlySet<string> = new Set(['_codecs:encode']);
/** Without arguments, both are empty. */
const EMPTY: ReadonlySet<string> = new Set([...ARRAYS, 'builtins:bytes', '__builtin__:bytes']);

/** `undefined` for what is not bytes, for what another call may have changed, and when the machine waits. */
export function spelledBytes(value: Value, machine: PickleState): SpelledBytes | undefined {
  if (value.kind === BYTES) return extentOf(value, 'bytes', machine);
  const maker = madeBy(value, machine);
  const call = machine.callOf(value);
  const [first, encoding] = (call === undefined ? undefined : machine.tuple(call.args)) ?? [];
  if (maker === undefined || call?.built === true) return undefined;
  if (first === undefined) return EMPTY.has(maker) ? { at: 0, start: 0, length: 0, spelled: 'bytes' } : undefined;
  if (ARRAYS.has(maker) && encoding === undefined) return bytesIn(first, machine);
  return ARRAYS.has(maker) || ENCODERS.has(maker) ? latin1(first, encoding, machine) : undefined;
}

/** Where the bytes lie that a value is made of; of a text, where that is handed on in UTF-8. */
export function placeOf(value: Value, utf8: boolean, machine: PickleState): SpelledBytes | undefined {
  const text = value.kind === STR || value.kind === STR_DUNDER;
  if (text) return utf8 ? extentOf(value, 'utf8', machine) : undefined;
  const found = spelledBytes(value, machine);
  return found?.at === 0 ? undefined : found;
}

/** What a byte array is made from. */
function bytesIn(value: Value, machine: PickleState): SpelledBytes | undefined {
  if (value.kind === BYTES) return extentOf(value, 'bytes', machine);
  const maker = madeBy(value, machine);
  const call = machine.callOf(value);
  const [text, encoding] = (call === undefined ? undefined : machine.tuple(call.args)) ?? [];
  return maker === undefined || !ENCODERS.has(maker) || text === undefined
    ? undefined
    : latin1(text, encoding, machine);
}

function latin1(text: Value, encoding: Value | undefined, machine: PickleState): SpelledBytes | undefined {
  const name = encoding === undefined ? undefined : machine.text(encoding);
  const known = name === 'latin1' || name === 'latin-1';
  const isText = text.kind === STR || text.kind === STR_DUNDER;
  return known && isText ? extentOf(text, 'latin1', machine) : undefined;
}

export function extentOf(
  value: Value,
  spelled: SpelledBytes['spelled'],
  machine: PickleState,
): SpelledBytes | undefined {
  const extent = machine.extent(value);
  if (extent === undefined) return undefined;
  const { start, length } = extent;
  return { spelled, at: machine.fileOffset(value.ref), start: machine.fileOffset(start), length };
}

export function madeBy(value: Value, machine: PickleState): string | undefined {
  const call = machine.callOf(value);
  const global = call === undefined ? undefined : machine.global(call.callee);
  return global === undefined ? undefined : `${global.module}:${global.name}`;
}
