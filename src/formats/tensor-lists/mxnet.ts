import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { magicFormat } from '../magic.ts';
import type { ListedTensor } from './tensor.ts';

/** kMXAPINDArrayListMagic, and eight bytes that are reserved. */
export const MXNET_PARAMS = magicFormat(
  'mxnet-params',
  'MXNet parameters',
  ['.params'],
  [[[0, [0x12, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]]],
);

/** Versions of an array: without a shape of 64 bits; with kinds of storage; with shapes of NumPy. */
const [V1, V2, V3] = [0xf993_fac8, 0xf993_fac9, 0xf993_faca];
/** Bytes of an element, by mshadow's type flag. */
const BYTES: Readonly<Record<number, number>> = {
  0: 4,
  1: 8,
  2: 2,
  3: 1,
  4: 4,
  5: 1,
  6: 8,
  7: 1,
  8: 2,
  9: 2,
  10: 4,
  11: 8,
  12: 2,
};
const MAX_DIMENSIONS = 64;
const MAX_NAME = 4_096;
const HEADER = 24;
const KEPT_BYTES = 100;

export interface MxnetParams {
  readonly arrays: readonly ListedTensor[];
  /** Where the names start and end. */
  readonly names: number;
  readonly end: number;
}

/**
 * The arrays of a file of MXNet's parameters, and their names: NDArray::Save of src/ndarray/ndarray.cc.
 * @throws AssayError `malformed`, `truncated`, `unsupported` for arrays before version 1 and sparse ones
 */
export async function readMxnetParams(source: ByteSource, budget: FileBudget): Promise<MxnetParams> {
  const reader = new ParamsReader(source);
  reader.at = HEADER - 8;
  const count = await reader.u64();
  if (count > source.size / 8) throw reader.bad(`${count} arrays`);
  const arrays: ListedTensor[] = [];
  for (let i = 0; i < count; i++) {
    budget.work(KEPT_BYTES);
    budget.hold(KEPT_BYTES);
    arrays.push(await reader.array());
  }
  const names = reader.at;
  const named = await reader.u64();
  if (named !== 0 && named !== count) throw reader.bad(`${named} names of ${count} arrays`);
  for (let i = 0; i < named; i++) {
    budget.work(KEPT_BYTES);
    const length = await reader.u64();
    if (length > MAX_NAME) throw reader.bad(`a name of ${length} bytes`);
    await reader.skip(length);
  }
  return { arrays, names, end: reader.at };
}

class ParamsReader {
  at = 0;
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async array(): Promise<ListedTensor> {
    const head = this.at;
    const magic = await this.u32();
    if (magic !== V1 && magic !== V2 && magic !== V3)
      throw new AssayError('unsupported', 'an array of MXNet before version 1', { offset: head });
    const storage = magic === V1 ? 0 : await this.u32();
    if (storage !== 0 && storage !== 0xffff_ffff)
      throw new AssayError('unsupported', `an array of MXNet of the storage ${storage}`, { offset: head });
    const count = await this.u32();
    // An array that has no shape is not there: nothing follows.
    if (count === 0 && magic !== V3) return { head, start: this.at, end: this.at };
    if (count === 0xffff_ffff && magic === V3) return { head, start: this.at, end: this.at };
    if (count > MAX_DIMENSIONS) throw this.bad(`an array of ${count} dimensions`);
    let elements = 1;
    for (let i = 0; i < count; i++) elements *= await this.u64();
    await this.skip(8);
    const type = await this.u32();
    const each = BYTES[type];
    if (each === undefined)
      throw new AssayError('unsupported', `an array of MXNet of the type ${type}`, { offset: head });
    const start = this.at;
    await this.skip(elements * each);
    return { head, start, end: this.at };
  }

  async u32(): Promise<number> {
    return (await this.#take(4)).readUInt32LE(0);
  }

  async u64(): Promise<number> {
    const value = (await this.#take(8)).readBigUInt64LE(0);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.bad(`the number ${value}`);
    return Number(value);
  }

  async skip(length: number): Promise<void> {
    if (!Number.isSafeInteger(length) || this.at + length > this.#source.size)
      throw new AssayError('truncated', 'the parameters end within an array or a name', { offset: this.at });
    this.at += length;
  }

  bad(what: string): AssayError {
    return new AssayError('malformed', `parameters of MXNet have ${what}`, { offset: this.at });
  }

  async #take(length: number): Promise<Buffer> {
    const { at } = this;
    await this.skip(length);
    return Buffer.from(this.#source.readNow(at, length) ?? (await this.#source.read(at, length)));
  }
}
