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
      const { number } = cursor;
      if (cursor.group === 3) open.push(number);
      if (open.length > MAX_NESTING) throw cursor.bad(`groups are nested deeper than ${MAX_NESTING}`);
      if (this.#ends() && open.pop() !== number) throw cursor.bad('the end of another group');
    }
  }

  #ends(): boolean {
    return this.cursor.group === 4;
  }

  /** Decodes the message that ends at `end`; the cursor stands at its first field. */
  async decode(name: string, end: number): Promise<ProtoMessage> {
    const { cursor } = this;
    const start = cursor.start;
    const fields = new Map<number, MessageValue[]>();
    const seen = new Set<number>();
    const keys = new Map<number, Set<string>>();
    let texts = 0;
    this.#hold(MESSAGE_BYTES);
    while (cursor.next(end) || (await cursor.more(end))) {
      if (cursor.group !== 0) {
        await this.skipGroup(name, end);
        continue;
      }
      const declared = this.field(name, seen);
      if (declared === undefined) continue;
      const { number } = cursor;
      const tensorText = name === TENSOR && number === TENSOR_TEXTS;
      if (tensorText && ++texts > MAX_TEXTS && (texts > MAX_RANGES || cursor.end - cursor.start < SHORT_TEXT)) continue;
      const value = await this.#value(name, declared, tensorText && texts > MAX_TEXTS);
      if (value === undefined) continue;
      if (declared.repeated && declared.kind.endsWith('Entry')) this.#checkKey(name, number, value, keys);
      const values = fields.get(number);
      if (values === undefined) fields.set(number, [value]);
      else values.push(value);
    }
    return { name, start, end, fields };
  }

  /** Notes what is odd about the current field. */
  fault(kind: EncodingFault['kind'], message: string): void {
    this.#onFault({ kind, message, field: this.cursor.number, offset: this.cursor.tagAt });
  }

  async #value(
    message: string,
    { kind, repeated }: MessageField,
    placeOnly: boolean,
  ): Promise<MessageValue | undefined> {
    const { cursor } = this;
    const { start, end } = cursor;
    if (kind === 'v' && cursor.wire === 0) return this.#kept(cursor.varint.integer() ?? Number.POSITIVE_INFINITY);
    if (kind === 'v' || kind === 'f' || kind === 'd')
      return repeated || cursor.wire === 2 ? undefined : this.#kept(Uint8Array.from(cursor.fixed()));
    if (kind === 's' || kind === 'b') {
      if (message === TENSOR && kind === 'b' && cursor.number !== TENSOR_TEXTS) this.#keepRaw({ start, end });
      if (placeOnly || end - start > MAX_KEPT) return this.#kept({ start, end });
      this.#hold(end - start);
      const bytes = Uint8Array.from(await cursor.content(MAX_KEPT));
      if (kind === 's') this.#checkText(bytes, message);
      return this.#kept(bytes);
    }
    const value = await this.decode(kind, this.enter());
    this.leave();
    return value;
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
