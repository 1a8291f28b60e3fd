import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ClaimedDigest } from '../../core/index.ts';
import { isCommit, isRepoName } from '../../core/reference/index.ts';

/** A snapshot in a Hugging Face cache: `models--owner--name/snapshots/<commit>`, links into `models--owner--name/blobs`. */
export interface CachedSnapshot {
  readonly repo: string;
  readonly commit: string;
  readonly folder: string;
  readonly blobs: string;
  /** The path within the snapshot that is meant; empty for the whole snapshot. */
  readonly within: string;
}

export function repoFolder(cacheFolder: string, repo: string): string {
  return join(cacheFolder, `models--${repo.replaceAll('/', '--')}`);
}

/** The snapshot of a revision, when the cache holds one. */
export function findSnapshot(cacheFolder: string, repo: string, revision: string): CachedSnapshot | undefined {
  const folder = repoFolder(cacheFolder, repo);
  const commit = isCommit(revision) ? revision : readRef(folder, revision);
  const snapshot = commit === undefined ? undefined : join(folder, 'snapshots', commit);
  return snapshot !== undefined && isFolder(snapshot) ? snapshotAt(snapshot) : undefined;
}

/** The snapshot that a path is, or is in, by the names of the folders around it. */
export function snapshotAt(path: string): CachedSnapshot | undefined {
  const inner: string[] = [];
  for (let at = resolve(path); dirname(at) !== at; at = dirname(at)) {
    const commit = basename(at);
    const repo = repoOf(basename(dirname(dirname(at))));
    if (isCommit(commit) && basename(dirname(at)) === 'snapshots' && repo !== undefined) {
      return { repo, commit, folder: at, blobs: join(dirname(dirname(at)), 'blobs'), within: inner.join('/') };
    }
    inner.unshift(commit);
  }
  return undefined;
}

/** For a folder `models--owner--name`: the snapshot of its default branch, or its only one. */
export function currentSnapshot(path: string): CachedSnapshot | undefined {
  const folder = resolve(path);
  if (repoOf(basename(folder)) === undefined || !isFolder(join(folder, 'snapshots'))) return undefined;
  const commits = readdirSync(join(folder, 'snapshots')).filter(isCommit);
  const commit = readRef(folder, 'main') ?? (commits.length === 1 ? commits[0] : undefined);
  return commit !== undefined && commits.includes(commit) ? snapshotAt(join(folder, 'snapshots', commit)) : undefined;
}

export function isRepoFolder(path: string): boolean {
  return repoOf(basename(resolve(path))) !== undefined && existsSync(join(path, 'snapshots'));
}

/** Anybody can name folders like those of a cache: names are trusted only in the cache in use. */
export function isOfCache(snapshot: CachedSnapshot, cacheFolder: string): boolean {
  const folder = dirname(dirname(dirname(snapshot.folder)));
  return existsSync(cacheFolder) && realpathSync(folder) === realpathSync(cacheFolder);
}

/** The digest in the name of a blob: the Hub's ETag, a SHA-256 for LFS files, git's SHA-1 for others. */
export function claimOfBlob(name: string): ClaimedDigest | undefined {
  if (/^[0-9a-f]{64}$/.test(name)) return { algorithm: 'sha256', hex: name };
  if (/^[0-9a-f]{40}$/.test(name)) return { algorithm: 'git-sha1', hex: name };
  return undefined;
}

function repoOf(folderName: string): string | undefined {
  const parts = folderName.split('--');
  if (parts[0] !== 'models' || parts.length < 2 || parts.length > 3) return undefined;
  const repo = parts.slice(1).join('/');
  return isRepoName(repo) ? repo : undefined;
}

function readRef(folder: string, revision: string): string | undefined {
  const path = join(folder, 'refs', revision);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const commit = readFileSync(path, 'utf8').trim();
  return isCommit(commit) ? commit : undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
