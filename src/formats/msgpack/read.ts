import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';

/** Bytes that stay in the source. */
export interface MsgpackRange {
  readonly start: number;
  readonly length: number;
}

/** A value of MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md). */
export type MsgpackValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | ({ readonly kind: 'bytes' } & MsgpackRange)
  | ({ readonly kind: 'extension'; readonly type: number } & MsgpackRange)
  | { readonly kind: 'list'; readonly items: readonly MsgpackValue[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [MsgpackValue, MsgpackValue])[] };

const MAX_DEPTH = 64;
/** Longer texts are in no model. */
const MAX_TEXT = 1024 * 1024;
/** Bytes that a value costs, about. */
const VALUE_BYTES = 64;

/**
 * Reads one value that fills the range. Binary data and extensions stay in the source.
 * @throws AssayError `malformed`, `truncated`, `limit`
 */
export async function readMsgpack(
  source: ByteSource,
  { start, length }: MsgpackRange,
  budget: FileBudget,
): Promise<MsgpackValue> {
  const parser = new Parser(source, start, start + length, budget);
  const value = await parser.value(0);
  if (parser.offset !== start + length)
    throw new AssayError('malformed', 'bytes follow the MessagePack value', {
      subject: source.name,
      offset: parser.offset,
    });
  return value;
}

class Parser {
  readonly #source: ByteSource;
  readonly #reader: ByteReader;
  readonly #end: number;
  readonly #budget: FileBudget;

  constructor(source: ByteSource, start: number, end: number, budget: FileBudget) {
    this.#source = source;
    this.#reader = new ByteReader(source, start);
    this.#end = end;
    this.#budget = budget;
  }

  get offset(): number {
    return this.#reader.offset;
  }

  async value(depth: number): Promise<MsgpackValue> {
    if (depth > MAX_DEPTH) throw this.#refuse('limit', 'values are nested too deep');
    this.#budget.work(4);
    this.#budget.hold(VALUE_BYTES);
    const tag = (await this.#take(1))[0] ?? 0;
    if (tag <= 0x7f) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag <= 0x8f) return await this.#map(tag & 0x0f, depth);
    if (tag <= 0x9f) return await this.#list(tag & 0x0f, depth);
    if (tag <= 0xbf) return await this.#text(tag & 0x1f);
    return await this.#tagged(tag, depth);
  }

  async #tagged(tag: number, depth: number): Promise<MsgpackValue> {
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return tag === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return { kind: 'bytes', ...this.#skip(await this.#uint(1 << (tag - 0xc4))) };
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return await this.#extension(await this.#uint(1 << (tag - 0xc7)));
      case 0xca:
        return (await this.#view(4)).getFloat32(0);
      case 0xcb:
        return (await this.#view(8)).getFloat64(0);
      case 0xcc:
      case 0xcd:
      case 0xce:
        return await this.#uint(1 << (tag - 0xcc));
      case 0xcf:
        return exact((await this.#view(8)).getBigUint64(0));
      case 0xd0:
        return (await this.#view(1)).getInt8(0);
      case 0xd1:
        return (await this.#view(2)).getInt16(0);
      case 0xd2:
        return (await this.#view(4)).getInt32(0);
      case 0xd3:
        return exact((await this.#view(8)).getBigInt64(0));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return await this.#extension(1 << (tag - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return await this.#text(await this.#uint(1 << (tag - 0xd9)));
      case 0xdc:
      case 0xdd:
        return await this.#list(await this.#uint(tag === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return await this.#map(await this.#uint(tag === 0xde ? 2 : 4), depth);
      default:
        throw this.#refuse('malformed', 'a value of a kind that does not exist');
    }
  }

  async #list(count: number, depth: number): Promise<MsgpackValue> {
    this.#checkCount(count);
    const items: MsgpackValue[] = [];
    for (let i = 0; i < count; i++) items.push(await this.value(depth + 1));
    return { kind: 'list', items };
  }

  async #map(count: number, depth: number): Promise<MsgpackValue> {
    this.#checkCount(count * 2);
    const entries: (readonly [MsgpackValue, MsgpackValue])[] = [];
    for (let i = 0; i < count; i++) {
      const key = await this.value(depth + 1);
      entries.push([key, await this.value(depth + 1)]);
    }
    return { kind: 'map', entries };
  }

  async #extension(length: number): Promise<MsgpackValue> {
    const type = (await this.#view(1)).getInt8(0);
    return { kind: 'extension', type, ...this.#skip(length) };
  }

  async #text(length: number): Promise<MsgpackValue> {
    if (length > MAX_TEXT) return { kind: 'bytes', ...this.#skip(length) };
    this.#budget.hold(2 * length);
    this.#budget.work(length);
    const bytes = await this.#take(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
    } catch {
      throw this.#refuse('malformed', 'a text is not UTF-8');
    }
  }

  /** Each value has a byte at least. */
  #checkCount(count: number): void {
    if (count > this.#end - this.offset) throw this.#refuse('truncated', 'more values are announced than follow');
  }

  async #uint(width: number): Promise<number> {
    const view = await this.#view(width);
    return width === 1 ? view.getUint8(0) : width === 2 ? view.getUint16(0) : view.getUint32(0);
  }

  async #view(length: number): Promise<DataView> {
    const bytes = await this.#take(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  async #take(length: number): Promise<Uint8Array> {
    this.#checkLength(length);
    if (!this.#reader.has(length)) await this.#reader.fill(length);
    return this.#reader.bytes(length);
  }

  #skip(length: number): MsgpackRange {
    this.#checkLength(length);
    const start = this.offset;
    this.#reader.skip(length);
    return { start, length };
  }

  #checkLength(length: number): void {
    if (length > this.#end - this.offset) throw this.#refuse('truncated', 'ends within a value');
  }

  #refuse(code: 'malformed' | 'truncated' | 'limit', what: string): AssayError {
    return new AssayError(code, what, { subject: this.#source.name, offset: this.offset });
  }
}

/** A number where it is exact. */
function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
