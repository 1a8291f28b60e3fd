import { AssayError, type FileBudget } from '../../../core/index.ts';
import type { ProtoCursor } from '../../protobuf/index.ts';
import type { FieldBytes, MessageValue, ProtoMessage } from './message.ts';
import { type MessageField, messageFields } from './messages.ts';

/** What is odd about the encoding of a message: libraries read it, and can differ on what it says. */
export interface EncodingFault {
  readonly kind: 'unknown-field' | 'wire-type' | 'twice' | 'two-values' | 'key-twice' | 'not-utf8';
  readonly message: string;
  readonly field: number;
  readonly offset: number;
}

/** The library of Protocol Buffers refuses messages that are nested deeper. */
const MAX_NESTING = 100;
/** Longer texts and bytes are not kept. */
const MAX_KEPT = 16 * 1024;
/** Texts of one constant that are kept; where longer ones lie is kept beyond. */
const MAX_TEXTS = 64;
const MAX_RANGES = 10_000;
const MAX_KEYS = 1_000_000;
const VALUE_BYTES = 64;
const MESSAGE_BYTES = 320;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** TensorProto: texts of a constant, and the number of a field of raw elements. */
const TENSOR = 'TensorProto';
const TENSOR_TEXTS = 8;
const SHORT_TEXT = 32;

const WIRES: Readonly<Record<string, number>> = { v: 0, d: 1, f: 5, s: 2, b: 2 };

/** A message that is being decoded. */
interface OpenMessage {
  readonly name: string;
  readonly start: number;
  readonly fields: Map<number, MessageValue[]>;
  readonly seen: Set<number>;
  readonly keys: Map<number, Set<string>>;
  texts: number;
  /** Whether only the place of the current value is kept. */
  placeOnly: boolean;
}

function isBytesKind(kind: string): boolean {
  return kind === 's' || kind === 'b';
}

function isMessageKind(kind: string): boolean {
  return kind.length > 1;
}

/** Decodes messages by what is declared of them, and tells what is odd. Holds what it keeps on the budget until `release`. */
export class MessageDecoder {
  readonly cursor: ProtoCursor;
  readonly #budget: FileBudget;
  readonly #onFault: (fault: EncodingFault) => void;
  /** Where raw elements of constants lie, which are not read. */
  readonly raw: FieldBytes[] = [];
  #depth = 0;
  #held = 0;

  constructor(cursor: ProtoCursor, onFault: (fault: EncodingFault) => void) {
    this.cursor = cursor;
    this.#budget = cursor.budget;
    this.#onFault = onFault;
  }

  /** Enters the message of the current field. @returns where it ends */
  enter(): number {
    if (++this.#depth > MAX_NESTING)
      throw new AssayError('limit', `messages are nested deeper than ${MAX_NESTING}`, { offset: this.cursor.tagAt });
    return this.cursor.enter();
  }

  leave(): void {
    this.#depth--;
  }

  /** Gives back the memory of messages that are not needed any more. */
  release(): void {
    this.#budget.release(this.#held);
    this.#held = 0;
  }

  /**
   * Checks the current field of a message. @param seen fields that came before in it
   * @returns what is declared of the field; undefined when libraries pass over it
   */
  field(message: string, seen: Set<number>): MessageField | undefined {
    const { cursor } = this;
    const fields = messageFields(message);
    const declared = fields.get(cursor.number);
    if (declared === undefined) {
      this.fault('unknown-field', message);
      return undefined;
    }
    const wire = WIRES[declared.kind] ?? 2;
    const packed = declared.repeated && 'vfd'.includes(declared.kind) && cursor.wire === 2;
    if (cursor.wire !== wire && !packed) {
      this.fault('wire-type', message);
      return undefined;
    }
    if (!declared.repeated && seen.has(cursor.number)) this.fault('twice', message);
    if (declared.oneOf && [...seen].some((other) => other !== cursor.number && fields.get(other)?.oneOf === true))
      this.fault('two-values', message);
    seen.add(cursor.number);
    return declared;
  }

  /** Steps over a group, an old kind of message that ends at a field of its own. */
  async skipGroup(message: string, end: number): Promise<void> {
    const { cursor } = this;
    if (this.#ends()) throw cursor.bad('the end of a group that does not begin');
    this.fault('unknown-field', message);
    const open = [cursor.number];
    while (open.length > 0) {
      if (!(cursor.next(end) || (await cursor.more(end)))) throw cursor.bad('a group that does not end');
      this.#inGroup(open);
    }
  }

  #skipHeldGroup(message: string, end: number): void {
    const { cursor } = this;
    if (this.#ends()) throw cursor.bad('the end of a group that does not begin');
    this.fault('unknown-field', message);
    const open = [cursor.number];
    while (open.length > 0) {
      if (!cursor.next(end)) throw cursor.bad('a group that does not end');
      this.#inGroup(open);
    }
  }

  #inGroup(open: number[]): void {
    const { cursor } = this;
    if (cursor.group === 3) open.push(cursor.number);
    if (open.length > MAX_NESTING) throw cursor.bad(`groups are nested deeper than ${MAX_NESTING}`);
    if (this.#ends() && open.pop() !== cursor.number) throw cursor.bad('the end of another group');
  }

  #ends(): boolean {
    return this.cursor.group === 4;
  }

  /** Decodes the message that ends at `end`; the cursor stands at its first field. Waits only for bytes that are not at hand. */
  decode(name: string, end: number): ProtoMessage | Promise<ProtoMessage> {
    return this.cursor.holds(end) ? this.#decodeHeld(name, end) : this.#decodeFar(name, end);
  }

  #decodeHeld(name: string, end: number): ProtoMessage {
    const { cursor } = this;
    const message = this.#begin(name);
    while (cursor.next(end)) {
      if (cursor.group !== 0) this.#skipHeldGroup(name, end);
      const field = cursor.group === 0 ? this.#wanted(message) : undefined;
      if (field === undefined) continue;
      const { number } = cursor;
      const value = this.#value(message, field);
      if (value !== undefined) this.#keep(message, number, field, value);
      else if (isMessageKind(field.kind)) {
        this.#keep(message, number, field, this.#decodeHeld(field.kind, this.enter()));
        this.leave();
      } else if (isBytesKind(field.kind)) {
        this.#keep(message, number, field, this.#bytes(name, field, cursor.contentHeld(MAX_KEPT)));
      }
    }
    return this.#end(message, end);
  }

  async #decodeFar(name: string, end: number): Promise<ProtoMessage> {
    const { cursor } = this;
    const message = this.#begin(name);
    while (cursor.next(end) || (await cursor.more(end))) {
      if (cursor.group !== 0) {
        await this.skipGroup(name, end);
        continue;
      }
      const field = this.#wanted(message);
      if (field === undefined) continue;
      const { number } = cursor;
      const value = this.#value(message, field);
      if (value !== undefined) this.#keep(message, number, field, value);
      else if (isMessageKind(field.kind)) {
        const stop = this.enter();
        await cursor.hold(stop);
        this.#keep(message, number, field, await this.decode(field.kind, stop));
        this.leave();
      } else if (isBytesKind(field.kind)) {
        this.#keep(message, number, field, this.#bytes(name, field, await cursor.content(MAX_KEPT)));
      }
    }
    return this.#end(message, end);
  }

  #begin(name: string): OpenMessage {
    this.#hold(MESSAGE_BYTES);
    return {
      name,
      start: this.cursor.start,
      fields: new Map(),
      seen: new Set(),
      keys: new Map(),
      texts: 0,
      placeOnly: false,
    };
  }

  #end({ name, start, fields }: OpenMessage, end: number): ProtoMessage {
    return { name, start, end, fields };
  }

  /** The current field, when its value is kept. */
  #wanted(message: OpenMessage): MessageField | undefined {
    const { cursor } = this;
    const declared = this.field(message.name, message.seen);
    if (declared === undefined) return undefined;
    const { number } = cursor;
    const isText = message.name === TENSOR && number === TENSOR_TEXTS;
    message.placeOnly = false;
    if (!isText) return declared;
    const texts = ++message.texts;
    if (texts > MAX_TEXTS && (texts > MAX_RANGES || cursor.end - cursor.start < SHORT_TEXT)) return undefined;
    message.placeOnly = texts > MAX_TEXTS;
    return declared;
  }

  #keep(
    { name, fields, keys }: OpenMessage,
    number: number,
    { repeated, kind }: MessageField,
    value: MessageValue,
  ): void {
    if (repeated && kind.endsWith('Entry')) this.#checkKey(name, number, value, keys);
    const values = fields.get(number);
    if (values === undefined) fields.set(number, [value]);
    else values.push(value);
  }

  /** Notes what is odd about the current field. */
  fault(kind: EncodingFault['kind'], message: string): void {
    this.#onFault({ kind, message, field: this.cursor.number, offset: this.cursor.tagAt });
  }

  /** The value of the current field that is at hand; undefined for messages and short bytes, and for packed numbers. */
  #value({ name, placeOnly }: OpenMessage, { kind, repeated }: MessageField): MessageValue | undefined {
    const { cursor } = this;
    const { start, end } = cursor;
    if (kind === 'v' && cursor.wire === 0) return this.#kept(cursor.varint.integer() ?? Number.POSITIVE_INFINITY);
    if (kind === 'v' || kind === 'f' || kind === 'd')
      return repeated || cursor.wire === 2 ? undefined : this.#kept(Uint8Array.from(cursor.fixed()));
    if (!isBytesKind(kind)) return undefined;
    if (name === TENSOR && kind === 'b' && cursor.number !== TENSOR_TEXTS) this.#keepRaw({ start, end });
    return placeOnly || end - start > MAX_KEPT ? this.#kept({ start, end }) : undefined;
  }

  #bytes(message: string, { kind }: MessageField, content: Uint8Array): Uint8Array {
    this.#hold(content.length + VALUE_BYTES);
    const bytes = Uint8Array.from(content);
    if (kind === 's' && bytes.some((byte) => byte > 0x7f)) this.#checkText(bytes, message);
    return bytes;
  }

  #checkText(bytes: Uint8Array, message: string): void {
    try {
      UTF8.decode(bytes);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      this.fault('not-utf8', message);
    }
  }

  /** A map that has a key twice is read as the last of both, or refused. */
  #checkKey(message: string, number: number, value: MessageValue, keys: Map<number, Set<string>>): void {
    if (typeof value !== 'object' || !('fields' in value)) return;
    const key = value.fields.get(1)?.at(-1) ?? '';
    const text = key instanceof Uint8Array ? Buffer.from(key).toString('latin1') : `${JSON.stringify(key)}`;
    const known = keys.get(number) ?? new Set();
    keys.set(number, known);
    if (known.size >= MAX_KEYS) throw new AssayError('limit', `more than ${MAX_KEYS} keys of one map`);
    if (known.has(text)) this.#onFault({ kind: 'key-twice', message, field: number, offset: value.start });
    known.add(text);
    this.#hold(VALUE_BYTES + text.length);
  }

  #keepRaw(range: FieldBytes): void {
    if (range.end - range.start < SHORT_TEXT) return;
    this.#budget.hold(VALUE_BYTES);
    this.raw.push(range);
  }

  #kept<T extends MessageValue>(value: T | undefined): T | undefined {
    this.#hold(VALUE_BYTES);
    return value;
  }

  #hold(bytes: number): void {
    this.#budget.hold(bytes);
    this.#held += bytes;
  }
}
