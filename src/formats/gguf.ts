import type { ByteSource } from '../core/bytes/index.ts';
import { AssayError } from '../core/index.ts';
import { ByteReader } from './byte-reader.ts';
import { magicFormat } from './magic.ts';

export const GGUF = magicFormat('gguf', 'GGUF model', ['.gguf'], [[[0, 'GGUF']]]);

/** Name of each ggml type, and elements and bytes of one block (ggml.h; the table agrees with gguf-py's GGML_QUANT_SIZES). */
const BLOCKS: ReadonlyMap<number, readonly [name: string, elements: number, bytes: number]> = new Map([
  [0, ['F32', 1, 4]],
  [1, ['F16', 1, 2]],
  [2, ['Q4_0', 32, 18]],
  [3, ['Q4_1', 32, 20]],
  [6, ['Q5_0', 32, 22]],
  [7, ['Q5_1', 32, 24]],
  [8, ['Q8_0', 32, 34]],
  [9, ['Q8_1', 32, 40]],
  [10, ['Q2_K', 256, 84]],
  [11, ['Q3_K', 256, 110]],
  [12, ['Q4_K', 256, 144]],
  [13, ['Q5_K', 256, 176]],
  [14, ['Q6_K', 256, 210]],
  [15, ['Q8_K', 256, 292]],
  [16, ['IQ2_XXS', 256, 66]],
  [17, ['IQ2_XS', 256, 74]],
  [18, ['IQ3_XXS', 256, 98]],
  [19, ['IQ1_S', 256, 50]],
  [20, ['IQ4_NL', 32, 18]],
  [21, ['IQ3_S', 256, 110]],
  [22, ['IQ2_S', 256, 82]],
  [23, ['IQ4_XS', 256, 136]],
  [24, ['I8', 1, 1]],
  [25, ['I16', 1, 2]],
  [26, ['I32', 1, 4]],
  [27, ['I64', 1, 8]],
  [28, ['F64', 1, 8]],
  [29, ['IQ1_M', 256, 56]],
  [30, ['BF16', 1, 2]],
  // Four rows side by side, or eight; removed from ggml, and still published.
  [31, ['Q4_0_4_4', 32, 18]],
  [32, ['Q4_0_4_8', 32, 18]],
  [33, ['Q4_0_8_8', 32, 18]],
  [34, ['TQ1_0', 256, 54]],
  [35, ['TQ2_0', 256, 66]],
  [36, ['IQ4_NL_4_4', 32, 18]],
  [37, ['IQ4_NL_4_8', 32, 18]],
  [38, ['IQ4_NL_8_8', 32, 18]],
  [39, ['MXFP4', 32, 17]],
  [40, ['NVFP4', 64, 36]],
  [41, ['Q1_0', 128, 18]],
]);

export function ggmlTypeName(type: number): string {
  return BLOCKS.get(type)?.[0] ?? `type ${type}`;
}

/** Bytes of the scalar value types; 8 is a string, 9 an array. */
const SCALARS: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);
const STRING = 8;
const ARRAY = 9;
const UINT16 = 2;
const UINT32 = 4;
const ALIGNMENT = 'general.alignment';

/** Text longer than this is not kept; templates are shorter, and vocabularies are arrays. */
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_NAME = 65_536;
const MAX_ITEMS = 50_000_000;
const MAX_TENSORS = 1_000_000;
/** GGML_MAX_DIMS of ggml.h. */
const MAX_RANK = 4;
const BIG_ENDIAN: ReadonlySet<number> = new Set([0x01000000, 0x02000000, 0x03000000]);

export interface GgufTensor {
  readonly name: string;
  /** The number of a ggml type. */
  readonly type: number;
  /** The first dimension is the one whose neighbours stand next to each other. */
  readonly shape: readonly number[];
  /** Relative to the start of the tensor data. */
  readonly offset: number;
  readonly bytes: number;
  readonly at: number;
}

export interface GgufText {
  readonly key: string;
  readonly text: string;
  readonly at: number;
}

export interface GgufHeader {
  readonly version: number;
  readonly keys: readonly string[];
  /** The text values that `keep` asked for. */
  readonly texts: readonly GgufText[];
  /** `split.no` and `split.count` of a model in several files, where they are of their type. */
  readonly split: { readonly no?: number; readonly count?: number };
  readonly tensors: readonly GgufTensor[];
  readonly alignment: number;
  readonly headerEnd: number;
  /** `headerEnd` rounded up; beyond the file when there are no tensors. */
  readonly dataStart: number;
}

/**
 * Reads a GGUF header (versions 1 to 3, little-endian; https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
 * @param keep which text values to return
 * @throws AssayError `malformed`, `truncated`: it contradicts its format; `unsupported`: a version or type not known; `limit`.
 */
export async function readGguf(
  source: ByteSource,
  keep: (key: string) => boolean,
  block?: number,
): Promise<GgufHeader> {
  return new GgufReader(source, keep, block).read();
}

class GgufReader {
  readonly #reader: ByteReader;
  readonly #keep: (key: string) => boolean;
  readonly #keys = new Set<string>();
  readonly #texts: GgufText[] = [];
  readonly #split: { no?: number; count?: number } = {};
  #version = 3;
  #alignment = 32;
  #items = 0;

  constructor(source: ByteSource, keep: (key: string) => boolean, block: number | undefined) {
    this.#reader = new ByteReader(source, 0, block);
    this.#keep = keep;
  }

  async read(): Promise<GgufHeader> {
    const reader = this.#reader;
    await reader.fill(24);
    reader.skip(4);
    this.#version = reader.u32();
    if (BIG_ENDIAN.has(this.#version))
      throw new AssayError('unsupported', 'a big-endian GGUF file, which loaders of other machines refuse', {
        offset: 4,
      });
    if (this.#version < 1 || this.#version > 3)
      throw new AssayError('unsupported', `GGUF version ${this.#version}`, { offset: 4 });
    const tensorCount = await this.#count();
    const pairCount = await this.#count();
    // The smallest pair is a length, a type and a byte; the smallest tensor has a length, a rank, a type and an offset.
    if (pairCount > reader.left / 9)
      throw this.#malformed(`${pairCount} metadata pairs cannot fit in ${reader.left} bytes`);
    for (let i = 0; i < pairCount; i++) await this.#pair();
    if (tensorCount > reader.left / 20)
      throw this.#malformed(`${tensorCount} tensors cannot be described in ${reader.left} bytes`);
    if (tensorCount > MAX_TENSORS) throw new AssayError('limit', `more than ${MAX_TENSORS} tensors`);
    const tensors: GgufTensor[] = [];
    const names = new Set<string>();
    for (let i = 0; i < tensorCount; i++) {
      const tensor = await this.#tensor();
      if (names.has(tensor.name))
        throw this.#malformed(`there are two tensors of the name ${JSON.stringify(tensor.name.slice(0, 80))}`);
      names.add(tensor.name);
      tensors.push(tensor);
    }
    const headerEnd = reader.offset;
    const dataStart = Math.ceil(headerEnd / this.#alignment) * this.#alignment;
    return {
      version: this.#version,
      keys: [...this.#keys],
      texts: this.#texts,
      split: this.#split,
      tensors,
      alignment: this.#alignment,
      headerEnd,
      dataStart,
    };
  }

  #malformed(what: string): AssayError {
    return new AssayError('malformed', what, { offset: this.#reader.offset });
  }

  /** Counts and lengths: 32 bits in version 1, 64 since. */
  async #count(): Promise<number> {
    const width = this.#version === 1 ? 4 : 8;
    if (!this.#reader.has(width)) await this.#reader.fill(width);
    return width === 4 ? this.#reader.u32() : this.#reader.u64();
  }

  async #length(): Promise<number> {
    const length = await this.#count();
    if (length > this.#reader.left)
      throw this.#malformed(`a text of ${length} bytes, but ${this.#reader.left} are left`);
    return length;
  }

  async #text(most: number): Promise<string> {
    const length = await this.#length();
    if (length > most)
      throw new AssayError('limit', `a text of ${length} bytes, which is more than ${most}`, {
        offset: this.#reader.offset,
      });
    await this.#reader.fill(length);
    return Buffer.from(this.#reader.bytes(length)).toString('utf8');
  }

  async #u32(): Promise<number> {
    if (!this.#reader.has(4)) await this.#reader.fill(4);
    return this.#reader.u32();
  }

  async #pair(): Promise<void> {
    const at = this.#reader.offset;
    const key = await this.#text(MAX_NAME);
    if (this.#keys.has(key))
      throw this.#malformed(`the metadata has the key ${JSON.stringify(key.slice(0, 80))} twice`);
    // C compares keys up to a byte 0, C++ and Python beyond it.
    if (key.includes('\0')) throw this.#malformed(`the key ${JSON.stringify(key.slice(0, 80))} has a byte 0`);
    this.#keys.add(key);
    const type = await this.#u32();
    if (key === ALIGNMENT && type !== UINT32) throw this.#malformed(`an alignment of the type ${type}`);
    if (type === STRING && this.#keep(key)) this.#texts.push({ key, text: await this.#text(MAX_TEXT), at });
    else if (key === ALIGNMENT) this.#setAlignment(await this.#u32());
    else if (type === UINT16 && key === 'split.no') this.#split.no = await this.#u16();
    else if (type === UINT16 && key === 'split.count') this.#split.count = await this.#u16();
    else await this.#value(type, 0);
  }

  async #u16(): Promise<number> {
    await this.#reader.fill(2);
    const [low = 0, high = 0] = this.#reader.bytes(2);
    return low + 256 * high;
  }

  #setAlignment(alignment: number): void {
    if (alignment === 0 || alignment > 65_536 || (alignment & (alignment - 1)) !== 0)
      throw this.#malformed(`an alignment of ${alignment}`);
    this.#alignment = alignment;
  }

  async #value(type: number, depth: number): Promise<void> {
    if (type === STRING) return this.#skipText();
    if (type === ARRAY) return this.#array(depth);
    const size = SCALARS.get(type);
    if (size === undefined) throw this.#malformed(`a metadata value of type ${type}`);
    this.#reader.skip(size);
  }

  async #skipText(): Promise<void> {
    this.#reader.skip(await this.#length());
  }

  async #array(depth: number): Promise<void> {
    if (depth >= 8)
      throw new AssayError('limit', 'metadata arrays are nested deeper than 8', { offset: this.#reader.offset });
    const type = await this.#u32();
    const count = await this.#count();
    const size = SCALARS.get(type);
    if (count > this.#reader.left / (size ?? 1))
      throw this.#malformed(`an array of ${count} values, but ${this.#reader.left} bytes are left`);
    if (size !== undefined) return this.#reader.skip(size * count);
    this.#items += count;
    if (this.#items > MAX_ITEMS) throw new AssayError('limit', `more than ${MAX_ITEMS} metadata values`);
    if (type === STRING) return this.#skipTexts(count);
    for (let i = 0; i < count; i++) await this.#value(type, depth + 1);
  }

  /** A vocabulary: the loop must not wait for each text. */
  async #skipTexts(count: number): Promise<void> {
    const reader = this.#reader;
    const width = this.#version === 1 ? 4 : 8;
    for (let i = 0; i < count; i++) {
      if (!reader.has(width)) await reader.fill(width);
      const length = width === 4 ? reader.u32() : reader.u64();
      if (length > reader.left) throw this.#malformed(`a text of ${length} bytes, but ${reader.left} are left`);
      reader.skip(length);
    }
  }

  async #tensor(): Promise<GgufTensor> {
    const reader = this.#reader;
    const at = reader.offset;
    const name = await this.#text(MAX_NAME);
    const rank = await this.#u32();
    if (rank > MAX_RANK) throw this.#malformed(`a tensor of ${rank} dimensions`);
    let elements = 1n;
    const shape: number[] = [];
    for (let i = 0; i < rank; i++) {
      const size = this.#version === 1 ? await this.#u32() : await this.#count();
      shape.push(size);
      elements *= BigInt(size);
    }
    const type = await this.#u32();
    if (!reader.has(8)) await reader.fill(8);
    const offset = reader.u64();
    const block = BLOCKS.get(type);
    if (block === undefined)
      throw new AssayError('unsupported', `ggml type ${type} of tensor ${JSON.stringify(name.slice(0, 80))}`, {
        offset: at,
      });
    if ((shape[0] ?? 1) % block[1] !== 0)
      throw this.#malformed(`rows of tensor ${JSON.stringify(name.slice(0, 80))} do not fill whole blocks`);
    const bytes = (elements / BigInt(block[1])) * BigInt(block[2]);
    if (bytes > BigInt(Number.MAX_SAFE_INTEGER))
      throw this.#malformed(`tensor ${JSON.stringify(name.slice(0, 80))} has ${elements} elements`);
    return { name, type, shape, offset, bytes: Number(bytes), at };
  }
}
