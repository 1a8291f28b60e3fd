import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { Hdf5Cursor, type Hdf5Sizes } from './cursor.ts';
import type { Superblock } from './superblock.ts';

/** Called for every structure that is read, with the offsets of its start and its end. */
export type ReadObserver = (start: number, end: number) => void;

/** The bytes of an HDF5 file by their addresses. Every read is charged to the budget of the file. */
export class Hdf5Bytes implements Hdf5Sizes {
  readonly name: string;
  readonly offsetSize: number;
  readonly lengthSize: number;
  readonly budget: FileBudget;
  readonly #source: ByteSource;
  readonly #base: number;
  readonly #end: number;
  readonly #onRead: ReadObserver | undefined;

  constructor(
    source: ByteSource,
    { base, end, offsetSize, lengthSize }: Superblock,
    budget: FileBudget,
    onRead?: ReadObserver,
  ) {
    this.name = source.name;
    this.offsetSize = offsetSize;
    this.lengthSize = lengthSize;
    this.budget = budget;
    this.#source = source;
    this.#base = base;
    this.#end = end;
    this.#onRead = onRead;
  }

  /** @throws AssayError `malformed` when the bytes do not lie within the HDF5 data */
  async read(address: number, length: number, what: string): Promise<Hdf5Cursor> {
    const cursor = await this.peek(address, length, what);
    const at = this.#placeOf(address, length, what);
    this.#onRead?.(at, at + length);
    return cursor;
  }

  /** The same for bytes that are not a structure by themselves: elements, or a head whose length is not known yet. */
  async peek(address: number, length: number, what: string): Promise<Hdf5Cursor> {
    const at = this.#placeOf(address, length, what);
    this.budget.work(64 + length);
    const bytes = this.#source.readNow(at, length) ?? (await this.#source.read(at, length));
    return new Hdf5Cursor(bytes, this, what);
  }

  /** Where an address lies in the file. @throws AssayError `malformed` when the bytes do not lie within the HDF5 data */
  place(address: number, length: number, what: string): number {
    return this.#placeOf(address, length, what);
  }

  /** The bytes where they are. */
  range(address: number, length: number, what: string): ByteSource {
    return new SliceSource(this.#source, this.#placeOf(address, length, what), length, this.name);
  }

  /** Bytes from an address to the end of the HDF5 data. */
  after(address: number): number {
    return this.#end - this.#base - address;
  }

  #placeOf(address: number, length: number, what: string): number {
    const at = this.#base + address;
    if (!Number.isSafeInteger(at + length) || at + length > this.#end) {
      throw new AssayError(
        'malformed',
        `the HDF5 ${what} lies at byte ${at} with ${length} bytes, outside of the data`,
        {
          subject: this.name,
        },
      );
    }
    return at;
  }
}
