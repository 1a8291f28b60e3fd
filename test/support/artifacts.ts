import { readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Artifact, ArtifactFile, ClaimedDigest } from '../../src/core/artifact.ts';
import { type ByteSource, MemorySource } from '../../src/core/bytes/byte-source.ts';
import { FileSource } from '../../src/core/bytes/file-source.ts';

/** An artifact of these files. */
export function artifactOf(files: readonly ArtifactFile[]): Artifact {
  return { ref: 'test', pinned: 'test', files, notes: [], close: async () => {} };
}

export interface FileOptions {
  readonly claimed?: ClaimedDigest;
  readonly distance?: ArtifactFile['distance'];
}

export function fileFrom(
  path: string,
  size: number,
  open: (signal?: AbortSignal) => Promise<ByteSource>,
  { claimed, distance = 'near' }: FileOptions = {},
): ArtifactFile {
  return { path, size, distance, open, ...(claimed === undefined ? {} : { claimed }) };
}

export function memoryFile(path: string, bytes: Uint8Array, options: FileOptions = {}): ArtifactFile {
  return fileFrom(path, bytes.length, async () => new MemorySource(bytes, path), options);
}

/** Every file below a folder, as a path source gives them. */
export function folderFiles(root: string): ArtifactFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) =>
      fileFrom(relative(root, path).split(sep).join('/'), statSync(path).size, async () => FileSource.open(path)),
    );
}

/** Bytes of which each read waits for a time that the test sets. */
export class SlowSource implements ByteSource {
  readonly name = 'slow';
  readonly size: number;
  readonly calls: string[] = [];
  readonly #bytes: Uint8Array;
  readonly #wait: () => Promise<unknown>;

  constructor(bytes: Uint8Array, wait: () => Promise<unknown> = async () => undefined) {
    this.size = bytes.length;
    this.#bytes = bytes;
    this.#wait = wait;
  }

  readNow(): undefined {
    return undefined;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.calls.push('read');
    await this.#wait();
    return new MemorySource(this.#bytes, this.name).readNow(offset, length);
  }

  async unchanged(): Promise<boolean> {
    this.calls.push('unchanged');
    return true;
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }
}
