import { AssayError } from '../../core/index.ts';
import { discard } from '../../egress/index.ts';
import { bodyOf, contentRange, exactly, type HttpFile, otherLength, persistently, strongEtag } from './body.ts';

/** Bytes of the first request: enough for most headers. */
export const FIRST_RANGE = 64 * 1024;

/** A file that a server delivers in ranges, all of the version that was opened. */
export interface RangeReader {
  readonly size: number;
  /** How the file starts: it came with the opening. */
  readonly first: Uint8Array;
  /** Bytes that came over the network. */
  readonly bytesRead: number;
  /** The bytes from `start` up to `end`. @throws AssayError `changed`, `network`, `mismatch`, and what the server refuses with. */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Whether the server still has the version that was opened. */
  unchanged(): Promise<boolean>;
}

/** How long one range may take as a whole. */
const RANGE_TIMEOUT_MS = 120_000;

/**
 * A file that its server delivers in ranges under one strong ETag. Each range is exact, and of the version that was opened.
 */
export class HttpRanges implements RangeReader {
  readonly size: number;
  readonly first: Uint8Array;
  /** Bytes that came over the network. */
  bytesRead: number;
  readonly #file: HttpFile;
  readonly #etag: string;
  /** Where redirects led: a content delivery network, whose address expires. */
  #resolved: string;

  private constructor(file: HttpFile, etag: string, size: number, resolved: string, first: Uint8Array) {
    this.#file = file;
    this.#etag = etag;
    this.#resolved = resolved;
    this.size = size;
    this.first = first;
    this.bytesRead = first.length;
  }

  /**
   * @param size what was announced, if something was
   * @returns `undefined` when the server has no ranges or no strong ETag for the file: then it can only be read whole.
   * @throws AssayError `mismatch` when the size differs from the announced size; `network`, and what `explain` says.
   */
  static async open(file: HttpFile, size: number | undefined, signal?: AbortSignal): Promise<HttpRanges | undefined> {
    return persistently(async () => {
      const end = Math.min(FIRST_RANGE, size ?? FIRST_RANGE);
      const response = await ask(file, file.url, 0, end, undefined, signal);
      if (response.status === 416) {
        await discard(response);
        return undefined;
      }
      if (!response.ok) throw await refusal(file, response);
      const range = contentRange(response);
      const etag = strongEtag(response);
      if (response.status !== 206 || range === undefined || etag === undefined) {
        await discard(response);
        return undefined;
      }
      if (size !== undefined && range.total !== size) {
        await discard(response);
        throw otherLength(file, range.total, size);
      }
      const wanted = Math.min(end, range.total);
      if (range.start !== 0 || range.end !== wanted) throw await otherRange(file, response);
      const first = await exactly(bodyOf(response), wanted, file.name);
      return new HttpRanges(file, etag, range.total, response.url, first);
    }, signal);
  }

  /** The bytes from `start` up to `end`. @throws AssayError `changed`, `network`, `mismatch`, and what `explain` says. */
  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    return persistently(async () => {
      const response = await this.#ask(start, end, signal);
      if (response.status === 200 || response.status === 412) {
        await discard(response);
        throw this.#changed();
      }
      if (!response.ok) throw await refusal(this.#file, response);
      const range = contentRange(response);
      if (strongEtag(response) !== this.#etag || (range !== undefined && range.total !== this.size)) {
        await discard(response);
        throw this.#changed();
      }
      if (range?.start !== start || range.end !== end) throw await otherRange(this.#file, response);
      const bytes = await exactly(bodyOf(response), end - start, this.#file.name);
      this.bytesRead += bytes.length;
      return bytes;
    }, signal);
  }

  /** Whether the server still has the version that was opened. */
  async unchanged(): Promise<boolean> {
    const response = await this.#ask(0, 1, undefined);
    await discard(response);
    if (response.status === 206)
      return strongEtag(response) === this.#etag && contentRange(response)?.total === this.size;
    if (response.ok || [404, 410, 412, 416].includes(response.status)) return false;
    throw await refusal(this.#file, response);
  }

  /** Asks where redirects led last time; when that address is no longer served, once more from the start. */
  async #ask(start: number, end: number, signal: AbortSignal | undefined): Promise<Response> {
    const response = await ask(this.#file, this.#resolved, start, end, this.#etag, signal);
    const expired = [400, 401, 403, 404, 410].includes(response.status) && this.#resolved !== this.#file.url;
    if (!expired) return response;
    await discard(response);
    const again = await ask(this.#file, this.#file.url, start, end, this.#etag, signal);
    if (again.status === 206) this.#resolved = again.url;
    return again;
  }

  #changed(): AssayError {
    return new AssayError('changed', 'changed on the server while it was read', {
      subject: this.#file.name,
      hint: 'scan it again',
    });
  }
}

async function ask(
  file: HttpFile,
  url: string,
  start: number,
  end: number,
  etag: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const timeout = AbortSignal.timeout(RANGE_TIMEOUT_MS);
  return file.egress.fetch(url, {
    headers: { range: `bytes=${start}-${end - 1}`, ...(etag === undefined ? {} : { 'if-range': etag }) },
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
}

async function refusal(file: HttpFile, response: Response): Promise<AssayError> {
  const error = await file.explain(response);
  await discard(response);
  return error;
}

async function otherRange(file: HttpFile, response: Response): Promise<AssayError> {
  await discard(response);
  return new AssayError('network', 'the server answers with another range than the request names', {
    subject: file.name,
    hint: 'try again',
  });
}
