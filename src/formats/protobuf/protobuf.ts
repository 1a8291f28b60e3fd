import { AssayError } from '../../core/index.ts';

/** Wire types of Protocol Buffers; groups (3, 4) are obsolete and refused. */
export type WireType = 0 | 1 | 2 | 5;

/** One field of a message in memory. For a varint `value` is it (the low 53 bits), for the others their length. */
export interface ProtoField {
  readonly number: number;
  readonly wire: WireType;
  readonly value: number;
  /** Where the field's content starts in the bytes given. */
  readonly start: number;
  /** Content of a length-delimited field; cut short where the bytes are. */
  readonly bytes: Uint8Array;
}

/**
 * The fields of a message of which perhaps only the first bytes are at hand (`size` is the whole). `undefined` when they break
 * the encoding before the bytes run out, or hold more than `most` fields.
 */
export function protoFields(bytes: Uint8Array, size: number, most = 10_000): ProtoField[] | undefined {
  const fields: ProtoField[] = [];
  let at = 0;
  while (at < bytes.length && at < size) {
    if (fields.length >= most) return fields;
    const tag = varint(bytes, at);
    if (tag === undefined) return cut(bytes, at, size) ? fields : undefined;
    const wire = tag.value % 8;
    const number = Math.floor(tag.value / 8);
    if (number === 0 || number > 536_870_911 || (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5))
      return undefined;
    at = tag.end;
    const value = wire === 1 ? { value: 8, end: at } : wire === 5 ? { value: 4, end: at } : varint(bytes, at);
    if (value === undefined) return cut(bytes, at, size) ? fields : undefined;
    const end = wire === 0 ? value.end : value.end + value.value;
    if (end > size) return undefined;
    fields.push({
      number,
      wire,
      value: value.value,
      start: value.end,
      bytes: wire === 2 ? bytes.subarray(value.end, end) : NONE,
    });
    at = end;
  }
  return fields;
}

const NONE = new Uint8Array(0);

function cut(bytes: Uint8Array, at: number, size: number): boolean {
  return bytes.length < size && bytes.length - at < 10;
}

/** `undefined` when it has more than ten bytes, more than 53 bits, or does not end. Negative numbers read as 2^53 - 1. */
export function varint(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) return { value: Math.min(value, Number.MAX_SAFE_INTEGER), end: at + i + 1 };
  }
  return undefined;
}

/** What a message may hold: field number to wire type. */
export type ProtoShape = Readonly<Record<number, WireType>>;

/** Whether every field stands in `shape` with its wire type. */
export function fits(fields: readonly ProtoField[], shape: ProtoShape): boolean {
  return fields.every((field) => shape[field.number] === field.wire);
}

export function findField(fields: readonly ProtoField[], number: number): ProtoField | undefined {
  return fields.find((field) => field.number === number);
}

/** The fields of a message within a message of which perhaps only the first bytes are at hand. */
export function within(field: ProtoField, most?: number): ProtoField[] | undefined {
  return field.wire === 2 ? protoFields(field.bytes, field.value, most) : undefined;
}

/** A field's content as printable ASCII; `undefined` when it is not, or is cut short. */
export function asciiOf(field: ProtoField | undefined): string | undefined {
  if (field === undefined || field.wire !== 2 || field.bytes.length < field.value) return undefined;
  return field.bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
    ? String.fromCharCode(...field.bytes.subarray(0, 1024))
    : undefined;
}

/** A field in a stream, by offsets of the source. */
export interface StreamField {
  readonly number: number;
  readonly wire: WireType;
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

interface RangedRead {
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  readNow(offset: number, length: number): Uint8Array | undefined;
}

const WINDOW = 16 * 1024;

/**
 * The fields of the message at `[start, end)`, reading only their heads: contents are stepped over.
 * @throws AssayError `malformed`, `truncated`; `limit` after `most` fields.
 */
export async function* streamFields(
  source: RangedRead,
  start: number,
  end: number,
  most = 2_000_000,
): AsyncGenerator<StreamField> {
  let window: Uint8Array = NONE;
  let windowAt = start;
  let at = start;
  for (let count = 0; at < end; count++) {
    if (count >= most)
      throw new AssayError('limit', `more than ${most} protobuf fields in one message`, { offset: at });
    const need = Math.min(20, end - at);
    if (at < windowAt || at + need > windowAt + window.length) {
      windowAt = at;
      const length = Math.min(WINDOW, end - at);
      window = source.readNow(at, length) ?? (await source.read(at, length));
    }
    const field = fieldAt(window, at - windowAt, windowAt);
    if (field.end > end)
      throw new AssayError('truncated', `protobuf field ${field.number} ends beyond its message`, { offset: at });
    yield field;
    at = field.end;
  }
}

function fieldAt(window: Uint8Array, at: number, base: number): StreamField {
  const bad = (what: string) => new AssayError('malformed', `not a protobuf message: ${what}`, { offset: base + at });
  const tag = varint(window, at);
  if (tag === undefined) throw bad('a field without an end');
  const wire = tag.value % 8;
  const number = Math.floor(tag.value / 8);
  if (number === 0 || number > 536_870_911) throw bad(`field number ${number}`);
  if (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5) throw bad(`wire type ${wire}`);
  if (wire === 1 || wire === 5) {
    const length = wire === 1 ? 8 : 4;
    return { number, wire, value: length, start: base + tag.end, end: base + tag.end + length };
  }
  const value = varint(window, tag.end);
  if (value === undefined) throw bad('a number without an end');
  const start = base + value.end;
  return { number, wire, value: value.value, start, end: wire === 0 ? start : start + value.value };
}
