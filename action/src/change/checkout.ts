import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Git, GitBlobs, type TreeEntry, treeOf } from '../git/index.ts';
import { LfsFiles } from './lfs.ts';

/** A repository that the job has checked out: the one that is judged, or a submodule within it. */
export interface Checkout {
  /** Where it lies in the repository that is judged: `''`, or a path with `/` at its end. */
  readonly prefix: string;
  readonly git: Git;
  readonly blobs: GitBlobs;
  readonly lfs: LfsFiles;
  /** Every file of the commit that is judged, under its path in the repository that is judged. */
  readonly tree: readonly TreeEntry[];
}

/** Opens checkouts, each with a folder of its own for what it reads. */
export class Checkouts {
  readonly #workspace: string;
  readonly #scratch: string;
  #count = 0;

  private constructor(workspace: string, scratch: string) {
    this.#workspace = workspace;
    this.#scratch = scratch;
  }

  /** @param scratch an empty folder, removed by the caller */
  static async of(workspace: string, scratch: string): Promise<Checkouts> {
    return new Checkouts(await realpath(workspace), scratch);
  }

  async open(git: Git, commit: string, prefix = ''): Promise<Checkout> {
    const folder = join(this.#scratch, String(this.#count++));
    await mkdir(folder);
    const tree = await treeOf(git, commit);
    return {
      prefix,
      git,
      blobs: new GitBlobs(git, folder),
      lfs: await LfsFiles.of(git, join(this.#workspace, prefix), this.#workspace),
      tree: prefix === '' ? tree : tree.map((entry) => ({ ...entry, path: prefix + entry.path })),
    };
  }

  /** The repository of a submodule at a commit; `undefined` where the job has not checked it out. */
  async submodule(path: string, commit: string): Promise<Git | undefined> {
    const folder = join(this.#workspace, path);
    if (!(await isOwnFolder(folder))) return undefined;
    const git = new Git(folder);
    // A folder without a repository of its own lies in the one around it.
    const { bytes, status } = await git.ask(['rev-parse', '--show-toplevel'], { allow: [1, 128] });
    if (status !== 0 || bytes.toString('utf8').replace(/\n$/, '') !== folder) return undefined;
    return (await git.hasCommit(commit)) ? git : undefined;
  }
}

/** A folder that no link leads to. */
async function isOwnFolder(folder: string): Promise<boolean> {
  try {
    return (await lstat(folder)).isDirectory() && (await realpath(folder)) === folder;
  } catch {
    // What is absent or cannot be entered is not checked out: it is reported as not scanned.
    return false;
  }
}
