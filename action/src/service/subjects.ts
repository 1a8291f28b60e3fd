import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { Assessment } from '../../../src/core/assessment/index.ts';
import { chunks } from '../../../src/core/bytes/index.ts';
import { type HashedFile, treeDigest } from '../../../src/integrity/hash/index.ts';
import type { DecisionQuery } from '../../../src/registry/index.ts';
import { pointerIn, type RepositoryFiles } from '../change/index.ts';
import type { GitBlob } from '../git/index.ts';

/** Something that a service may know by its digest, or by its pinned reference. */
export interface AskedSubject {
  readonly query: DecisionQuery;
  /** For people. */
  readonly about: string;
  /** Files of the artifact that it holds. */
  readonly paths: readonly string[];
  /** Whether an approval of it is one of exactly these bytes. */
  readonly isExact: boolean;
}

/** `hf://owner/model@<commit>`: under it, digests that the Hub announces bind. */
const PINNED_TO_HUB = /^hf:\/\/[^@]+@[0-9a-f]{40}(?:\/|$)/;

/** What a loader may take for a module that a file asks for. */
const MODULE = /\.(?:pyw?|pyc|pyo|so|pyd|dll|dylib|zip|egg|whl)$/i;

/**
 * An artifact as a whole, by its digest and its reference, and each of its files as an artifact of its own. What was approved of a
 * file alone does not hold where a module lies beside it: it may mean another thing there.
 * @param around every path that there is
 */
export function askedSubjectsOf(
  { artifact, files, status }: Assessment,
  around: readonly string[],
): readonly AskedSubject[] {
  const modules = around.filter((path) => MODULE.test(path)).map((path) => `${posix.dirname(path)}/`);
  const isAlone = (path: string) => {
    const folder = `${posix.dirname(path)}/`;
    return !modules.some((one) => folder === './' || one.startsWith(folder));
  };
  const { pinned, digest } = artifact;
  const paths = files.map(({ path }) => path);
  const binds = (basis: string) => basis === 'computed' || (basis === 'claimed' && PINNED_TO_HUB.test(pinned));
  const isExact = status === 'complete' && files.every(({ digestBasis }) => binds(digestBasis));
  const about = pinned === '.' ? 'the change' : pinned;
  const whole = digest === null ? [] : [{ query: { digest }, about, paths, isExact }];
  const named = /^[a-z][\w+.-]*:\//i.test(pinned)
    ? [{ query: { ref: pinned }, about: pinned, paths, isExact: false }]
    : [];
  const single = files.flatMap(({ path, size, sha256, digestBasis }) => {
    if (sha256 === null) return [];
    const alone = treeDigest([{ path: posix.basename(path), size, sha256 }]);
    return [{ query: { digest: alone }, about: path, paths: [path], isExact: binds(digestBasis) && isAlone(path) }];
  });
  return distinct([...whole, ...named, ...single]);
}

/** CWE-400: folders whose digests are asked for, files in one, and bytes that are hashed for all of them. */
const MAX_FOLDERS = 50;
const MAX_FILES = 1_000;
const MAX_BYTES = 512 * 1024 * 1024;

/** Folders of the commit that hold models of the change, each as `assay scan` would digest it. */
export async function folderSubjects(
  { files }: Assessment,
  repository: RepositoryFiles,
): Promise<readonly AskedSubject[]> {
  const changed = files.map(({ path }) => path);
  const folders = new Set(changed.flatMap(foldersAround));
  const all = repository.paths();
  const subjects: AskedSubject[] = [];
  let left = MAX_BYTES;
  for (const folder of [...folders].sort((a, b) => b.length - a.length).slice(0, MAX_FOLDERS)) {
    const own = all.filter((path) => path.startsWith(`${folder}/`));
    if (own.length > MAX_FILES) continue;
    const hashed: HashedFile[] = [];
    for (const [path, blob] of await repository.read(own)) {
      const file = await hashedFile(path.slice(folder.length + 1), blob, left);
      if (file === undefined) break;
      left -= file.read;
      hashed.push(file);
    }
    if (hashed.length < own.length) continue;
    const paths = changed.filter((path) => path.startsWith(`${folder}/`));
    subjects.push({ query: { digest: treeDigest(hashed) }, about: folder, paths, isExact: true });
  }
  return distinct(subjects);
}

/** `a/b` and `a` of `a/b/c.pt`; not the repository itself. */
function foldersAround(path: string): string[] {
  const folders: string[] = [];
  for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) folders.push(at);
  return folders;
}

/** What a file has in a checkout with Git LFS: a pointer says it without its content. */
async function hashedFile(
  path: string,
  blob: GitBlob,
  left: number,
): Promise<(HashedFile & { readonly read: number }) | undefined> {
  if (blob.size > left) return undefined;
  const source = await blob.open();
  try {
    const pointer = await pointerIn(source);
    if (pointer !== undefined) return { path, ...pointer, read: blob.size };
    const hash = createHash('sha256');
    for await (const chunk of chunks(source)) hash.update(chunk);
    return { path, size: blob.size, sha256: hash.digest('hex'), read: blob.size };
  } finally {
    await source.close();
  }
}

/** Each question once: a folder of one file has the digest of the file. */
export function distinct(subjects: readonly AskedSubject[]): readonly AskedSubject[] {
  const seen = new Set<string>();
  return subjects.filter(({ query }) => {
    const key = JSON.stringify(query);
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}
