import { createInflate, createInflateRaw, type Inflate, type InflateRaw, inflateRawSync, inflateSync } from 'node:zlib';
import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import { AssayError, systemCode } from '../../core/index.ts';

export type DeflateKind = 'raw' | 'zlib';

/** Streams no longer than this are tried at once, without a stream object. */
const SMALL_INPUT = 64 * 1024;
const SMALL_OUTPUT = 1024 * 1024;
const CHUNK = 64 * 1024;
/** Divides the pieces that Python's decompressors return, so that all output before an error is seen. */
const SALVAGE_CHUNK = 1024;

/**
 * Inflates `[start, end)` of a source by Node's zlib. Returns how many bytes the stream took; what follows it is left.
 * @throws AssayError `malformed`, `truncated`, after everything that could be inflated before it was given.
 */
export async function* inflate(
  kind: DeflateKind,
  source: ByteSource,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, number> {
  if (end - start <= SMALL_INPUT) {
    const now = inflateNow(kind, source.readNow(start, end - start) ?? (await source.read(start, end - start)));
    if (now !== undefined) {
      yield now.bytes;
      return now.consumed;
    }
  }
  const whole = new Inflation(kind, source, start, end, CHUNK);
  yield* whole.output(0);
  if (whole.error === undefined) return whole.consumed;
  const again = new Inflation(kind, source, start, end, SALVAGE_CHUNK);
  yield* again.output(whole.given);
  throw whole.error;
}

/** A short stream, inflated; `undefined` when it must be streamed, because it is broken or expands too far. */
function inflateNow(kind: DeflateKind, input: Uint8Array): { bytes: Uint8Array; consumed: number } | undefined {
  const options = { info: true, maxOutputLength: SMALL_OUTPUT };
  try {
    // With `info` the result is not the Buffer that it is declared to be.
    const result: unknown = kind === 'raw' ? inflateRawSync(input, options) : inflateSync(input, options);
    if (!isInfo(result)) return undefined;
    return { bytes: result.buffer, consumed: result.engine.bytesWritten };
  } catch {
    return undefined;
  }
}

function isInfo(result: unknown): result is { buffer: Uint8Array; engine: { bytesWritten: number } } {
  return typeof result === 'object' && result !== null && 'buffer' in result && 'engine' in result;
}

/** One run over a stream. An error is kept, not thrown, so that the caller may run again. */
class Inflation {
  /** Bytes given so far, those passed over included. */
  given = 0;
  error: AssayError | undefined;
  readonly #engine: Inflate | InflateRaw;
  readonly #source: ByteSource;
  readonly #start: number;
  readonly #end: number;
  #readError: unknown;
  #wake: (() => void) | undefined;

  constructor(kind: DeflateKind, source: ByteSource, start: number, end: number, chunkSize: number) {
    this.#engine = kind === 'raw' ? createInflateRaw({ chunkSize }) : createInflate({ chunkSize });
    this.#source = source;
    this.#start = start;
    this.#end = end;
    this.#engine.once('close', () => this.#wake?.());
  }

  /** Bytes of input that the stream took; right once it ended. */
  get consumed(): number {
    return this.#engine.bytesWritten;
  }

  /** @param skip bytes to pass over, given before */
  async *output(skip: number): AsyncGenerator<Uint8Array, void> {
    const feeding = this.#feed();
    try {
      for await (const chunk of this.#engine) {
        const bytes: Uint8Array = chunk;
        const from = Math.max(0, skip - this.given);
        this.given += bytes.length;
        if (from < bytes.length) yield bytes.subarray(from);
      }
    } catch (error) {
      if (this.#readError !== undefined) throw this.#readError;
      this.error = zlibError(error, this.#source.name, this.#start);
    } finally {
      this.#engine.destroy();
      await feeding;
    }
  }

  /** Until the engine took a chunk, or was closed, when it may never say so. */
  #written(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#engine.write(chunk, () => resolve());
    });
  }

  async #feed(): Promise<void> {
    const engine = this.#engine;
    try {
      for await (const chunk of chunks(this.#source, this.#start, this.#end, CHUNK)) {
        if (engine.destroyed || engine.readableEnded) return;
        await this.#written(chunk);
      }
      engine.end();
    } catch (error) {
      // The engine's own errors are thrown where its output is read; this is the source's.
      if (engine.errored !== error) this.#readError ??= error;
      engine.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function zlibError(error: unknown, subject: string, offset: number): AssayError {
  const code = systemCode(error);
  if (code === 'Z_BUF_ERROR')
    return new AssayError('truncated', 'the deflate stream ends too early', { subject, offset });
  if (code === 'Z_DATA_ERROR') return new AssayError('malformed', 'the deflate stream is broken', { subject, offset });
  if (code === 'Z_NEED_DICT')
    return new AssayError('unsupported', 'the zlib stream needs a dictionary', { subject, offset });
  throw error;
}
