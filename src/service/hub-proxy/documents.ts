import { gitFolders, lfsPointer, parentOf } from './git-objects.ts';
import type { CommitListing, ProxyFile } from './listing.ts';

/** A file or a folder, as the Hub lists it. Without what would make clients fetch it by other ways than plain HTTP (Xet). */
export type HubTreeEntry = ReturnType<typeof fileEntry> | ReturnType<typeof folderEntry>;

/** The Hub's description of a model, limited to the assessed content. */
export function modelInfo({ repo, commit, card, files }: CommitListing, withBlobs: boolean) {
  const [owner] = repo.split('/');
  return {
    id: repo,
    modelId: repo,
    ...(repo.includes('/') ? { author: owner } : {}),
    sha: commit,
    private: false,
    gated: false,
    disabled: false,
    downloads: 0,
    likes: 0,
    tags: card.tags ?? [],
    ...(card.pipeline_tag === undefined ? {} : { pipeline_tag: card.pipeline_tag }),
    ...(card.library_name === undefined ? {} : { library_name: card.library_name }),
    siblings: [...files.values()].map((file) => (withBlobs ? sibling(file) : { rfilename: file.path })),
  };
}

/** Other branches and tags are looked up when somebody names one: what they lead to is the Hub's to say. */
export function branches({ commit }: CommitListing) {
  return {
    branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: commit }],
    converts: [],
    tags: [],
    pullRequests: [],
  };
}

function sibling(file: ProxyFile) {
  const { path, size, oid, lfs } = fileEntry(file);
  const blob = lfs === undefined ? {} : { lfs: { sha256: lfs.oid, size: lfs.size, pointerSize: lfs.pointerSize } };
  return { rfilename: path, size, blobId: oid, ...blob };
}

/**
 * The entries of a folder.
 * @param folder `''` for the root
 * @returns `undefined` when there is no such folder
 */
export function treeEntries(listing: CommitListing, folder: string, recursive: boolean): HubTreeEntry[] | undefined {
  const inside = folder === '' ? '' : `${folder}/`;
  const entries = allEntries(listing);
  if (folder !== '' && !entries.some(({ type, path }) => type === 'directory' && path === folder)) return undefined;
  return entries.filter(({ path }) => (recursive ? path.startsWith(inside) : parentOf(path) === folder));
}

/** What is known of these paths; of those that there are. */
export function pathEntries(listing: CommitListing, paths: ReadonlySet<string>): HubTreeEntry[] {
  return allEntries(listing).filter(({ path }) => paths.has(path));
}

const trees = new WeakMap<CommitListing, readonly HubTreeEntry[]>();

function allEntries(listing: CommitListing): readonly HubTreeEntry[] {
  const known = trees.get(listing);
  if (known !== undefined) return known;
  const files = [...listing.files.values()].map(fileEntry);
  const folders = [...gitFolders(files)].map(([path, oid]) => folderEntry(path, oid));
  const entries = [...folders, ...files];
  trees.set(listing, entries);
  return entries;
}

function folderEntry(path: string, oid: string) {
  return { type: 'directory' as const, oid, size: 0, path };
}

function fileEntry({ path, size, sha256, oid, lfs }: ProxyFile) {
  if (!lfs) return { type: 'file' as const, oid, size, path };
  const pointer = lfsPointer(sha256, size);
  return {
    type: 'file' as const,
    oid: pointer.oid,
    size,
    path,
    lfs: { oid: sha256, size, pointerSize: pointer.size },
  };
}
