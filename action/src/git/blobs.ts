import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type ByteSource, FileSource, MemorySource } from '../../../src/core/bytes/index.ts';
import { AssayError } from '../../../src/core/index.ts';
import type { Git } from './git.ts';

/** A blob of the repository, on its way to a scanner. */
export interface GitBlob {
  readonly oid: string;
  readonly size: number;
  open(): Promise<ByteSource>;
}

/** Bytes of a blob that memory keeps; larger ones go to a file. */
const IN_MEMORY = 256 * 1024;
/** Bytes that all blobs in memory may have. */
const MEMORY = 64 * 1024 * 1024;

/** Reads blobs by their digests, each once, in the order of asking. Larger ones are written to a folder of the runner. */
export class GitBlobs {
  readonly #git: Git;
  readonly #folder: string;
  readonly #known = new Map<string, GitBlob>();
  #kept = 0;

  /** @param folder that is empty, and removed by the caller */
  constructor(git: Git, folder: string) {
    this.#git = git;
    this.#folder = folder;
  }

  /** @throws AssayError `unreadable` for a blob that the checkout does not have */
  async read(oids: readonly string[]): Promise<ReadonlyMap<string, GitBlob>> {
    const wanted = [...new Set(oids)];
    const unknown = wanted.filter((oid) => !this.#known.has(oid));
    if (unknown.length > 0) await this.#fetch(unknown);
    return new Map(
      wanted.flatMap((oid) => {
        const blob = this.#known.get(oid);
        return blob === undefined ? [] : [[oid, blob] as const];
      }),
    );
  }

  async #fetch(oids: readonly string[]): Promise<void> {
    const child = this.#git.start(['cat-file', '--batch']);
    child.stdin.on('error', () => {});
    child.stderr.resume();
    child.stdin.end(`${oids.join('\n')}\n`);
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    failed.catch(() => {});
    const stream = new ExactReader(child.stdout);
    try {
      for (const oid of oids) {
        const head = await Promise.race([stream.line(), failed]);
        const [name, kind, size] = head.split(' ');
        if (name !== oid || kind !== 'blob' || !/^\d+$/.test(size ?? '')) throw missing(oid);
        this.#known.set(oid, await this.#take(oid, Number(size), stream));
        // Git ends the content of each object with a line feed.
        await stream.skip(1);
      }
    } finally {
      child.kill();
    }
  }

  async #take(oid: string, size: number, stream: ExactReader): Promise<GitBlob> {
    if (size <= IN_MEMORY && this.#kept + size <= MEMORY) {
      const bytes = await stream.bytes(size);
      this.#kept += size;
      return { oid, size, open: async () => new MemorySource(bytes, oid) };
    }
    const path = join(this.#folder, oid);
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const part of stream.parts(size)) await file.writeFile(part);
    } finally {
      await file.close();
    }
    return { oid, size, open: async () => FileSource.open(path) };
  }
}

function missing(oid: string): AssayError {
  return new AssayError('unreadable', MISSING, { subject: oid, hint: WHOLE });
}

const MISSING = 'the checkout does not have all files of the commits';
const WHOLE = 'give actions/checkout no filter, and fetch-depth: 0';

/** Reads lines and known numbers of bytes off a stream. */
class ExactReader {
  readonly #iterator: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    for (;;) {
      const at = this.#rest.indexOf(10);
      if (at >= 0) {
        const line = this.#rest.toString('utf8', 0, at);
        this.#rest = this.#rest.subarray(at + 1);
        return line;
      }
      this.#rest = Buffer.concat([this.#rest, await this.#next()]);
    }
  }

  async *parts(size: number): AsyncGenerator<Buffer, void> {
    let left = size;
    while (left > 0) {
      if (this.#rest.length === 0) this.#rest = await this.#next();
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async bytes(size: number): Promise<Buffer> {
    const all: Buffer[] = [];
    for await (const part of this.parts(size)) all.push(part);
    return Buffer.concat(all);
  }

  async skip(size: number): Promise<void> {
    for await (const _ of this.parts(size));
  }

  async #next(): Promise<Buffer> {
    const { value, done } = await this.#iterator.next();
    if (done === true || value === undefined) throw new AssayError('unreadable', MISSING, { hint: WHOLE });
    return value;
  }
}
