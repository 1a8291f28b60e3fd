import type { Hdf5Cursor } from './cursor.ts';
import { checkSum } from './header.ts';
import type { Hdf5Bytes } from './reading.ts';

/** How the space of a heap is divided: rows of `width` blocks, those of the first two rows of `start` bytes, then twice as many. */
interface Table {
  readonly width: number;
  readonly start: number;
  readonly maxDirect: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

const MAX_NESTING = 64;

/** The heap of messages that are too many for an object's header. Objects in trees of their own ("huge") are not read. */
export class FractalHeap {
  readonly #bytes: Hdf5Bytes;
  readonly #table: Table;
  readonly #root: { readonly address: number; readonly rows: number };

  private constructor(bytes: Hdf5Bytes, table: Table, root: { readonly address: number; readonly rows: number }) {
    this.#bytes = bytes;
    this.#table = table;
    this.#root = root;
  }

  static async open(bytes: Hdf5Bytes, address: number): Promise<FractalHeap> {
    const { offsetSize, lengthSize } = bytes;
    const head = await bytes.read(address, 26 + 3 * offsetSize + 12 * lengthSize, 'fractal heap');
    checkSum(head);
    head.signature('FRHP');
    head.version(0);
    head.skip(2);
    if (head.u16() !== 0) throw head.unsupported('is compressed');
    head.skip(1);
    const maxManaged = head.u32();
    head.skip(lengthSize + offsetSize + lengthSize + offsetSize + 8 * lengthSize);
    const [width, start, maxDirect, bits] = [head.u16(), head.length(), head.length(), head.u16()];
    head.skip(2);
    const [root, rows] = [head.place(), head.u16()];
    const powers = isPower(width) && isPower(start) && isPower(maxDirect) && maxDirect >= start;
    if (!powers || bits === 0 || bits > 64) throw head.wrong('has a table that is not one of the specification');
    const offsetBytes = Math.ceil(bits / 8);
    const lengthBytes = Math.min(
      Math.ceil(Math.log2(maxDirect) / 8),
      Math.floor(Math.log2(Math.max(1, maxManaged)) / 8) + 1,
    );
    return new FractalHeap(bytes, { width, start, maxDirect, offsetBytes, lengthBytes }, { address: root, rows });
  }

  /** The object of a number of the heap. */
  async object(id: Hdf5Cursor): Promise<Hdf5Cursor> {
    const kind = id.u8() >> 4;
    if (kind !== 0) throw id.unsupported(`is an object of the kind ${kind}, which is not stored in blocks`);
    const { offsetBytes, lengthBytes, start } = this.#table;
    const [offset, length] = [id.uint(offsetBytes), id.uint(lengthBytes)];
    const { address, rows } = this.#root;
    if (rows > 0) return await this.#within({ address, rows, base: 0 }, offset, length, 0);
    if (offset + length > start) throw id.wrong('names an object that its block does not hold');
    return await this.#bytes.read(address + offset, length, 'message');
  }

  async #within(
    block: { readonly address: number; readonly rows: number; readonly base: number },
    offset: number,
    length: number,
    nesting: number,
  ): Promise<Hdf5Cursor> {
    const { width, start, maxDirect, offsetBytes } = this.#table;
    const { offsetSize } = this.#bytes;
    const head = 5 + offsetSize + offsetBytes;
    const body = await this.#bytes.read(block.address, head + block.rows * width * offsetSize + 4, 'heap block');
    checkSum(body);
    body.signature('FHIB');
    body.version(0);
    body.skip(offsetSize);
    if (body.uint(offsetBytes) !== block.base || nesting > MAX_NESTING)
      throw body.wrong('is not where its heap states');
    const at = offset - block.base;
    const row = at < width * start ? 0 : Math.floor(Math.log2(at / (width * start))) + 1;
    if (row >= block.rows) throw body.wrong('does not hold the object that is asked for');
    const size = row === 0 ? start : start * 2 ** (row - 1);
    const column = Math.floor((at - (row === 0 ? 0 : width * size)) / size);
    body.skip((row * width + column) * offsetSize);
    const address = body.place();
    const base = block.base + (row === 0 ? 0 : width * size) + column * size;
    if (size > maxDirect) {
      const rows = Math.log2(size) - Math.log2(start * width) + 1;
      return await this.#within({ address, rows, base }, offset, length, nesting + 1);
    }
    if (offset - base + length > size) throw body.wrong('has an object that leaves its block');
    return await this.#bytes.read(address + (offset - base), length, 'message');
  }
}

function isPower(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}
