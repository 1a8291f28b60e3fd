import { AssayError, isAssayError } from '../../core/index.ts';
import { FIRST_RANGE, type RangeReader } from '../http/index.ts';
import type { S3Store, StoredObject } from './store.ts';

/** One object of S3, read in ranges: each names the version id of the object, and its ETag. */
export class S3Ranges implements RangeReader {
  readonly size: number;
  readonly first: Uint8Array;
  bytesRead: number;
  readonly #store: S3Store;
  readonly #object: StoredObject;

  private constructor(store: S3Store, object: StoredObject, first: Uint8Array) {
    this.#store = store;
    this.#object = object;
    this.size = object.size;
    this.first = first;
    this.bytesRead = first.length;
  }

  /** @throws AssayError `changed` when the object is no more the one that was found; `network`, `unauthorized`. */
  static async open(store: S3Store, object: StoredObject, signal?: AbortSignal): Promise<S3Ranges> {
    const first = await readRange(store, object, 0, Math.min(FIRST_RANGE, object.size), signal);
    return new S3Ranges(store, object, first);
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const bytes = await readRange(this.#store, this.#object, start, end, signal);
    this.bytesRead += bytes.length;
    return bytes;
  }

  async unchanged(): Promise<boolean> {
    const { key, versionId, etag, size } = this.#object;
    try {
      const now = await this.#store.head(key, versionId);
      return now.ETag === etag && (now.ContentLength ?? 0) === size;
    } catch (error) {
      if (isAssayError(error) && error.code === 'not-found') return false;
      throw error;
    }
  }
}

/** What `readRange` reads at a time when it reads an object whole. */
const PIECE = 4 * 1024 * 1024;

/** Every byte of an object in order. @throws as `S3Ranges.open` */
export async function* readWhole(
  store: S3Store,
  object: StoredObject,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < object.size; at += PIECE)
    yield await readRange(store, object, at, Math.min(at + PIECE, object.size), signal);
}

async function readRange(
  store: S3Store,
  object: StoredObject,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const subject = store.subjectOf(object.key);
  if (object.etag === undefined && (object.versionId === undefined || object.versionId === 'null')) {
    throw new AssayError('unsupported', 'the server gives the object neither a version nor an ETag', {
      subject,
      hint: 'download it and give its path',
    });
  }
  try {
    return await store.range(object, start, end, signal);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'not-found') throw error;
    const hint = 'scan it again';
    throw new AssayError('changed', 'was listed in the bucket, but no longer exists', { subject, hint, cause: error });
  }
}
