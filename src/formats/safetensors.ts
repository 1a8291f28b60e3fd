import type { ByteSource } from '../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../core/index.ts';
import type { Format } from './format.ts';
import { type JsonScalar, type JsonToken, JsonWalker } from './json/index.ts';
import { u32le } from './magic.ts';

/** Eight bytes of length, then a JSON object. The two highest bytes of the length are zero in any file that exists. */
export const SAFETENSORS: Format = {
  id: 'safetensors',
  title: 'safetensors',
  extensions: ['.safetensors'],
  identify({ head, size }) {
    if (size < 10 || head[8] !== 0x7b || head[7] !== 0 || head[6] !== 0) return false;
    // Between the brace and the first key, white space.
    for (let i = 9; i < head.length; i++) {
      const byte = head[i];
      if (byte === 0x22 || byte === 0x7d) return true;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return false;
    }
    return false;
  },
};

/** Bits of one element, by the names of the safetensors crate's `Dtype`. */
const DTYPE_BITS: ReadonlyMap<string, number> = new Map([
  ['F4', 4],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
  ['BOOL', 8],
  ['U8', 8],
  ['I8', 8],
  ['F8_E5M2', 8],
  ['F8_E4M3', 8],
  ['F8_E8M0', 8],
  ['F8_E4M3FNUZ', 8],
  ['F8_E5M2FNUZ', 8],
  ['I16', 16],
  ['U16', 16],
  ['F16', 16],
  ['BF16', 16],
  ['I32', 32],
  ['U32', 32],
  ['F32', 32],
  ['I64', 64],
  ['U64', 64],
  ['F64', 64],
  ['C64', 64],
]);

/** The format's own bound on its header. */
export const MAX_HEADER = 100_000_000;
const MAX_FAULTS = 20;
/** No framework makes tensors of more dimensions. */
const MAX_RANK = 1_000;

/** What breaks the format's specification; each loader refuses some of these and takes others. */
export interface SafetensorsFault {
  readonly kind:
    | 'header-length'
    | 'json'
    | 'duplicate-key'
    | 'entry'
    | 'dtype'
    | 'size'
    | 'overlap'
    | 'hole'
    | 'end'
    | 'metadata';
  /** What it is about: a tensor's name, a metadata key, or the header. */
  readonly subject: string;
  readonly message: string;
  readonly offset: number;
}

/** A tensor, as the header describes it: its bytes are those from `start` to `end`, behind the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: number;
  /** The end of the header: tensor bytes start here. At most the file's size. */
  readonly dataStart: number;
  /** The end of the last tensor, as the header gives it; `dataStart` when it has none. */
  readonly dataEnd: number;
  readonly metadata: readonly (readonly [key: string, value: string])[];
  readonly faults: readonly SafetensorsFault[];
}

/**
 * Reads a safetensors header and checks it whole against the format's description
 * (https://huggingface.co/docs/safetensors, "Format"); of the tensors not a byte is read.
 * @param onEntry called for each tensor within the file; the header is right only where it has no faults
 * @throws AssayError `limit` when the header is longer or deeper than the reader takes; what reading throws.
 */
export async function readSafetensors(
  source: ByteSource,
  maxHeaderBytes: number,
  budget?: FileBudget,
  onEntry?: (entry: SafetensorsEntry) => void,
): Promise<SafetensorsHeader> {
  const prefix = source.readNow(0, 8) ?? (await source.read(0, 8));
  const length = u32le(prefix, 0) + u32le(prefix, 4) * 2 ** 32;
  if (length > MAX_HEADER || length > source.size - 8) {
    const message = `the header has ${length} bytes, which is more than ${length > MAX_HEADER ? 'the format allows' : 'the file holds'}`;
    return {
      tensors: 0,
      dataStart: 8,
      dataEnd: 8,
      metadata: [],
      faults: [{ kind: 'header-length', subject: 'header', message, offset: 0 }],
    };
  }
  if (length > maxHeaderBytes)
    throw new AssayError('limit', `a header of ${length} bytes (maxHeaderBytes)`, { subject: source.name });
  // The names of tensors are held beside it.
  budget?.hold(2 * length);
  const header = source.readNow(8, length) ?? (await source.read(8, length));
  const read = new HeaderReader(8 + length, source.size, onEntry).read(header);
  budget?.release(2 * length);
  return read;
}

interface Entry {
  dtype: string | undefined;
  shape: number[] | undefined;
  offsets: number[] | undefined;
}

/** Interprets the JSON events of the header. Depth 1: names; depth 2: a tensor's fields; depth 3: shape and offsets. */
class HeaderReader {
  readonly #faults: SafetensorsFault[] = [];
  readonly #metadata: (readonly [string, string])[] = [];
  /** Start, end, and index of the name, of each tensor. */
  readonly #spans: { start: number; end: number; name: string; at: number }[] = [];
  readonly #dataStart: number;
  readonly #dataSize: number;
  #name = '';
  #nameAt = 0;
  #field = '';
  #list: number[] | undefined;
  #entry: Entry = { dtype: undefined, shape: undefined, offsets: undefined };
  #metadataSeen = false;

  readonly #onEntry: ((entry: SafetensorsEntry) => void) | undefined;

  constructor(dataStart: number, size: number, onEntry: ((entry: SafetensorsEntry) => void) | undefined) {
    this.#onEntry = onEntry;
    this.#dataStart = dataStart;
    this.#dataSize = size - dataStart;
  }

  read(header: Uint8Array): SafetensorsHeader {
    if (header[0] !== 0x7b) this.#fault('json', 'header', 'the header does not start with {', 8);
    const walker = new JsonWalker({
      open: (kind, depth, at) => this.#open(kind, depth, at + 8),
      close: (kind, depth) => this.#close(kind, depth),
      key: (name, depth, at) => this.#key(name, depth, at + 8),
      duplicate: (name, _depth, at) =>
        this.#fault('duplicate-key', name, `one object has the key ${shown(name)} twice`, at + 8),
      scalar: (kind, token, depth, at) => this.#scalar(kind, token, depth, at + 8),
    });
    try {
      walker.feed(header);
      walker.end();
      this.#checkSpans();
    } catch (error) {
      if (!(error instanceof AssayError) || (error.code !== 'malformed' && error.code !== 'truncated')) throw error;
      this.#fault('json', 'header', `the header does not parse: ${error.message}`, 8 + (error.offset ?? 0));
    }
    const dataEnd = this.#dataStart + this.#spans.reduce((end, span) => Math.max(end, span.end), 0);
    return {
      tensors: this.#spans.length,
      dataStart: this.#dataStart,
      dataEnd,
      metadata: this.#metadata,
      faults: this.#faults,
    };
  }

  #fault(kind: SafetensorsFault['kind'], subject: string, message: string, offset: number): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ kind, subject, message, offset });
  }

  #key(name: string, depth: number, at: number): void {
    if (depth === 1) {
      this.#name = name;
      this.#nameAt = at;
      this.#entry = { dtype: undefined, shape: undefined, offsets: undefined };
    } else if (depth === 2) this.#field = name;
  }

  get #isMetadata(): boolean {
    return this.#name === '__metadata__';
  }

  #open(kind: 'object' | 'array', depth: number, at: number): void {
    if (depth === 0) {
      if (kind === 'array') this.#fault('json', 'header', 'the header is a list', at);
    } else if (depth === 1) {
      if (kind === 'array') this.#fault('entry', this.#name, `${shown(this.#name)} is a list, not an object`, at);
      if (this.#isMetadata) this.#metadataSeen = true;
    } else if (this.#isMetadata) this.#fault('metadata', this.#field, `metadata ${shown(this.#field)} is not text`, at);
    else if (depth === 2 && kind === 'array' && (this.#field === 'shape' || this.#field === 'data_offsets'))
      this.#list = [];
    else
      this.#fault(
        'entry',
        this.#name,
        `tensor ${shown(this.#name)} has an unexpected value at ${shown(this.#field)}`,
        at,
      );
  }

  #scalar(kind: JsonScalar, token: JsonToken, depth: number, at: number): void {
    if (depth < 2) this.#fault('entry', this.#name, `${shown(this.#name)} is not an object`, at);
    else if (this.#isMetadata) {
      if (depth === 2 && kind === 'string') this.#metadata.push([this.#field, token.text]);
      else this.#fault('metadata', this.#field, `metadata ${shown(this.#field)} is not text`, at);
    } else if (depth === 3 && this.#list !== undefined) this.#number(this.#list, kind, token, at);
    else if (depth === 2 && this.#field === 'dtype' && kind === 'string') this.#entry.dtype = token.text;
    else
      this.#fault(
        'entry',
        this.#name,
        `tensor ${shown(this.#name)} has an unexpected value at ${shown(this.#field)}`,
        at,
      );
  }

  #number(list: number[], kind: JsonScalar, token: JsonToken, at: number): void {
    if (list.length > MAX_RANK) return;
    const { text } = token;
    const value = kind === 'number' && /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (list.length === MAX_RANK)
      this.#fault(
        'entry',
        this.#name,
        `tensor ${shown(this.#name)} has more than ${MAX_RANK} numbers in ${this.#field}`,
        at,
      );
    else if (!Number.isSafeInteger(value)) {
      this.#fault(
        'entry',
        this.#name,
        `tensor ${shown(this.#name)}: ${shown(text)} in ${this.#field} is not a count of bytes or elements`,
        at,
      );
    }
    list.push(value);
  }

  #close(kind: 'object' | 'array', depth: number): void {
    if (depth === 2 && kind === 'array') {
      if (this.#field === 'shape') this.#entry.shape = this.#list;
      else if (this.#field === 'data_offsets') this.#entry.offsets = this.#list;
      this.#list = undefined;
    } else if (depth === 1 && kind === 'object' && !this.#isMetadata) this.#endTensor();
  }

  #endTensor(): void {
    const { dtype, shape, offsets } = this.#entry;
    const name = this.#name;
    const at = this.#nameAt;
    const [start, end] = offsets ?? [];
    if (
      dtype === undefined ||
      shape === undefined ||
      offsets?.length !== 2 ||
      start === undefined ||
      end === undefined
    ) {
      this.#fault('entry', name, `tensor ${shown(name)} lacks a dtype, a shape or two data_offsets`, at);
      return;
    }
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || shape.some((size) => !Number.isSafeInteger(size)))
      return;
    if (start > end || end > this.#dataSize) {
      this.#fault(
        'end',
        name,
        `tensor ${shown(name)} lies at ${start} to ${end}, but the file holds ${this.#dataSize} bytes of tensors`,
        at,
      );
      return;
    }
    this.#spans.push({ start, end, name, at });
    this.#onEntry?.({ name, dtype, shape, start, end });
    const bits = DTYPE_BITS.get(dtype);
    if (bits === undefined)
      this.#fault('dtype', name, `tensor ${shown(name)} has the unknown dtype ${shown(dtype)}`, at);
    else if (byteSize(shape, bits) !== BigInt(end - start)) {
      this.#fault(
        'size',
        name,
        `tensor ${shown(name)}: ${dtype} of shape [${shape.slice(0, 8).join(', ')}] does not fill ${end - start} bytes`,
        at,
      );
    }
  }

  #checkSpans(): void {
    let at = 0;
    for (const span of this.#spans.sort((a, b) => a.start - b.start || a.end - b.end)) {
      if (span.start < at)
        this.#fault('overlap', span.name, `tensor ${shown(span.name)} shares bytes with the tensor before it`, span.at);
      else if (span.start > at)
        this.#fault(
          'hole',
          span.name,
          `${span.start - at} bytes before tensor ${shown(span.name)} belong to no tensor`,
          span.at,
        );
      at = Math.max(at, span.end);
    }
    if (this.#spans.length === 0 && !this.#metadataSeen && this.#faults.length === 0 && this.#dataSize > 0) {
      this.#fault('hole', 'header', 'the header does not name a tensor', 8);
    }
  }
}

/** In bytes; -1 when the elements do not fill whole bytes. Exact, however large. */
function byteSize(shape: readonly number[], bits: number): bigint {
  let total = BigInt(bits);
  if (shape.includes(0)) return 0n;
  for (const size of shape) {
    total *= BigInt(size);
    // Larger than any file: stop multiplying.
    if (total > 2n ** 80n) return total / 8n;
  }
  return total % 8n === 0n ? total / 8n : -1n;
}

function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}...` : name);
}
