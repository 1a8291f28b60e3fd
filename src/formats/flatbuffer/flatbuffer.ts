import { AssayError, type FileBudget } from '../../core/index.ts';

/** A vector: where its elements start, and how many there are. */
export interface FbVector {
  readonly at: number;
  readonly length: number;
}

/**
 * Tables, vectors and texts of one FlatBuffers buffer (https://flatbuffers.dev/internals). Every offset, and every field of a
 * vtable, is proved to lie within the buffer before it is followed.
 */
export class FlatBuffer {
  readonly #view: DataView;
  readonly #budget: FileBudget;
  readonly size: number;

  constructor(bytes: Uint8Array, budget: FileBudget) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#budget = budget;
    this.size = bytes.length;
  }

  root(): FbTable {
    return this.table(this.offset(0));
  }

  table(at: number): FbTable {
    this.#check(at, 4);
    const vtable = at - this.#view.getInt32(at, true);
    this.#check(vtable, 4);
    const [vtableBytes, tableBytes] = [this.u16(vtable), this.u16(vtable + 2)];
    if (vtableBytes < 4 || vtableBytes % 2 !== 0 || tableBytes < 4) throw bad('a vtable', at);
    this.#check(vtable, vtableBytes);
    this.#check(at, tableBytes);
    return new FbTable(this, at, vtable, vtableBytes, tableBytes);
  }

  /** The target of the offset at `at`. */
  offset(at: number): number {
    this.#check(at, 4);
    const to = at + this.#view.getUint32(at, true);
    this.#check(to, 4);
    if (to === at) throw bad('an offset to itself', at);
    return to;
  }

  vector(at: number, elementBytes: number): FbVector {
    this.#check(at, 4);
    const length = this.#view.getUint32(at, true);
    if (length > (this.size - at - 4) / elementBytes) throw bad(`a vector of ${length} elements`, at);
    return { at: at + 4, length };
  }

  text(at: number): string {
    const { at: start, length } = this.vector(at, 1);
    this.#check(start + length, 1);
    if (this.#view.getUint8(start + length) !== 0) throw bad('a text without an end', at);
    this.#budget.work(length);
    return Buffer.from(this.#view.buffer, this.#view.byteOffset + start, length).toString('utf8');
  }

  u8(at: number): number {
    this.#check(at, 1);
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }

  u64(at: number): bigint {
    this.#check(at, 8);
    return this.#view.getBigUint64(at, true);
  }

  /** A copy of the elements of a vector of bytes. */
  bytes({ at, length }: FbVector): Uint8Array {
    this.#check(at, length);
    this.#budget.hold(length);
    return Uint8Array.from(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length));
  }

  i32(at: number): number {
    this.#check(at, 4);
    return this.#view.getInt32(at, true);
  }

  f32(at: number): number {
    this.#check(at, 4);
    return this.#view.getFloat32(at, true);
  }

  f64(at: number): number {
    this.#check(at, 8);
    return this.#view.getFloat64(at, true);
  }

  #check(at: number, length: number): void {
    this.#budget.work(1);
    if (at < 0 || at + length > this.size)
      throw bad(`bytes ${at} to ${at + length} (the buffer has ${this.size} bytes)`, at);
  }
}

/** One table. Fields are numbered from 0, as in the schema. */
export class FbTable {
  readonly #buffer: FlatBuffer;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;
  readonly #tableBytes: number;

  constructor(buffer: FlatBuffer, at: number, vtable: number, vtableBytes: number, tableBytes: number) {
    this.#buffer = buffer;
    this.#at = at;
    this.#vtable = vtable;
    this.#vtableBytes = vtableBytes;
    this.#tableBytes = tableBytes;
  }

  /** How many fields the writer's schema had, at most. */
  get fields(): number {
    return (this.#vtableBytes - 4) / 2;
  }

  i32(field: number, missing: number): number {
    const at = this.#field(field, 4);
    return at === undefined ? missing : this.#buffer.i32(at);
  }

  u64(field: number): bigint {
    const at = this.#field(field, 8);
    return at === undefined ? 0n : this.#buffer.u64(at);
  }

  *i32s(field: number): Generator<number> {
    const { at, length } = this.vector(field, 4);
    for (let i = 0; i < length; i++) yield this.#buffer.i32(at + 4 * i);
  }

  u16(field: number, missing: number): number {
    const at = this.#field(field, 2);
    return at === undefined ? missing : this.#buffer.u16(at);
  }

  u8(field: number, missing: number): number {
    const at = this.#field(field, 1);
    return at === undefined ? missing : this.#buffer.u8(at);
  }

  f64(field: number, missing: number): number {
    const at = this.#field(field, 8);
    return at === undefined ? missing : this.#buffer.f64(at);
  }

  table(field: number): FbTable | undefined {
    const at = this.#field(field, 4);
    return at === undefined ? undefined : this.#buffer.table(this.#buffer.offset(at));
  }

  text(field: number): string | undefined {
    const at = this.#field(field, 4);
    return at === undefined ? undefined : this.#buffer.text(this.#buffer.offset(at));
  }

  /** Empty when the field is not there. */
  vector(field: number, elementBytes: number): FbVector {
    const at = this.#field(field, 4);
    return at === undefined ? { at: 0, length: 0 } : this.#buffer.vector(this.#buffer.offset(at), elementBytes);
  }

  *tables(field: number): Generator<FbTable> {
    const { at, length } = this.vector(field, 4);
    for (let i = 0; i < length; i++) yield this.#buffer.table(this.#buffer.offset(at + 4 * i));
  }

  *texts(field: number): Generator<string> {
    const { at, length } = this.vector(field, 4);
    for (let i = 0; i < length; i++) yield this.#buffer.text(this.#buffer.offset(at + 4 * i));
  }

  #field(field: number, bytes: number): number | undefined {
    const entry = 4 + 2 * field;
    const at = entry < this.#vtableBytes ? this.#buffer.u16(this.#vtable + entry) : 0;
    if (at === 0) return undefined;
    if (at < 4 || at + bytes > this.#tableBytes) throw bad(`field ${field} of a table`, this.#at);
    return this.#at + at;
  }
}

function bad(what: string, offset: number): AssayError {
  return new AssayError('malformed', `not a FlatBuffers buffer: out of place: ${what}`, { offset });
}
