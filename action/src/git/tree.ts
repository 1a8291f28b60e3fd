import { AssayError } from '../../../src/core/index.ts';
import type { Git } from './git.ts';

/** What an entry of a tree is, by git's mode. */
export type EntryKind = 'file' | 'link' | 'submodule';

export interface TreeEntry {
  readonly kind: EntryKind;
  readonly oid: string;
  /** Within the repository. Hostile: any bytes but NUL. */
  readonly path: string;
}

/** One file that differs between two commits. */
export interface TreeChange extends TreeEntry {
  readonly how: 'added' | 'changed' | 'renamed' | 'deleted';
  /** What stood there before, or under the name that the file had. */
  readonly before: { readonly oid: string; readonly path: string; readonly kind: EntryKind } | undefined;
}

/** CWE-770: files of one comparison. */
const MAX_ENTRIES = 1_000_000;

const KINDS: Readonly<Record<string, EntryKind>> = {
  '100644': 'file',
  '100755': 'file',
  '100664': 'file',
  '120000': 'link',
  '160000': 'submodule',
};

/** Every file of a commit. */
export async function treeOf(git: Git, commit: string): Promise<readonly TreeEntry[]> {
  const { bytes } = await git.ask(['ls-tree', '-r', '-z', '--full-tree', commit]);
  const entries = split(bytes).map((record) => {
    const [, mode = '', oid = '', path = ''] = /^(\d+) \S+ ([0-9a-f]+)\t(.*)$/s.exec(record) ?? [];
    return { kind: kindOf(mode), oid, path };
  });
  return bounded(entries);
}

/** What differs between two commits, with files that only moved as renamed. */
export async function treeChanges(git: Git, base: string, head: string): Promise<readonly TreeChange[]> {
  const { bytes } = await git.ask([
    'diff-tree',
    '-r',
    '-z',
    '--raw',
    '--full-index',
    '--no-ext-diff',
    '--no-textconv',
    '--ignore-submodules=none',
    '-M',
    '-l4000',
    base,
    head,
  ]);
  const fields = split(bytes);
  const changes: TreeChange[] = [];
  for (let at = 0; at < fields.length; ) {
    const [, oldMode = '', mode = '', oldOid = '', oid = '', status = ''] =
      /^:(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\d*$/.exec(fields[at] ?? '') ?? [];
    const path = fields[at + 1] ?? '';
    const moved = status === 'R' || status === 'C';
    const to = moved ? (fields[at + 2] ?? '') : path;
    at += moved ? 3 : 2;
    const before = { oid: oldOid, path, kind: kindOf(oldMode) };
    if (status === 'D') changes.push({ ...before, how: 'deleted', before });
    else if (status === 'A' || status === 'C')
      changes.push({ how: 'added', kind: kindOf(mode), oid, path: to, before: undefined });
    else if (status === 'R') changes.push({ how: 'renamed', kind: kindOf(mode), oid, path: to, before });
    else if (status === 'M' || status === 'T')
      changes.push({ how: 'changed', kind: kindOf(mode), oid, path: to, before });
    else throw new AssayError('internal', `git reports a change of an unknown kind "${status}"`);
  }
  return bounded(changes);
}

function kindOf(mode: string): EntryKind {
  const kind = KINDS[mode];
  // Of what is not there, git says 000000.
  if (kind !== undefined || /^0*$/.test(mode)) return kind ?? 'file';
  throw new AssayError('internal', `git reports an entry with the unknown mode ${mode}`);
}

/** Names are UTF-8 by custom alone: what is not becomes U+FFFD, and the file is still found by its digest. */
function split(bytes: Buffer): string[] {
  return bytes.length === 0 ? [] : bytes.toString('utf8').replace(/\0$/, '').split('\0');
}

function bounded<T>(entries: readonly T[]): readonly T[] {
  if (entries.length > MAX_ENTRIES) throw new AssayError('limit', `has more than ${MAX_ENTRIES} files`);
  return entries;
}
