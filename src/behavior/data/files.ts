import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { isAbsolute, join, sep } from 'node:path';
import { type ByteSource, chunks, FileSource, inByteOrder } from '../../core/bytes/index.ts';
import { AssayError, isAssayError, isFileMissing, throwIfAborted } from '../../core/index.ts';
import type { DataContext, DataOptions } from './options.ts';

/** A file of data that is open. */
export interface DataFile {
  /** As the suite names it, for messages. */
  readonly path: string;
  readonly source: ByteSource;
}

interface Used {
  readonly size: number;
  readonly sha256: string;
}

const INSIDE = 'name files below the folder of the suite, with / between their parts';

/** The files that a suite names, each opened, hashed, parsed from the same bytes, and closed. */
export class DataFiles {
  readonly #root: string;
  readonly #outside: boolean;
  readonly #context: DataContext;
  readonly #used = new Map<string, Used>();

  /** @throws AssayError `not-found` without the folder */
  constructor({ folder, outside = false }: DataOptions, context: DataContext) {
    this.#root = real(folder, folder);
    this.#outside = outside;
    this.#context = context;
  }

  /**
   * Calls `read` with an open file. Its bytes are a part of the digest, and the same before and after.
   * @throws AssayError `usage` for a path that leads out of the folder; `not-found`, `unreadable`, `changed`; what `read` throws
   */
  async use<T>(path: string, read: (file: DataFile) => Promise<T>): Promise<T> {
    throwIfAborted(this.#context.signal);
    const source = FileSource.open(this.resolve(path));
    try {
      const sha256 = await this.#hash(source);
      const before = this.#used.get(path);
      const result = await read({ path, source });
      if ((before !== undefined && before.sha256 !== sha256) || !(await source.unchanged())) throw changed(path);
      this.#used.set(path, { size: source.size, sha256 });
      return result;
    } catch (error) {
      throw named(error, path);
    } finally {
      await source.close();
    }
  }

  /** Where a path of the suite leads, without links. @throws AssayError `usage`, `not-found` */
  resolve(path: string): string {
    return resolvedIn(this.#root, path, this.#outside);
  }

  /** SHA-256 over all files that were read: a line of JSON with name, size and digest for each, by name. */
  sha256(): string {
    const hash = createHash('sha256');
    for (const [path, { size, sha256 }] of inByteOrder([...this.#used], ([name]) => name))
      hash.update(`${JSON.stringify([path, size, sha256])}\n`);
    return hash.digest('hex');
  }

  async #hash(source: ByteSource): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of chunks(source, 0, source.size)) {
      throwIfAborted(this.#context.signal);
      hash.update(chunk);
    }
    return hash.digest('hex');
  }
}

/** Where a path of a suite leads, without links. @throws AssayError `usage` for one that leads out of its folder; `not-found` */
export function suitePath(folder: string, path: string): string {
  return resolvedIn(real(folder, folder), path, false);
}

function resolvedIn(root: string, path: string, outside: boolean): string {
  const parts = path.split('/');
  const isInside =
    !isAbsolute(path) && !/^[A-Za-z]:|[\\\0]/.test(path) && !parts.some((part) => part === '' || part === '..');
  if (!isInside && (!outside || path === '' || path.includes('\0')))
    throw new AssayError('usage', 'is not a path within the folder of the suite', { subject: path, hint: INSIDE });
  const found = real(isAbsolute(path) ? path : join(root, path), path);
  const within = found === root || found.startsWith(root.endsWith(sep) ? root : root + sep);
  if (!within && !outside)
    throw new AssayError('usage', 'is a link that leads out of the folder of the suite', {
      subject: path,
      hint: 'copy the file into the folder',
    });
  return found;
}

function real(path: string, subject: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    if (isFileMissing(cause))
      throw new AssayError('not-found', 'no such file or folder', { subject, hint: 'check the path', cause });
    throw new AssayError('unreadable', 'cannot be opened', { subject, hint: 'check its permissions and links', cause });
  }
}

/** Readers of one format do not know the name that the suite gives a file. */
function named(error: unknown, subject: string): unknown {
  if (!isAssayError(error) || error.subject === subject) return error;
  const { code, message, hint, offset, cause } = error;
  // What a reader says it is about is a part of the file, such as an array.
  const inner = error.subject === undefined || error.subject.endsWith(subject) ? '' : `${error.subject}: `;
  return new AssayError(code, inner + message, {
    subject,
    cause: cause ?? error,
    ...(hint === undefined ? {} : { hint }),
    ...(offset === undefined ? {} : { offset }),
  });
}

function changed(subject: string): AssayError {
  return new AssayError('changed', 'changed while it was read', {
    subject,
    hint: 'test again when nothing writes to it',
  });
}
