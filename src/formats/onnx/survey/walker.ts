import { AssayError, cut, type FileBudget } from '../../../core/index.ts';
import type { ProtoCursor } from '../../protobuf/index.ts';
import { type FieldShape, hasWire, type MessageName, shapesOf } from './schema.ts';
import type { OnnxFault, OnnxSurvey } from './survey.ts';

/** The library of Protocol Buffers refuses messages that are nested deeper. */
const MAX_NESTING = 100;
const MAX_FAULTS = 200;
/** Bytes of a text that is kept; longer ones are cut. */
const MAX_TEXT = 4_096;
const OBJECT_BYTES = 128;
const TWO_32 = 2 ** 32;

/** Takes the current field. @returns a promise only where the caller has to wait */
export type TakeField = (number: number, shape: FieldShape) => Promise<void> | undefined;

/** Of which operators the attributes of each node matter. */
export type WatchOperator = (domain: string, name: string) => boolean;

/**
 * Walks messages of ONNX by their schema, and notes what readers of the format may take in different ways: fields that no reader
 * knows, fields that come twice, numbers of more bits than their type. It never stops at such a thing, as parsers do not.
 */
export class MessageWalker {
  readonly cursor: ProtoCursor;
  readonly survey: OnnxSurvey;
  readonly watch: WatchOperator;
  #depth = 0;

  constructor(cursor: ProtoCursor, survey: OnnxSurvey, watch: WatchOperator) {
    this.cursor = cursor;
    this.survey = survey;
    this.watch = watch;
  }

  get budget(): FileBudget {
    return this.cursor.budget;
  }

  /** Visits the fields of a message that ends at `end`. Messages that `take` leaves alone are walked as well. */
  async fields(message: MessageName, end: number, take: TakeField = () => undefined): Promise<void> {
    const { cursor } = this;
    const shapes = shapesOf(message);
    const seen = new Set<number>();
    while (cursor.next(end) || (await cursor.more(end))) {
      const { number, wire, tagAt } = cursor;
      const shape = shapes.get(number);
      if (shape === undefined || !hasWire(shape, wire)) {
        this.#unknown(message);
        continue;
      }
      if (!shape.repeated) {
        if (seen.has(number)) this.#twice(message);
        seen.add(number);
      }
      if (wire === 0 && shape.kind === 'int32') this.#checkInt32(message);
      const waits = take(number, shape);
      if (waits !== undefined) await waits;
      // Not taken: its messages are still walked, whatever they are.
      else if (typeof shape.kind === 'object' && cursor.tagAt === tagAt) await this.nested(shape.kind.message);
    }
  }

  /** Walks the message that the current field holds. */
  async nested(message: MessageName, take?: TakeField): Promise<void> {
    await this.within((end) => this.fields(message, end, take));
  }

  /** Enters the message that the current field holds. @throws AssayError `limit` */
  async within<T>(read: (end: number) => Promise<T>): Promise<T> {
    if (++this.#depth > MAX_NESTING) {
      throw new AssayError('limit', `messages are nested deeper than ${MAX_NESTING}`, { offset: this.cursor.tagAt });
    }
    const value = await read(this.cursor.enter());
    this.#depth--;
    return value;
  }

  /** The content of the current field as text, cut where it is long; bytes that are not UTF-8 are a fault, and are replaced. */
  async text(what: string): Promise<string> {
    const { cursor } = this;
    const length = cursor.end - cursor.start;
    const { start } = cursor;
    if (length === 0) return '';
    const bytes = await this.head(MAX_TEXT);
    const text = Buffer.from(bytes).toString('utf8');
    if (length <= MAX_TEXT && text.includes('\ufffd') && !Buffer.from(text).equals(bytes))
      this.fault({ kind: 'text', subject: what, message: `${what} is not UTF-8`, offset: start });
    return length > MAX_TEXT ? `${text}… (+${length - MAX_TEXT} more)` : text;
  }

  /** The first bytes of the content of the current field. */
  async head(most: number): Promise<Uint8Array> {
    const { cursor } = this;
    const length = cursor.end - cursor.start;
    if (length <= most) return await cursor.content(most);
    this.budget.work(most);
    return cursor.source.readNow(cursor.start, most) ?? (await cursor.source.read(cursor.start, most));
  }

  /** The value of an enum or an int32 field: parsers keep its low 32 bits. */
  int32(): number {
    const { low } = this.cursor.varint;
    return low >= TWO_32 / 2 ? low - TWO_32 : low;
  }

  /** The numbers of a list of integers, packed or not. */
  async integers(take: (value: bigint) => void): Promise<void> {
    const { cursor } = this;
    if (cursor.wire === 0) return take(cursor.int64());
    const bytes = await cursor.content(MAX_TEXT);
    const { varint } = cursor;
    for (let at = 0; at < bytes.length; at = varint.next) {
      varint.read(bytes, at, bytes.length);
      take(varint.int64());
    }
  }

  /** Charges what is about to be kept. */
  keep(bytes: number): void {
    this.budget.hold(OBJECT_BYTES + 2 * bytes);
  }

  fault(fault: OnnxFault): void {
    const { faults, dropped } = this.survey;
    if (faults.length < MAX_FAULTS) faults.push({ ...fault, message: cut(fault.message, 300) });
    else dropped.add('contradictions');
  }

  #unknown(message: MessageName): void {
    const { number, wire, tagAt, start, end } = this.cursor;
    const what = shapesOf(message).has(number)
      ? `the wrong wire type ${wire}`
      : 'a number that the format does not name';
    this.fault({
      kind: 'unknown-field',
      subject: `${message}.${number}`,
      message: `field ${number} of ${message} has ${what}: parsers step over its ${end - start} bytes`,
      offset: tagAt,
    });
  }

  #twice(message: MessageName): void {
    const { number, tagAt } = this.cursor;
    this.fault({
      kind: 'duplicate',
      subject: `${message}.${number}`,
      message: `field ${number} comes twice in one ${message}: some readers take the last, others join them or refuse the file`,
      offset: tagAt,
    });
  }

  #checkInt32(message: MessageName): void {
    const { number, tagAt, varint } = this.cursor;
    // A negative number has all its high bits set.
    if (varint.high === 0 || (varint.high === TWO_32 - 1 && varint.low >= TWO_32 / 2)) return;
    this.fault({
      kind: 'number',
      subject: `${message}.${number}`,
      message: `field ${number} of ${message} holds a number of more than 32 bits, of which parsers keep the low ones`,
      offset: tagAt,
    });
  }
}
