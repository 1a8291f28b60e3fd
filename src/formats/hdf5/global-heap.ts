import type { Hdf5Cursor } from './cursor.ts';
import type { Hdf5Bytes } from './reading.ts';

/** The heaps of texts of any length. Each is read once. */
export class GlobalHeaps {
  readonly #bytes: Hdf5Bytes;
  readonly #known = new Map<number, ReadonlyMap<number, Uint8Array>>();

  constructor(bytes: Hdf5Bytes) {
    this.#bytes = bytes;
  }

  /** The object that a reference names: a length, the address of a heap and an index in it; empty for none. */
  async object(reference: Hdf5Cursor): Promise<Uint8Array> {
    const length = reference.u32();
    const address = reference.address();
    const index = reference.u32();
    if (length === 0 || address === undefined || address === 0) return new Uint8Array(0);
    const objects = this.#known.get(address) ?? (await this.#read(address));
    const object = objects.get(index);
    if (object === undefined || object.length < length)
      throw reference.wrong(`names ${length} bytes of object ${index} of a heap, which it does not have`);
    this.#bytes.budget.work(length);
    return object.subarray(0, length);
  }

  /** The whole object of an index; `undefined` when the heap does not have it. */
  async at(address: number, index: number): Promise<Uint8Array | undefined> {
    return (this.#known.get(address) ?? (await this.#read(address))).get(index);
  }

  async #read(address: number): Promise<ReadonlyMap<number, Uint8Array>> {
    const head = await this.#bytes.read(address, 8 + this.#bytes.lengthSize, 'global heap');
    head.signature('GCOL');
    head.version(1);
    head.skip(3);
    const size = head.length();
    const start = head.at;
    this.#bytes.budget.hold(size);
    const heap = await this.#bytes.read(address, size, 'global heap');
    heap.skip(start);
    const objects = new Map<number, Uint8Array>();
    while (heap.left >= 8 + this.#bytes.lengthSize) {
      this.#bytes.budget.work(64);
      const index = heap.u16();
      if (index === 0) break;
      heap.skip(6);
      const object = heap.take(heap.length());
      if (objects.has(index)) throw heap.wrong(`has the object ${index} twice`);
      objects.set(index, object);
      heap.skip(Math.min(heap.left, (8 - (object.length % 8)) % 8));
    }
    this.#known.set(address, objects);
    return objects;
  }
}
