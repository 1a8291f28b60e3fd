import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { inByteOrder } from '../../core/bytes/index.ts';
import { AssayError, type Limits, type OpenOptions, systemCode, throwIfAborted } from '../../core/index.ts';
import { CLIENT_FOLDER, isClientsOwn } from './hub-bookkeeping.ts';

/** A file of a folder, or an entry that is not a readable file, with the reason. */
export type WalkedEntry =
  | { readonly path: string; readonly target: string; readonly size: number; readonly linked: boolean }
  | { readonly path: string; readonly refusal: AssayError };

export interface Walked {
  /** Sorted by the bytes of their path. */
  readonly entries: readonly WalkedEntry[];
  /** Folders passed over, relative to the root. */
  readonly skipped: readonly string[];
}

interface Walk {
  /** Real paths that links may lead into. */
  readonly within: readonly string[];
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  /** Skip only the .git folder at the top. */
  readonly everything: boolean;
  readonly entries: WalkedEntry[];
  readonly skipped: string[];
  visited: number;
}

const MAX_FOLDERS_DEEP = 64;
const NO_FILE = 'is a device, a pipe or a socket, not a file';

/**
 * Every file below `root`. Links are followed while they stay within `root` or one of `alsoWithin`; an entry that cannot be
 * followed or read is listed with the reason, never left out.
 * @throws AssayError `limit` (maxFiles, depth), `aborted`.
 */
export function walk(
  root: string,
  alsoWithin: readonly string[],
  limits: Limits,
  options: Pick<OpenOptions, 'signal' | 'everything'> = {},
): Walked {
  const state: Walk = {
    within: [realpathSync(root), ...alsoWithin.filter((path) => isThere(path)).map((path) => realpathSync(path))],
    limits,
    signal: options.signal,
    everything: options.everything === true,
    entries: [],
    skipped: [],
    visited: 0,
  };
  walkFolder(state, root, '', []);
  return { entries: inByteOrder(state.entries, ({ path }) => path), skipped: state.skipped };
}

/** `above` holds the real paths of the folders around, to tell a loop. */
function walkFolder(state: Walk, folder: string, relative: string, above: readonly string[]): void {
  throwIfAborted(state.signal);
  if (above.length > MAX_FOLDERS_DEEP) {
    throw new AssayError('limit', `folders are nested more than ${MAX_FOLDERS_DEEP} deep`, { subject: folder });
  }
  const listed = listFolder(folder, relative, above);
  if ('refusal' in listed) {
    state.entries.push(listed);
    return;
  }
  const around = [...above, listed.real];
  for (const child of listed.children) {
    if (++state.visited > state.limits.maxFiles) {
      throw new AssayError('limit', `contains more than ${state.limits.maxFiles} files (maxFiles)`, {
        subject: folder,
      });
    }
    const name = child.name.toString('utf8');
    const path = relative === '' ? name : `${relative}/${name}`;
    const readable = Buffer.from(name).equals(child.name);
    const entry = readable
      ? walkChild(state, child, join(folder, name), path, around)
      : refused(path, 'its name is not UTF-8');
    if (entry !== undefined) state.entries.push(entry);
  }
}

function listFolder(folder: string, relative: string, above: readonly string[]) {
  try {
    const real = realpathSync(folder);
    if (above.includes(real)) return refused(relative, 'is a link to a folder that contains it');
    return { real, children: readdirSync(folder, { withFileTypes: true, encoding: 'buffer' }) };
  } catch (cause) {
    return refused(
      relative === '' ? '.' : relative,
      `the folder cannot be read (${systemCode(cause) ?? 'unknown'})`,
      cause,
    );
  }
}

/** The entry that a child is; nothing for a folder, whose children are entries of their own. */
function walkChild(
  state: Walk,
  child: Dirent<Buffer>,
  absolute: string,
  path: string,
  above: readonly string[],
): WalkedEntry | undefined {
  if (child.isFile()) {
    if (state.everything || !isClientsOwn(absolute, path)) return toEntry(absolute, path, false);
    if (!state.skipped.includes(CLIENT_FOLDER)) state.skipped.push(CLIENT_FOLDER);
    return undefined;
  }
  if (child.isDirectory()) {
    if (isGitFolder(path, state.everything)) state.skipped.push(path);
    else walkFolder(state, absolute, path, above);
    return undefined;
  }
  if (!child.isSymbolicLink()) return refused(path, NO_FILE);
  let target: string;
  try {
    target = realpathSync(absolute);
  } catch (cause) {
    return refused(
      path,
      systemCode(cause) === 'ELOOP' ? 'is a link that leads to itself' : 'is a link to a file that does not exist',
      cause,
    );
  }
  if (!state.within.some((root) => target === root || target.startsWith(root.endsWith(sep) ? root : root + sep))) {
    return refused(path, 'is a link that leads out of the folder');
  }
  if (statSync(target, { throwIfNoEntry: false })?.isDirectory() !== true) return toEntry(target, path, true);
  walkFolder(state, target, path, above);
  return undefined;
}

function toEntry(target: string, path: string, linked: boolean): WalkedEntry {
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat === undefined) return refused(path, 'disappeared while the folder was read');
  return stat.isFile() ? { path, target, size: stat.size, linked } : refused(path, NO_FILE);
}

/** The .git folder: no loader opens it, unless a document names a file in it, which is a finding. */
function isGitFolder(path: string, topOnly: boolean): boolean {
  return topOnly ? path === '.git' : /(?:^|\/)\.git$/.test(path);
}

function refused(path: string, why: string, cause?: unknown): { path: string; refusal: AssayError } {
  const hint = 'replace it with the file itself, or remove it';
  return { path, refusal: new AssayError('unreadable', why, { subject: path, hint, cause }) };
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
