import { fstatSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { FileSource } from '../../core/bytes/index.ts';
import { type ArtifactFile, AssayError, isFileMissing, systemCode } from '../../core/index.ts';

/** CWE-770: files of one folder that a document names, and folders within it. */
const MAX_FILES = 20_000;
const MAX_DEPTH = 32;

/** What lies below a folder at a path of a document, not yet opened. */
export type Lying =
  | { readonly kind: 'file'; readonly path: string; readonly stat: Stats }
  /** Every file below it, by its path within. */
  | { readonly kind: 'folder'; readonly files: ReadonlyMap<string, Extract<Lying, { readonly kind: 'file' }>> }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Looks below a folder, and never through a symbolic link: it would lead wherever its author chose (CWE-59).
 * @param path parts without `.` and `..`, joined by `/`
 */
export function lookBelow(folder: string, path: string): Lying {
  let at = folder;
  for (const part of path.split('/')) {
    at = join(at, part);
    const stat = lstatOf(at);
    if (stat === undefined) return { kind: 'missing' };
    if (typeof stat === 'string') return { kind: 'refused', why: stat };
    if (stat.isSymbolicLink())
      return { kind: 'refused', why: 'is a symbolic link, or lies behind one, and is not followed' };
  }
  const stat = lstatOf(at);
  if (stat === undefined || typeof stat === 'string') return { kind: 'missing' };
  if (stat.isFile()) return { kind: 'file', path: at, stat };
  if (stat.isDirectory()) return filesBelow(at);
  return { kind: 'refused', why: 'is neither a file nor a folder' };
}

/** Every file below a folder. A link in it leads elsewhere, so that the folder cannot be told. */
export function filesBelow(folder: string): Lying {
  const files = new Map<string, Extract<Lying, { readonly kind: 'file' }>>();
  const open: { readonly path: string; readonly within: string; readonly depth: number }[] = [
    { path: folder, within: '', depth: 0 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > MAX_DEPTH) return { kind: 'refused', why: `has folders more than ${MAX_DEPTH} deep` };
    for (const name of namesIn(next.path)) {
      const path = join(next.path, name);
      const stat = lstatOf(path);
      if (stat === undefined || typeof stat === 'string')
        return { kind: 'refused', why: stat ?? 'changed while it was read' };
      if (stat.isDirectory()) open.push({ path, within: `${next.within}${name}/`, depth: next.depth + 1 });
      else if (!stat.isFile()) return { kind: 'refused', why: 'holds a symbolic link, or what is not a file' };
      else files.set(`${next.within}${name}`, { kind: 'file', path, stat });
      if (files.size + open.length > MAX_FILES) return { kind: 'refused', why: `holds more than ${MAX_FILES} files` };
    }
  }
  return { kind: 'folder', files };
}

function namesIn(folder: string): readonly string[] {
  return readdirSync(folder).sort();
}

/** Why it cannot be looked at, as text; `undefined` where nothing lies. */
function lstatOf(path: string): Stats | string | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isFileMissing(error)) return undefined;
    return `cannot be looked at (${systemCode(error) ?? 'unknown'})`;
  }
}

/** The file that was looked at, as one that can be hashed: another one in its place is an error. */
export function handFile({ path, stat }: Extract<Lying, { readonly kind: 'file' }>): ArtifactFile {
  return {
    path,
    size: stat.size,
    distance: 'near',
    open: async () => {
      const source = FileSource.open(path);
      const { fd } = source.share();
      const opened = fstatSync(fd);
      if (opened.dev === stat.dev && opened.ino === stat.ino && opened.size === stat.size) return source;
      await source.close();
      throw new AssayError('changed', 'is another file than before', {
        subject: path,
        hint: 'try again when nothing writes to it',
      });
    },
  };
}
