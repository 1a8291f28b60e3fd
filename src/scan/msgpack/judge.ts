import { SliceSource } from '../../core/bytes/index.ts';
import { isAssayError } from '../../core/index.ts';
import { type MsgpackRange, type MsgpackValue, readMsgpack } from '../../formats/msgpack/index.ts';
import { activeFormat, type Rule, type ScanContext, type ScanTarget } from '../scanner/index.ts';
import { MSGPACK_RULES } from './rules.ts';

/** Extension types of Flax (flax/serialization.py, `_MsgpackExtType`), and that of MessagePack itself. */
const [ARRAY, COMPLEX, SCALAR, TIMESTAMP] = [1, 2, 3, -1];
const TIMESTAMP_BYTES: readonly number[] = [4, 8, 12];
/** Bytes of an element, by the name of its type in NumPy and ml_dtypes. */
const SIZES: ReadonlyMap<string, number> = new Map([
  ...['bool', 'int8', 'uint8', 'int4', 'uint4', 'float8_e4m3fn', 'float8_e5m2', 'float8_e4m3b11fnuz'].map(
    (name) => [name, 1] as const,
  ),
  ...['int16', 'uint16', 'float16', 'bfloat16'].map((name) => [name, 2] as const),
  ...['int32', 'uint32', 'float32'].map((name) => [name, 4] as const),
  ...['int64', 'uint64', 'float64', 'complex64'].map((name) => [name, 8] as const),
  ['complex128', 16],
]);
/** Keys of an array that Flax splits. */
const CHUNKED = '__msgpack_chunked_array__';
const MAX_TYPE_NAME = 40;
const MAX_REPORTS = 20;

/** Judges a MessagePack file: the contracts of Flax's extension types, and what its bytes are. */
export async function judgeMsgpack(target: ScanTarget, context: ScanContext): Promise<void> {
  const judge = new MsgpackJudge(target, context);
  try {
    await judge.value(await readMsgpack(target.source, { start: 0, length: target.source.size }, context.budget), '');
    context.cover(0, target.source.size, 'parsed');
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'malformed' && error.code !== 'truncated')) throw error;
    judge.say(MSGPACK_RULES.structure, 'structure', `The file contradicts itself: ${error.message}.`, error.offset);
    context.cover(0, target.source.size, 'opaque', 'after a broken value: no reader goes on');
  }
}

class MsgpackJudge {
  readonly #target: ScanTarget;
  readonly #context: ScanContext;
  #said = 0;

  constructor(target: ScanTarget, context: ScanContext) {
    this.#target = target;
    this.#context = context;
  }

  say(rule: Rule, subject: string, message: string, offset?: number): void {
    if (this.#said++ >= MAX_REPORTS) return;
    const place = offset === undefined ? {} : { offset };
    this.#context.report({ rule, subject: subject.slice(0, 200), message, ...place });
  }

  /** @param path keys that lead to it */
  async value(value: MsgpackValue, path: string): Promise<void> {
    this.#context.budget.work(4);
    if (typeof value !== 'object' || value === null) return;
    if (value.kind === 'list') for (const [at, item] of value.items.entries()) await this.value(item, `${path}[${at}]`);
    else if (value.kind === 'map') await this.#map(value.entries, path);
    else if (value.kind === 'bytes') await this.#bytes(value, path);
    else await this.#extension(value, path);
  }

  async #map(entries: readonly (readonly [MsgpackValue, MsgpackValue])[], path: string): Promise<void> {
    const seen = new Set<string>();
    for (const [key, item] of entries) {
      const name = typeof key === 'object' && key !== null ? await this.#keyOf(key) : `${typeof key} ${String(key)}`;
      if (name !== undefined && seen.has(name))
        this.say(MSGPACK_RULES.structure, path, `The map ${shown(path)} has the key ${shown(String(key))} twice.`);
      if (name !== undefined) seen.add(name);
      await this.value(key, path);
      await this.value(item, typeof key === 'string' ? `${path}.${key}`.slice(-400) : path);
    }
    const chunked = entries.find(([key]) => key === CHUNKED);
    const chunks = entries.find(([key]) => key === 'chunks')?.[1];
    const shape = entries.find(([key]) => key === 'shape')?.[1];
    if (chunked !== undefined && (!isMap(chunks) || !isMap(shape)))
      this.say(MSGPACK_RULES.array, path, `The array ${shown(path)} is in parts, and has no parts or no shape.`);
  }

  /** A key in binary, as its bytes. */
  async #keyOf(key: Exclude<MsgpackValue, null | boolean | number | bigint | string>): Promise<string | undefined> {
    if (key.kind !== 'bytes' || key.length > 1_024) return undefined;
    return `bytes ${Buffer.from(await this.#target.source.read(key.start, key.length)).toString('latin1')}`;
  }

  async #extension(value: MsgpackRange & { readonly type: number }, path: string): Promise<void> {
    const { type, start } = value;
    if (type === ARRAY || type === SCALAR) {
      const why = await this.#array(value);
      if (why !== undefined) this.say(MSGPACK_RULES.array, path, `The array ${shown(path)} ${why}.`, start);
    } else if (type === COMPLEX) {
      const parts = await readMsgpack(this.#target.source, value, this.#context.budget);
      if (!isList(parts) || parts.items.length !== 2 || !parts.items.every((part) => typeof part === 'number'))
        this.say(MSGPACK_RULES.array, path, `The complex number ${shown(path)} does not have two parts.`, start);
    } else if (type !== TIMESTAMP || !TIMESTAMP_BYTES.includes(value.length)) {
      this.say(
        MSGPACK_RULES.extension,
        `${path} ${type}`,
        `The value ${shown(path)} is of the extension type ${type}.`,
        start,
      );
      await this.#bytes(value, path);
    }
  }

  /** `(shape, name of the type, bytes)`. @returns what contradicts itself */
  async #array(range: MsgpackRange): Promise<string | undefined> {
    const parts = await readMsgpack(this.#target.source, range, this.#context.budget);
    const [shape, type, data, ...more] = isList(parts) ? parts.items : [];
    if (!isList(shape) || !isRange(data) || more.length > 0) return 'is not a shape, a type and bytes';
    const name =
      isRange(type) && type.length <= MAX_TYPE_NAME
        ? Buffer.from(await this.#target.source.read(type.start, type.length)).toString('latin1')
        : type;
    const size = typeof name === 'string' ? SIZES.get(name) : undefined;
    if (size === undefined)
      return `has elements of the type ${shown(String(typeof name === 'string' ? name : 'that is not a text'))}`;
    let bytes = size;
    for (const side of shape.items) {
      if (typeof side !== 'number' || !Number.isSafeInteger(side) || side < 0) return 'has a side that is not a size';
      bytes *= side;
    }
    if (bytes !== data.length) return `has ${data.length} bytes in place of ${bytes}`;
    await this.#bytes(data, 'array');
    return undefined;
  }

  async #bytes({ start, length }: MsgpackRange, path: string): Promise<void> {
    if (length < 2) return;
    const slice = new SliceSource(this.#target.source, start, length, `${this.#target.source.name}!bytes`);
    const format = await activeFormat(slice, this.#context);
    if (format === undefined) return;
    this.say(MSGPACK_RULES.hidden, path, `The value ${shown(path)} is ${format.title}.`, start);
    await this.#context.member(slice, `bytes at ${start}`, { storedAt: start });
  }
}

function isMap(value: MsgpackValue | undefined): boolean {
  return typeof value === 'object' && value !== null && value.kind === 'map';
}

function isList(value: MsgpackValue | undefined): value is Extract<MsgpackValue, { readonly kind: 'list' }> {
  return typeof value === 'object' && value !== null && value.kind === 'list';
}

function isRange(value: MsgpackValue | undefined): value is Extract<MsgpackValue, { readonly kind: 'bytes' }> {
  return typeof value === 'object' && value !== null && value.kind === 'bytes';
}

function shown(text: string): string {
  return JSON.stringify(text.replace(/^\./, '').slice(0, 120));
}
