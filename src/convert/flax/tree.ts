import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { type MsgpackRange, type MsgpackValue, readMsgpack } from '../../formats/msgpack/index.ts';
import {
  dtypeNamed,
  type InputFile,
  joinedTensor,
  rowMajor,
  type Tensor,
  type TensorFound,
  TensorList,
  type TensorReadOptions,
  type TensorSet,
  writtenBytes,
} from '../tensors/index.ts';

/** Extension types (flax/serialization.py, `_MsgpackExtType`). */
const NDARRAY = 1;
const SCALAR = 3;
/** The mark of an array of more than 2^30 bytes. */
const CHUNKED = '__msgpack_chunked_array__';

/**
 * The arrays of a file of `flax.serialization.to_bytes`, by the keys that lead to them, joined with points.
 * @throws AssayError `unsupported` for what safetensors does not have, unless it is left out; `malformed`, `truncated`, `limit`
 */
export async function flaxTensors(file: InputFile, options: TensorReadOptions): Promise<TensorSet> {
  const { source } = file;
  const value = await readMsgpack(source, { start: 0, length: source.size }, options.budget);
  const walker = new Walker(file, options);
  await walker.visit(value, []);
  return walker.list.result();
}

class Walker {
  readonly list: TensorList;
  readonly #path: string;
  readonly #source: ByteSource;
  readonly #options: TensorReadOptions;

  constructor({ path, source }: InputFile, options: TensorReadOptions) {
    this.list = new TensorList({ subject: path, salvage: options.salvage });
    this.#path = path;
    this.#source = source;
    this.#options = options;
  }

  async visit(value: MsgpackValue, keys: readonly string[]): Promise<void> {
    const name = keys.join('.');
    const found = await this.#find(value, name);
    if (found.kind === 'tensor') this.list.add(found.tensor);
    else if (found.kind === 'refused') this.list.refuse(found.why, name);
    else if (typeof value !== 'object' || value === null) this.list.leave(titleOf(value), name);
    else if (value.kind === 'list')
      for (const [index, item] of value.items.entries()) await this.visit(item, [...keys, String(index)]);
    else if (value.kind === 'map')
      for (const [key, item] of this.#entries(value, name)) await this.visit(item, [...keys, key]);
    else this.list.leave(value.kind === 'bytes' ? 'bytes' : `an extension of the type ${value.type}`, name);
  }

  async #find(value: MsgpackValue, name: string): Promise<TensorFound> {
    if (typeof value !== 'object' || value === null) return { kind: 'no-tensor' };
    if (value.kind === 'extension' && (value.type === NDARRAY || value.type === SCALAR))
      return await this.#array(value, name);
    if (value.kind !== 'map' || !value.entries.some(([key]) => key === CHUNKED)) return { kind: 'no-tensor' };
    return await this.#chunked(value, name);
  }

  /** `(shape, name of the type, bytes)`. */
  async #array(range: MsgpackRange, name: string): Promise<TensorFound> {
    const refuse = (what: string) => new AssayError('malformed', `${name}: ${what}`, { subject: this.#path });
    const inner = await readMsgpack(this.#source, { start: range.start, length: range.length }, this.#options.budget);
    const [sizes, type, data, ...rest] = isKind(inner, 'list') ? inner.items : [];
    const shape = isKind(sizes, 'list') ? countsOf(sizes.items) : undefined;
    const typeName = isKind(type, 'bytes') ? await this.#textOf(type) : type;
    if (shape === undefined || typeof typeName !== 'string' || rest.length > 0)
      throw refuse('the array has another form than Flax writes');
    const dtype = dtypeNamed(typeName);
    if (dtype === undefined) return { kind: 'refused', why: `an array of ${typeName}` };
    if (!isKind(data, 'bytes') || data.length !== writtenBytes({ name, dtype, shape }))
      throw refuse('its bytes are not those of its shape');
    const bytes = new SliceSource(this.#source, data.start, data.length, this.#source.name);
    return {
      kind: 'tensor',
      tensor: { name, dtype, shape, strides: rowMajor(shape), offset: 0, bytes, bigEndian: false },
    };
  }

  /** An array in pieces of one dimension. */
  async #chunked(value: MsgpackMap, name: string): Promise<TensorFound> {
    const refuse = (what: string) => new AssayError('malformed', `${name}: ${what}`, { subject: this.#path });
    const entries = new Map(this.#entries(value, name));
    const shape = countsOf(this.#inOrder(entries.get('shape'), name));
    const parts = this.#inOrder(entries.get('chunks'), name);
    if (entries.get(CHUNKED) !== true || entries.size !== 3 || shape === undefined || parts.length === 0)
      throw refuse('the chunks of the array have another form than Flax writes');
    const chunks: Tensor[] = [];
    for (const part of parts) {
      const found = isKind(part, 'extension') && part.type === NDARRAY ? await this.#array(part, name) : undefined;
      if (found?.kind !== 'tensor') return found ?? { kind: 'no-tensor' };
      chunks.push(found.tensor);
    }
    const dtype = chunks[0]?.dtype;
    if (dtype === undefined || chunks.some((chunk) => chunk.dtype !== dtype || chunk.shape.length !== 1))
      throw refuse('its chunks are not of one type and dimension');
    const bytes = chunks.map((chunk) => chunk.bytes);
    return { kind: 'tensor', tensor: joinedTensor({ name, dtype, shape }, bytes, this.#options.budget) };
  }

  /** The values of a map whose keys are `0`, `1`, ... */
  #inOrder(value: MsgpackValue | undefined, name: string): MsgpackValue[] {
    if (!isKind(value, 'map')) return [];
    const entries = new Map(this.#entries(value, name));
    return Array.from(entries, (_, index) => entries.get(String(index)) ?? null);
  }

  #entries(value: MsgpackMap, name: string): [string, MsgpackValue][] {
    const seen = new Set<string>();
    return value.entries.map(([key, item]) => {
      const text = typeof key === 'number' || typeof key === 'bigint' ? String(key) : key;
      if (typeof text !== 'string' || seen.has(text))
        throw new AssayError('malformed', `${name}: a key is not text, or occurs twice`, { subject: this.#path });
      seen.add(text);
      return [text, item];
    });
  }

  async #textOf({ start, length }: MsgpackRange): Promise<string | undefined> {
    return length > MAX_TYPE_NAME ? undefined : Buffer.from(await this.#source.read(start, length)).toString('latin1');
  }
}

const MAX_TYPE_NAME = 64;

type MsgpackMap = Extract<MsgpackValue, { readonly kind: 'map' }>;

function isKind<K extends 'bytes' | 'extension' | 'list' | 'map'>(
  value: MsgpackValue | undefined,
  kind: K,
): value is Extract<MsgpackValue, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

function countsOf(values: readonly MsgpackValue[]): number[] | undefined {
  const counts = values.filter((value) => typeof value === 'number');
  return counts.length === values.length && counts.every((count) => Number.isSafeInteger(count) && count >= 0)
    ? counts
    : undefined;
}

function titleOf(value: null | boolean | number | bigint | string): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'a Boolean' : 'a number';
}
