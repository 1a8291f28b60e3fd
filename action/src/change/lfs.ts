import { lstat, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { FileSource } from '../../../src/core/bytes/index.ts';
import type { ArtifactFile } from '../../../src/core/index.ts';
import type { Git } from '../git/index.ts';
import type { Sorted } from './model-files.ts';

/** Finds what Git LFS pointers stand for, where `git lfs` has brought it. Nothing is fetched. */
export class LfsFiles {
  readonly #workspace: string;
  readonly #store: string;

  private constructor(workspace: string, store: string) {
    this.#workspace = workspace;
    this.#store = store;
  }

  /** @param folder of the repository @param workspace where its files stand under the paths that they are asked for by */
  static async of(git: Git, folder: string, workspace: string): Promise<LfsFiles> {
    const common = await git.text(['rev-parse', '--git-common-dir']);
    return new LfsFiles(workspace, join(resolve(folder, common), 'lfs', 'objects'));
  }

  /** @returns `undefined` where the content is not on this machine */
  async find({ path, pointer }: Sorted): Promise<ArtifactFile | undefined> {
    if (pointer === undefined) return undefined;
    const { sha256, size } = pointer;
    const places = [join(this.#store, sha256.slice(0, 2), sha256.slice(2, 4), sha256), join(this.#workspace, path)];
    for (const place of places) {
      if (!(await this.#isFile(place, size))) continue;
      // Whatever lies there counts only if it has the digest that the pointer names.
      const claimed = { algorithm: 'sha256', hex: sha256 } as const;
      return { path, size, distance: 'near', claimed, open: async () => FileSource.open(place) };
    }
    return undefined;
  }

  /** A regular file of the size, reached without a link that leaves the workspace. */
  async #isFile(place: string, size: number): Promise<boolean> {
    try {
      const stat = await lstat(place);
      if (!stat.isFile() || stat.size !== size) return false;
      const real = await realpath(place);
      return real.startsWith(this.#workspace + sep) || real.startsWith((await realpath(this.#store)) + sep);
    } catch {
      // What is absent or cannot be read is not here: the pointer itself is judged, which is never clean.
      return false;
    }
  }
}
