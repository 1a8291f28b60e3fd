import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { chunks, FileSource } from '../../core/bytes/index.ts';
import { AssayError, codeOrText, isAssayError } from '../../core/index.ts';
import { isCommit } from '../../core/reference/index.ts';
import { claimHash } from '../claim.ts';
import { repoFolder } from '../hub-cache/index.ts';
import type { HubFile } from './hub.ts';

export interface StagedFile {
  readonly path: string;
  /** Of the bytes on disk, computed as they were written or found. */
  readonly sha256: string;
}

/**
 * A staged snapshot beside the models of a Hugging Face cache, with the layout of a cached model: it is scanned in the stage,
 * then moved into the cache as a whole, or removed completely.
 */
export class HubStage {
  /** The folder to scan. */
  readonly snapshot: string;
  /** Looks like a cache of its own, with this model alone. */
  readonly root: string;
  readonly #staged: string;
  readonly #final: string;
  readonly #commit: string;
  readonly #cacheFolder: string;
  readonly #blobs = new Set<string>();
  /** The outermost folder that was made for the cache. */
  #made: string | undefined;

  private constructor(cacheFolder: string, repo: string, commit: string) {
    this.#cacheFolder = cacheFolder;
    this.root = join(cacheFolder, `.assay-${randomUUID()}`);
    this.#staged = repoFolder(this.root, repo);
    this.#final = repoFolder(cacheFolder, repo);
    this.#commit = commit;
    this.snapshot = join(this.#staged, 'snapshots', commit);
  }

  /** @throws AssayError `unreadable` when the cache cannot be written to. */
  static async create(cacheFolder: string, repo: string, commit: string): Promise<HubStage> {
    const stage = new HubStage(cacheFolder, repo, commit);
    await writing(cacheFolder, async () => {
      stage.#made = await mkdir(cacheFolder, { recursive: true });
      await mkdir(stage.root, { mode: 0o700 });
      await mkdir(stage.snapshot, { recursive: true });
      await mkdir(join(stage.#staged, 'blobs'));
    });
    return stage;
  }

  /**
   * Adds a file: from the cache when its blob is there and has the right digest, else from the Hub.
   * @throws AssayError `mismatch` for other bytes than claimed; `changed`, `network`, `unreadable`, `aborted`.
   */
  async add(file: HubFile, signal: AbortSignal | undefined, onBytes: (bytes: number) => void): Promise<StagedFile> {
    const blob = file.claimed.hex;
    const path = join(this.#staged, 'blobs', blob);
    // Two files of the same content share a blob, which then is already here.
    const sha256 = (await this.#reuse(file, path, onBytes)) ?? (await download(file, path, signal, onBytes));
    this.#blobs.add(blob);
    const name = join(this.snapshot, ...file.path.split('/'));
    await writing(name, async () => {
      await mkdir(dirname(name), { recursive: true });
      await symlink(relative(dirname(name), path), name);
    });
    return { path: file.path, sha256 };
  }

  /**
   * Moves everything into the cache: blobs, the snapshot in place of one that was there, and the revision's commit.
   * @returns the snapshot's folder
   */
  async publish(revision: string): Promise<string> {
    const snapshot = join(this.#final, 'snapshots', this.#commit);
    const before = join(this.root, 'before');
    await writing(this.#final, async () => {
      await mkdir(join(this.#final, 'blobs'), { recursive: true });
      await mkdir(dirname(snapshot), { recursive: true });
      for (const blob of this.#blobs) await rename(join(this.#staged, 'blobs', blob), join(this.#final, 'blobs', blob));
      const replaced = existsSync(snapshot);
      if (replaced) await rename(snapshot, before);
      try {
        await rename(this.snapshot, snapshot);
      } catch (error) {
        if (replaced) await rename(before, snapshot);
        throw error;
      }
      if (!isCommit(revision)) await this.#writeRef(revision);
    });
    await this.discard();
    return snapshot;
  }

  /** Removes the stage completely. */
  async discard(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
    let folder = this.#made === undefined ? undefined : this.#cacheFolder;
    while (folder !== undefined && existsSync(folder) && (await readdir(folder)).length === 0) {
      await rmdir(folder);
      folder = folder === this.#made ? undefined : dirname(folder);
    }
  }

  async #writeRef(revision: string): Promise<void> {
    const path = join(this.#final, 'refs', ...revision.split('/'));
    const temporary = join(this.root, 'ref');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, this.#commit);
    await rename(temporary, path);
  }

  async #reuse(file: HubFile, path: string, onBytes: (bytes: number) => void): Promise<string | undefined> {
    const cached = join(this.#final, 'blobs', file.claimed.hex);
    if (!existsSync(path)) {
      const found = await stat(cached).catch(() => undefined);
      if (found?.isFile() !== true || found.size !== file.size) return undefined;
      const linked = await link(cached, path)
        .then(() => true)
        .catch(() => false);
      if (!linked) return undefined;
    }
    const digests = await digestsOf(path, file, onBytes);
    if (digests.claimed === file.claimed.hex) return digests.sha256;
    await rm(path);
    return undefined;
  }
}

async function download(
  file: HubFile,
  path: string,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<string> {
  const temporary = `${path}.incomplete`;
  const hash = createHash('sha256');
  await writing(temporary, async () => {
    const handle = await open(temporary, 'wx', 0o644);
    try {
      for await (const chunk of file.download(signal)) {
        hash.update(chunk);
        await handle.writeFile(chunk);
        onBytes(chunk.length);
      }
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  });
  return hash.digest('hex');
}

async function digestsOf(
  path: string,
  file: HubFile,
  onBytes: (bytes: number) => void,
): Promise<{ sha256: string; claimed: string }> {
  const source = FileSource.open(path);
  const sha256 = createHash('sha256');
  const claimed = claimHash(file.claimed.algorithm, source.size);
  try {
    for await (const chunk of chunks(source)) {
      sha256.update(chunk);
      claimed.update(chunk);
      onBytes(chunk.length);
    }
    return { sha256: sha256.digest('hex'), claimed: claimed.hex() };
  } finally {
    await source.close();
  }
}

async function writing(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (isAssayError(error)) throw error;
    const code = codeOrText(error);
    const hint = 'check the free disk space and the permissions, or name another cache in HF_HUB_CACHE';
    throw new AssayError('unreadable', `cannot be written (${code})`, { subject: path, hint, cause: error });
  }
}
