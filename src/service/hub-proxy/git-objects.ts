import { createHash } from 'node:crypto';

/**
 * The pointer in the repository in place of a file in large-file storage:
 * https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
 */
export function lfsPointer(sha256: string, size: number): { readonly oid: string; readonly size: number } {
  const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
  return { oid: gitOid('blob', Buffer.from(text)), size: text.length };
}

/** A file of a tree, by git's digest of what stands in the repository. */
export interface TreeFile {
  readonly path: string;
  readonly oid: string;
}

/** Folders and git's digests of them, of a tree whose files are all plain (mode 100644). */
export function gitFolders(files: readonly TreeFile[]): ReadonlyMap<string, string> {
  const entries = new Map<string, { readonly name: string; readonly mode: string; readonly oid: string }[]>([['', []]]);
  const list = (folder: string) => {
    const known = entries.get(folder) ?? [];
    entries.set(folder, known);
    return known;
  };
  for (const { path, oid } of files) {
    list(parentOf(path)).push({ name: nameOf(path), mode: '100644', oid });
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) list(folder);
  }
  const folders = new Map<string, string>();
  const deepestFirst = [...entries.keys()].sort((a, b) => depthOf(b) - depthOf(a));
  for (const folder of deepestFirst) {
    const sorted = list(folder).sort((a, b) => Buffer.compare(sortKey(a), sortKey(b)));
    const body = sorted.map(({ name, mode, oid }) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]),
    );
    const oid = gitOid('tree', Buffer.concat(body));
    if (folder === '') continue;
    folders.set(folder, oid);
    list(parentOf(folder)).push({ name: nameOf(folder), mode: '40000', oid });
  }
  return folders;
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function depthOf(folder: string): number {
  return folder === '' ? 0 : folder.split('/').length;
}

/** Git sorts folders as if their names ended in a slash. */
function sortKey({ name, mode }: { readonly name: string; readonly mode: string }): Buffer {
  return Buffer.from(mode === '40000' ? `${name}/` : name);
}

function gitOid(kind: 'blob' | 'tree', body: Buffer): string {
  return createHash('sha1').update(`${kind} ${body.length}\0`).update(body).digest('hex');
}
