import { type ByteSource, chunks, MemorySource, SliceSource, spool } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import {
  argsOf,
  calleeName,
  type Inert,
  type InertBytes,
  type InertObject,
  isKind,
  sequenceOf,
} from '../../formats/pickle/inert/index.ts';
import type { TensorReadOptions } from '../tensors/index.ts';
import { quotedBytes } from './escapes.ts';

/** Names of Latin-1 that pickles of Python 3 give `_codecs.encode`. */
const LATIN1: ReadonlySet<unknown> = new Set(['latin1', 'latin-1', 'iso-8859-1']);

/**
 * The bytes that the values of a pickle stand for. Protocols before 3 have no bytes: they spell them as text, which is decoded
 * into temporary files before the arrays are looked at.
 */
export class Buffers {
  readonly #source: ByteSource;
  readonly #decoded = new Map<InertBytes, ByteSource>();

  private constructor(source: ByteSource) {
    this.#source = source;
  }

  /** @throws AssayError `limit` when long texts take more than the budget of the artifact */
  static async of(source: ByteSource, calls: readonly InertObject[], options: TensorReadOptions): Promise<Buffers> {
    const buffers = new Buffers(source);
    for (const call of calls) {
      const text = longText(call);
      if (text === undefined || buffers.#decoded.has(text)) continue;
      options.budget.work(text.length);
      const copy = await spool(decoded(source, text), source.name, text.length, options.budget, options.limits);
      options.resources.defer(() => copy.close());
      buffers.#decoded.set(text, copy);
    }
    return buffers;
  }

  /** @returns `undefined` for a value that is not bytes */
  bytesOf(value: Inert | undefined): ByteSource | undefined {
    // NumPy takes text as Latin-1, as which Python 2's bytes are loaded.
    if (typeof value === 'string') return latin1Source(value, this.#source.name);
    if (isKind(value, 'bytes')) {
      return value.spelling === 'raw'
        ? new SliceSource(this.#source, value.start, value.length, this.#source.name)
        : this.#decoded.get(value);
    }
    if (!isKind(value, 'object') || value.opcode !== 'REDUCE' || !isUntouched(value)) return undefined;
    const args = argsOf(value);
    const name = calleeName(value);
    if (name === '_codecs.encode' && args?.length === 2 && LATIN1.has(args[1])) return this.#encoded(args[0]);
    if (name === 'builtins.bytes' && args?.length === 0) return new MemorySource(new Uint8Array(0), this.#source.name);
    if (name === 'builtins.bytearray' && args?.length === 1) return isText(args[0]) ? undefined : this.bytesOf(args[0]);
    if (name === 'builtins.bytearray' && args?.length === 2 && LATIN1.has(args[1])) return this.#encoded(args[0]);
    return undefined;
  }

  /** The UTF-8 of a text. @returns `undefined` for a value that is not a text */
  textOf(value: Inert | undefined): ByteSource | undefined {
    if (typeof value === 'string') return new MemorySource(Buffer.from(value, 'utf8'), this.#source.name);
    if (!isKind(value, 'bytes') || value.spelling !== 'utf8') return undefined;
    return new SliceSource(this.#source, value.start, value.length, this.#source.name);
  }

  #encoded(text: Inert | undefined): ByteSource | undefined {
    if (typeof text === 'string') return latin1Source(text, this.#source.name);
    return isKind(text, 'bytes') && text.spelling === 'utf8' ? this.#decoded.get(text) : undefined;
  }
}

/** Python makes no bytes of text without an encoding. */
function isText(value: Inert | undefined): boolean {
  return typeof value === 'string' || (isKind(value, 'bytes') && value.spelling !== 'raw');
}

/** Whether nothing was put into what a call made. */
export function isUntouched({ states, items, entries, kwargs }: InertObject): boolean {
  return states.length + items.length + entries.length === 0 && kwargs === undefined;
}

function latin1Source(text: string, name: string): ByteSource | undefined {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return undefined;
  return new MemorySource(Buffer.from(text, 'latin1'), name);
}

/** A text that is too long to hold, and that a call or the state of an array uses as bytes. */
function longText(call: InertObject): InertBytes | undefined {
  const name = calleeName(call);
  const spells = name === '_codecs.encode' || name === 'builtins.bytearray';
  const value = spells ? argsOf(call)?.[0] : sequenceOf(call.states[0])?.[4];
  const last = value ?? argsOf(call)?.[1];
  return isKind(last, 'bytes') && last.spelling !== 'raw' ? last : undefined;
}

async function* decoded(source: ByteSource, text: InertBytes): AsyncGenerator<Uint8Array> {
  const pieces = chunks(source, text.start, text.start + text.length);
  if (text.spelling === 'utf8') yield* fromUtf8(pieces, source.name);
  else yield* quotedBytes(pieces, source.name);
}

/** Latin-1 of characters that are spelled as UTF-8. */
async function* fromUtf8(pieces: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let lead = 0;
  for await (const piece of pieces) {
    const out = Buffer.allocUnsafeSlow(piece.length);
    let used = 0;
    for (const byte of piece) {
      if (lead !== 0) {
        if ((byte & 0xc0) !== 0x80) throw notLatin1(name);
        out[used++] = ((lead & 0x03) << 6) | (byte & 0x3f);
        lead = 0;
      } else if (byte < 0x80) out[used++] = byte;
      else if (byte === 0xc2 || byte === 0xc3) lead = byte;
      else throw notLatin1(name);
    }
    yield out.subarray(0, used);
  }
  if (lead !== 0) throw notLatin1(name);
}

function notLatin1(name: string): AssayError {
  return new AssayError('malformed', 'a text that stands for bytes has characters that no byte has', { subject: name });
}
