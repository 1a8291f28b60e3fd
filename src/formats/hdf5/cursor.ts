import { AssayError } from '../../core/index.ts';

/** The sizes of the numbers of one file, and its name for messages. */
export interface Hdf5Sizes {
  /** Bytes of an address, and of a length. */
  readonly offsetSize: number;
  readonly lengthSize: number;
  readonly name: string;
}

/** Walks over the bytes of one structure. Every read is checked against their end. */
export class Hdf5Cursor {
  readonly bytes: Uint8Array;
  at = 0;
  readonly #view: DataView;
  readonly #sizes: Hdf5Sizes;
  readonly #what: string;

  /** @param what the structure, for messages */
  constructor(bytes: Uint8Array, sizes: Hdf5Sizes, what: string) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#sizes = sizes;
    this.#what = what;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** An unsigned number of up to 8 bytes. @throws AssayError `malformed` above 2^53: nothing of a file is that large */
  uint(size: number): number {
    const at = this.#take(size);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.#view.getUint8(at + i);
    if (!Number.isSafeInteger(value)) throw this.wrong(`has the number ${value}, which is larger than any file`);
    return value;
  }

  length(): number {
    return this.uint(this.#sizes.lengthSize);
  }

  /** An address; `undefined` for the one that means that there is nothing. */
  address(): number | undefined {
    const { offsetSize } = this.#sizes;
    const start = this.at;
    const bytes = this.take(offsetSize);
    if (bytes.every((byte) => byte === 0xff)) return undefined;
    this.at = start;
    return this.uint(offsetSize);
  }

  /** @throws AssayError `malformed` for the address that means that there is nothing */
  place(): number {
    const address = this.address();
    if (address === undefined) throw this.wrong('lacks an address');
    return address;
  }

  take(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A part of the bytes, as a structure of its own. */
  part(length: number, what = this.#what): Hdf5Cursor {
    return new Hdf5Cursor(this.take(length), this.#sizes, what);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** Passes over bytes up to a multiple of 8 from the start of the structure. */
  pad8(): void {
    this.skip((8 - (this.at % 8)) % 8);
  }

  signature(text: string): void {
    const found = Buffer.from(this.take(text.length)).toString('latin1');
    if (found !== text) throw this.wrong(`begins with ${JSON.stringify(found)}, not ${text}`);
  }

  /** @throws AssayError `unsupported` for a version that is not one of these */
  version(...known: readonly number[]): number {
    const version = this.u8();
    if (!known.includes(version)) throw this.unsupported(`has version ${version}`);
    return version;
  }

  wrong(problem: string): AssayError {
    return new AssayError('malformed', `the HDF5 ${this.#what} ${problem}`, { subject: this.#sizes.name });
  }

  unsupported(problem: string): AssayError {
    return new AssayError('unsupported', `the HDF5 ${this.#what} ${problem}`, { subject: this.#sizes.name });
  }

  limit(problem: string): AssayError {
    return new AssayError('limit', `the HDF5 ${this.#what} ${problem}`, { subject: this.#sizes.name });
  }

  #take(length: number): number {
    const at = this.at;
    if (length < 0 || length > this.left) throw this.wrong(`needs ${length} bytes, but has ${this.left} left`);
    this.at += length;
    return at;
  }
}
