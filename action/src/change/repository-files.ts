import type { GitBlob, GitBlobs } from '../git/index.ts';
import type { Checkout } from './checkout.ts';

/** The files of a commit by their paths, submodules that are checked out included. */
export class RepositoryFiles {
  readonly #files = new Map<string, { readonly oid: string; readonly blobs: GitBlobs }>();
  readonly #other = new Map<string, string>();
  #folders: ReadonlySet<string> | undefined;

  constructor(checkouts: readonly Checkout[]) {
    for (const { tree, blobs } of checkouts) {
      for (const { path, oid, kind } of tree) {
        if (kind === 'submodule') this.#other.set(path, oid);
        else this.#files.set(path, { oid, blobs });
      }
    }
  }

  /** Whether a path is a file or a folder. */
  has(path: string): boolean {
    const plain = path.replace(/^\.\//, '').replace(/\/$/, '');
    if (this.#files.has(plain)) return true;
    this.#folders ??= foldersOf([...this.#files.keys(), ...this.#other.keys()]);
    return this.#folders.has(plain);
  }

  isFile(path: string): boolean {
    return this.#files.has(path);
  }

  paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** The commit of a submodule. */
  submodule(path: string): string | undefined {
    return this.#other.get(path);
  }

  /** Those of the paths that are files. @throws AssayError `unreadable` for a file that the checkout does not have */
  async read(paths: readonly string[]): Promise<ReadonlyMap<string, GitBlob>> {
    const wanted = new Map<GitBlobs, [string, string][]>();
    for (const path of paths) {
      const file = this.#files.get(path);
      if (file !== undefined) wanted.set(file.blobs, [...(wanted.get(file.blobs) ?? []), [path, file.oid]]);
    }
    const found = new Map<string, GitBlob>();
    for (const [blobs, own] of wanted) {
      const read = await blobs.read(own.map(([, oid]) => oid));
      for (const [path, oid] of own) {
        const blob = read.get(oid);
        if (blob !== undefined) found.set(path, blob);
      }
    }
    return found;
  }
}

function foldersOf(paths: readonly string[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = path.length; at > 0; at = path.lastIndexOf('/', at - 1)) {
      const part = path.slice(0, at);
      if (folders.has(part)) break;
      folders.add(part);
    }
  }
  return folders;
}
