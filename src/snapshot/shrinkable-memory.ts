/** ES2024, which Node 20 has in this part. */
interface Resizable {
  resize(bytes: number): void;
}
type ResizableBuffer = ArrayBuffer & Resizable;

/** Memory whose end is released as soon as it is no longer needed, without waiting for the garbage collector. */
export class ShrinkableMemory {
  readonly #buffer: ResizableBuffer;

  private constructor(buffer: ResizableBuffer) {
    this.#buffer = buffer;
  }

  /** @param size bytes; those that nobody ever writes to take no memory */
  static of(size: number): ShrinkableMemory {
    return new ShrinkableMemory(Reflect.construct(ArrayBuffer, [size, { maxByteLength: size }]));
  }

  /** Around the `buffer` of another one, which a thread may have handed over. */
  static around(buffer: ArrayBuffer): ShrinkableMemory {
    return new ShrinkableMemory(buffer as ResizableBuffer);
  }

  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** What is left of it, for as long as it is not cut again. */
  bytes(): Buffer<ArrayBuffer> {
    return Buffer.from(this.#buffer, 0, this.#buffer.byteLength);
  }

  /** Keeps the first so many bytes. A view that reaches beyond them is empty from now on. */
  cut(size: number): void {
    if (size < this.#buffer.byteLength) this.#buffer.resize(size);
  }
}
