import { type ByteSource, PartsSource, type SourceRange } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { ProtoWriter } from '../../protobuf/index.ts';
import type { OnnxExternalData, OnnxModel, OnnxTensor } from '../model.ts';
import { ModelEncoder } from './encode.ts';

export interface WriteOnnxOptions {
  /** The name of the file that takes the tensors of a model that is too large; beside the model. */
  readonly externalName: string;
  /** Bytes of the model's own file; more goes to the other. No more than Protocol Buffers allow, which is the default. */
  readonly maxModelBytes?: number;
}

/** The bytes of a model, made while they are read: `chunks` of `core/bytes` goes through them without a copy. */
export interface WrittenOnnx {
  readonly model: ByteSource;
  /** The file of tensors, by its name; absent when all of them are in the model itself. */
  readonly external: ByteSource | undefined;
}

/** Protocol Buffers count the bytes of a message in 31 bits. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;
/** Smaller tensors stay in the model, where shape inference finds them. */
const MIN_EXTERNAL_BYTES = 1024;
/** Runtimes map the file into memory, and a mapping starts at a page: the format asks for multiples of its size. */
const ALIGNMENT = 4096;
/** A name that is one file beside the model on every system. */
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;

/**
 * The bytes of a model: equal ones for an equal model. Tensors are read only while they are written. A model that is too large
 * for one file has those of 1024 bytes and more in a second one; typed lists and strings always stay.
 * @throws AssayError `usage` for a name that is a path; `limit` when the model without its tensors is too large; `malformed`
 *   when a tensor's bytes do not fit its dimensions
 */
export function writeOnnx(model: OnnxModel, options: WriteOnnxOptions): WrittenOnnx {
  if (!PLAIN_NAME.test(options.externalName) || options.externalName.endsWith('.')) {
    const message = `${JSON.stringify(options.externalName)} is not a plain name for a file of tensors`;
    throw new AssayError('usage', message, { hint: 'use letters, digits, dots and hyphens' });
  }
  const most = Math.min(options.maxModelBytes ?? MAX_MODEL_BYTES, MAX_MODEL_BYTES);
  const whole = new ModelEncoder(stays).model(model);
  if (whole.size <= most) return { model: sourceOf(whole), external: undefined };
  const file = new ExternalFile(options.externalName);
  const small = new ModelEncoder((tensor) => file.place(tensor)).model(model);
  if (small.size > most) {
    throw new AssayError('limit', `the model without its tensors has ${small.size} bytes, more than ${most}`);
  }
  return { model: sourceOf(small), external: file.size === 0 ? undefined : file.source() };
}

function sourceOf(writer: ProtoWriter): ByteSource {
  return new PartsSource(writer.parts(), 'model');
}

function stays({ data }: OnnxTensor): OnnxExternalData | undefined {
  return data.kind === 'external' ? data.at : undefined;
}

/** Tensors one behind the other. The same bytes, of tied weights, are written once. */
class ExternalFile {
  readonly name: string;
  size = 0;
  readonly #parts: (Uint8Array | SourceRange)[] = [];
  readonly #placed = new Map<SourceRange['source'], Map<string, number>>();

  constructor(name: string) {
    this.name = name;
  }

  place(tensor: OnnxTensor): OnnxExternalData | undefined {
    const { data } = tensor;
    if (data.kind === 'external' && data.at.location === this.name) {
      const message = `the model names the file ${JSON.stringify(this.name)} already`;
      throw new AssayError('usage', message, { hint: 'choose another name for the file of tensors' });
    }
    if (data.kind !== 'raw' || data.range.length < MIN_EXTERNAL_BYTES) return stays(tensor);
    const { range } = data;
    return {
      location: this.name,
      offset: this.#offset(range),
      length: range.length,
      checksum: undefined,
      others: [],
    };
  }

  source(): ByteSource {
    return new PartsSource(this.#parts, this.name);
  }

  #offset(range: SourceRange): number {
    let placed = this.#placed.get(range.source);
    if (placed === undefined) {
      placed = new Map();
      this.#placed.set(range.source, placed);
    }
    const key = `${range.offset}+${range.length}`;
    let offset = placed.get(key);
    if (offset === undefined) {
      offset = Math.ceil(this.size / ALIGNMENT) * ALIGNMENT;
      placed.set(key, offset);
      this.#parts.push(new Uint8Array(offset - this.size), range);
      this.size = offset + range.length;
    }
    return offset;
  }
}
