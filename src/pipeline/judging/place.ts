import { existsSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatReference, parseReference } from '../../core/reference/index.ts';
import { pathToUri } from '../../report/sarif/index.ts';

/** Where an artifact was opened. */
export interface OpenedPlace {
  readonly ref: string;
  readonly pinned: string;
}

/** The argument by which a command opens one file of an artifact again. */
export function addressOf(place: OpenedPlace, file: string): string {
  const local = localPath(place, file);
  // A folder called `models:` is not a store: its maker would choose what is opened.
  if (local !== undefined) return parseReference(local).kind === 'path' ? local : `.${sep}${local}`;
  const reference = parseReference(place.pinned);
  if (reference.kind === 's3' && (reference.key === '' || reference.key.endsWith('/'))) {
    return formatReference({ ...reference, key: `${reference.key}${file}` });
  }
  if (reference.kind !== 'hf') return place.pinned;
  const { path } = reference;
  const within = path === undefined ? file : basename(path) === file ? path : `${path}/${file}`;
  return formatReference({ ...reference, path: within });
}

/** Where a file is, as SARIF wants it: relative to the working folder when it lies within, else an absolute address. */
export function uriOf(place: OpenedPlace, file: string, cwd = process.cwd()): string {
  const local = localPath(place, file);
  if (local === undefined) return addressUri(place, file);
  const path = relative(cwd, resolve(cwd, local));
  const within = path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
  return within ? pathToUri(path.split(sep).join('/')) : pathToFileURL(resolve(cwd, local)).href;
}

/** Stores that have no address for one file name it behind a `#`. */
function addressUri(place: OpenedPlace, file: string): string {
  const { kind } = parseReference(place.pinned);
  if (kind === 'oci' || kind === 'models') return `${encodeURI(place.pinned)}#${pathToUri(file)}`;
  return kind === 's3' ? encodeURI(addressOf(place, file)).replace('#', '%23') : addressOf(place, file);
}

function localPath({ ref }: OpenedPlace, file: string): string | undefined {
  if (parseReference(ref).kind !== 'path') return undefined;
  const folder = statSync(ref, { throwIfNoEntry: false })?.isDirectory() === true;
  const path = folder ? join(ref, file) : ref;
  return existsSync(path) ? path : undefined;
}
