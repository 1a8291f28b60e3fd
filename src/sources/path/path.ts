import { realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { FileSource } from '../../core/bytes/index.ts';
import {
  type Artifact,
  type ArtifactFile,
  AssayError,
  type ClaimedDigest,
  isFileMissing,
  systemCode,
} from '../../core/index.ts';
import { formatReference, type PathReference } from '../../core/reference/index.ts';
import {
  type CachedSnapshot,
  cacheFolderOf,
  claimOfBlob,
  currentSnapshot,
  isOfCache,
  isRepoFolder,
  snapshotAt,
} from '../hub-cache/index.ts';
import { envOf, limitsOf, type SourceOptions } from '../source.ts';
import { type WalkedEntry, walk } from './walk.ts';

/**
 * A file, or every file of a folder. A snapshot of the Hugging Face cache in use is pinned to the commit its folder is named
 * after, and its files carry the digests that their blobs are named after.
 * @throws AssayError `not-found`, `unreadable`, `limit`, `aborted`.
 */
export async function openPath(reference: PathReference, options: SourceOptions): Promise<Artifact> {
  const { path } = reference;
  const stat = statOf(path);
  if (stat.isFile()) return fileArtifact(path, stat.size, options);
  if (!stat.isDirectory()) {
    throw new AssayError('unreadable', 'is neither a file nor a folder', {
      subject: path,
      hint: 'give a file or a folder',
    });
  }
  if (!isRepoFolder(path))
    return folderArtifact(path, snapshotAt(path) ?? snapshotAt(realpathSync(path)), path, options);
  const current = currentSnapshot(path);
  if (current === undefined) {
    throw new AssayError('not-found', 'this cache of a model does not contain a snapshot of its main branch', {
      subject: path,
      hint: 'give one of the folders in its snapshots/ folder',
    });
  }
  return folderArtifact(current.folder, current, path, options);
}

/** A snapshot that the cache holds, under the reference that asked for it. */
export async function openCachedSnapshot(
  snapshot: CachedSnapshot,
  ref: string,
  options: SourceOptions,
): Promise<Artifact> {
  const path = join(snapshot.folder, ...snapshot.within.split('/').filter((part) => part !== ''));
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new AssayError('not-found', `the cached snapshot has no ${snapshot.within}`, {
      subject: ref,
      hint: 'check the path, or run without --offline',
    });
  }
  const artifact = stat.isFile()
    ? fileArtifact(path, stat.size, options)
    : await folderArtifact(path, snapshot, ref, options);
  return { ...artifact, ref };
}

function fileArtifact(path: string, size: number, options: SourceOptions): Artifact {
  const snapshot = snapshotAt(path) ?? snapshotAt(join(realpathSync(dirname(path)), basename(path)));
  const target = realpathSync(path);
  const claimed = snapshot === undefined ? undefined : claimOf(target, snapshot);
  const file: ArtifactFile = {
    path: basename(path),
    size,
    distance: 'near',
    ...(claimed === undefined ? {} : { claimed }),
    open: async () => FileSource.open(path),
  };
  const pinned = snapshot !== undefined && claimed !== undefined && isOfCache(snapshot, cacheFolderOf(envOf(options)));
  return {
    ref: path,
    pinned: pinned ? pinnedAs(snapshot) : path,
    files: [file],
    notes: pinned ? [cacheNote(snapshot)] : [],
    close: async () => {},
  };
}

async function folderArtifact(
  path: string,
  snapshot: CachedSnapshot | undefined,
  ref: string,
  options: SourceOptions,
): Promise<Artifact> {
  const { entries, skipped } = walk(path, snapshot === undefined ? [] : [snapshot.blobs], limitsOf(options), options);
  if (entries.length === 0) {
    throw new AssayError('not-found', 'the folder contains no files', {
      subject: path,
      hint: 'give the folder that contains the model',
    });
  }
  const files = entries.map((entry) => toFile(entry, snapshot));
  const notes = skipped.map((folder) => `${folder} was skipped: it holds internal files of git or of the Hub client`);
  const refused = entries.filter((entry) => 'refusal' in entry).length;
  if (refused > 0) notes.push(`${refused} of ${entries.length} entries cannot be read, and count as unknown`);
  const doubt = snapshot === undefined ? undefined : doubtOf(snapshot, files, options);
  if (snapshot !== undefined)
    notes.push(doubt === undefined ? cacheNote(snapshot) : `${doubt}: it is not pinned to a commit`);
  const pinned = snapshot !== undefined && doubt === undefined ? pinnedAs(snapshot) : ref;
  return { ref, pinned, files, notes, close: async () => {} };
}

/** Why a folder is not the commit that it is named after. */
function doubtOf(snapshot: CachedSnapshot, files: readonly ArtifactFile[], options: SourceOptions): string | undefined {
  if (files.some((file) => file.claimed === undefined)) {
    return 'not every file of the folder is a link into the blobs of its Hub cache';
  }
  if (isOfCache(snapshot, cacheFolderOf(envOf(options)))) return undefined;
  return 'the folder looks like a folder of a Hugging Face cache, but is not in the cache in use (HF_HUB_CACHE)';
}

function toFile(entry: WalkedEntry, snapshot: CachedSnapshot | undefined): ArtifactFile {
  if ('refusal' in entry) {
    return { path: entry.path, size: 0, distance: 'near', open: () => Promise.reject(entry.refusal) };
  }
  const claimed = snapshot !== undefined && entry.linked ? claimOf(entry.target, snapshot) : undefined;
  return {
    path: entry.path,
    size: entry.size,
    distance: 'near',
    ...(claimed === undefined ? {} : { claimed }),
    ...(entry.linked ? { link: claimed === undefined ? ('within' as const) : ('hub-cache' as const) } : {}),
    open: async () => FileSource.open(entry.target),
  };
}

function claimOf(target: string, snapshot: CachedSnapshot): ClaimedDigest | undefined {
  const blobs =
    statSync(snapshot.blobs, { throwIfNoEntry: false }) === undefined ? undefined : realpathSync(snapshot.blobs);
  return blobs !== undefined && target === `${blobs}${sep}${basename(target)}`
    ? claimOfBlob(basename(target))
    : undefined;
}

function pinnedAs(snapshot: CachedSnapshot): string {
  const path = snapshot.within === '' ? {} : { path: snapshot.within };
  return formatReference({ kind: 'hf', repo: snapshot.repo, revision: snapshot.commit, ...path });
}

function cacheNote(snapshot: CachedSnapshot): string {
  return `read from a Hugging Face cache: commit ${snapshot.commit} is the name of its folder`;
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    const code = systemCode(cause) ?? 'unknown';
    if (isFileMissing(cause)) {
      const like = /^[\w.-]+\/[\w.-]+(?:@[\w./-]+)?$/.test(path) ? `; for a model of the Hub, write hf://${path}` : '';
      throw new AssayError('not-found', 'no such file or folder', {
        subject: path,
        hint: `check the path${like}`,
        cause,
      });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new AssayError('unreadable', 'permission denied', {
        subject: path,
        hint: 'grant read permission',
        cause,
      });
    }
    throw new AssayError('unreadable', `cannot be opened (${code})`, { subject: path, hint: 'check the path', cause });
  }
}
