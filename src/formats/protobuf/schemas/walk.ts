import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../../core/index.ts';
import { ProtoCursor } from '../cursor.ts';
import type { ProtoSchema, SchemaField, SchemaMessage } from './schema.ts';

/** What is odd about the encoding of a message: libraries read it, and can differ on what it says. */
export interface SchemaFault {
  readonly kind: 'unknown-field' | 'wire-type' | 'twice' | 'two-values' | 'not-utf8';
  readonly message: string;
  readonly field: number;
  readonly offset: number;
}

/** What a walk meets, in the order of the file. Offsets are those of the source. */
export interface SchemaVisitor {
  /** A message begins; `field` is the one that holds it, undefined for the file itself. */
  enter(message: string, field: SchemaField | undefined, start: number): void;
  leave(message: string): void;
  text(field: SchemaField, value: string, offset: number): void;
  /** A number beyond 53 bits is infinite. Numbers that are packed are not visited. */
  number(field: SchemaField, value: number, offset: number): void;
  /** Bytes, texts that are too long to be kept, and packed numbers, which are not read. */
  content(field: SchemaField, start: number, end: number): void;
  fault(fault: SchemaFault): void;
}

/** The library of Protocol Buffers refuses messages that are nested deeper. */
const MAX_NESTING = 100;
const MAX_TEXT = 64 * 1024;
const WIRES: Readonly<Record<SchemaField['kind'], number>> = { v: 0, d: 1, f: 5, s: 2, b: 2, m: 2 };
const FRAME_BYTES = 200;

interface Frame {
  readonly message: SchemaMessage;
  readonly end: number;
  /** Numbers of fields that came and that come once. */
  readonly seen: number[];
  readonly groups: number[];
}

/**
 * Visits every field of a file of Protocol Buffers, by the messages that its format declares. What is long is not read.
 * @throws AssayError `malformed`, `truncated`; `limit` for deep nesting or what the budget does not pay
 */
export async function walkSchema(
  source: ByteSource,
  schema: ProtoSchema,
  visitor: SchemaVisitor,
  budget: FileBudget,
): Promise<void> {
  const root = schema.messages[0];
  if (root === undefined) throw new AssayError('internal', 'a schema without messages');
  await new SchemaWalk(source, schema, visitor, budget).run(root);
}

class SchemaWalk {
  readonly #source: ByteSource;
  readonly #schema: ProtoSchema;
  readonly #visitor: SchemaVisitor;
  readonly #budget: FileBudget;
  readonly #cursor: ProtoCursor;
  readonly #stack: Frame[] = [];

  constructor(source: ByteSource, schema: ProtoSchema, visitor: SchemaVisitor, budget: FileBudget) {
    this.#source = source;
    this.#schema = schema;
    this.#visitor = visitor;
    this.#budget = budget;
    this.#cursor = new ProtoCursor(source, budget);
  }

  async run(root: SchemaMessage): Promise<void> {
    const cursor = this.#cursor;
    this.#open(root, undefined, 0, this.#source.size);
    for (let frame = this.#stack.at(-1); frame !== undefined; frame = this.#stack.at(-1)) {
      if (cursor.at >= frame.end) this.#close(frame);
      else if (cursor.next(frame.end) || (await cursor.more(frame.end))) await this.#field(frame);
    }
  }

  #open(message: SchemaMessage, field: SchemaField | undefined, start: number, end: number): void {
    if (this.#stack.length >= MAX_NESTING)
      throw new AssayError('limit', `messages are nested deeper than ${MAX_NESTING}`, { offset: start });
    this.#budget.hold(FRAME_BYTES);
    this.#stack.push({ message, end, seen: [], groups: [] });
    this.#visitor.enter(message.name, field, start);
  }

  #close({ message }: Frame): void {
    this.#stack.pop();
    this.#budget.release(FRAME_BYTES);
    this.#visitor.leave(message.name);
  }

  #field(frame: Frame): Promise<void> | undefined {
    const cursor = this.#cursor;
    const field = this.#declared(frame);
    if (field === undefined) return undefined;
    const { start, tagAt, wire } = cursor;
    if (field.kind === 'm') {
      const inner = this.#schema.messages[field.inner];
      if (inner === undefined) throw new AssayError('internal', `no message for ${field.message}.${field.name}`);
      this.#open(inner, field, start, cursor.enter());
    } else if (field.kind === 's' && cursor.end - start <= MAX_TEXT) return this.#text(field);
    else if (wire === 2) this.#visitor.content(field, start, cursor.end);
    else if (wire === 0) this.#visitor.number(field, cursor.varint.integer() ?? Number.POSITIVE_INFINITY, tagAt);
    return undefined;
  }

  /** What is declared of the current field; undefined when libraries pass over it. */
  #declared({ message, seen, groups }: Frame): SchemaField | undefined {
    const { number, wire } = this.#cursor;
    const field = message.fields.get(number);
    if (field === undefined) return this.#fault('unknown-field', message.name);
    const isPacked = field.repeated && wire === 2 && 'vdf'.includes(field.kind);
    if (wire !== WIRES[field.kind] && !isPacked) return this.#fault('wire-type', message.name);
    if (field.repeated) return field;
    if (seen.includes(number)) this.#fault('twice', message.name);
    else if (field.group >= 0 && groups.includes(field.group)) this.#fault('two-values', message.name);
    if (field.group >= 0) groups.push(field.group);
    seen.push(number);
    return field;
  }

  async #text(field: SchemaField): Promise<void> {
    const cursor = this.#cursor;
    const { tagAt } = cursor;
    const bytes = await cursor.content(MAX_TEXT);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
    if (text.includes('\ufffd')) this.#fault('not-utf8', field.message);
    this.#visitor.text(field, text, tagAt);
  }

  #fault(kind: SchemaFault['kind'], message: string): undefined {
    this.#visitor.fault({ kind, message, field: this.#cursor.number, offset: this.#cursor.tagAt });
  }
}
