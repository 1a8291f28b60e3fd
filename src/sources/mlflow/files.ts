import type { ByteSource } from '../../core/bytes/index.ts';
import { type ArtifactFile, AssayError, throwIfAborted } from '../../core/index.ts';
import { isArtifactPath } from '../../core/reference/index.ts';
import { type HttpFile, openHttp } from '../http/index.ts';
import { limitsOf, type SourceOptions } from '../source.ts';
import type { MlflowClient, MlflowEntry } from './client.ts';
import type { MlflowLocation } from './location.ts';

export type MlflowProxy = Extract<MlflowLocation, { kind: 'proxy' }>;

interface Listed {
  /** Relative to the model's folder. */
  readonly path: string;
  readonly size: number;
}

/** Files up to this many bytes are fetched whole, and their digests computed. */
const WHOLE = 10 * 1024 * 1024;
/** Bytes that all listings of one model may take together. */
const MAX_LISTING_BYTES = 64 * 1024 * 1024;
/** Each folder is a request of its own. */
const MAX_FOLDERS = 4_000;
const MAX_FOLDERS_DEEP = 64;

/**
 * Every file below a folder of an artifact service, each by its announced size.
 * @throws AssayError `malformed` for a listing that names impossible files, `limit`, and what asking throws.
 */
export async function proxyFiles(
  client: MlflowClient,
  proxy: MlflowProxy,
  subject: string,
  options: SourceOptions,
): Promise<ArtifactFile[]> {
  const listed = await listAll(client, proxy, subject, options);
  return listed.map((file) => toFile(client, proxy, file, subject, options));
}

async function listAll(
  client: MlflowClient,
  { service, root }: MlflowProxy,
  subject: string,
  options: SourceOptions,
): Promise<Listed[]> {
  const { maxFiles } = limitsOf(options);
  const files: Listed[] = [];
  const folders = [''];
  let bytesLeft = MAX_LISTING_BYTES;
  let seen = 0;
  // The list grows while it is walked: folders that are found are asked in turn.
  for (const folder of folders) {
    throwIfAborted(options.signal);
    const { entries, bytes } = await client.list(service, joinedPath(root, folder), bytesLeft, subject);
    bytesLeft -= bytes;
    seen += entries.length;
    if (seen > maxFiles) throw new AssayError('limit', `contains more than ${maxFiles} files (maxFiles)`, { subject });
    const names = new Set<string>();
    for (const entry of entries) {
      const name = checkedName(entry, folder, subject);
      if (names.has(name)) throw badListing(subject, `names ${JSON.stringify(joinedPath(folder, name))} twice`);
      names.add(name);
      const path = joinedPath(folder, name);
      if (entry.is_dir === true) addFolder(folders, path, subject);
      else files.push({ path, size: checkedSize(entry, path, subject) });
    }
  }
  return files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

function addFolder(folders: string[], path: string, subject: string): void {
  if (path.split('/').length > MAX_FOLDERS_DEEP)
    throw new AssayError('limit', `nests folders more than ${MAX_FOLDERS_DEEP} deep`, { subject });
  if (folders.length > MAX_FOLDERS)
    throw new AssayError('limit', `contains more than ${MAX_FOLDERS} folders`, { subject });
  folders.push(path);
}

/** A listing names what stands in its folder, by one name that cannot lead out of it. */
function checkedName({ path: name }: MlflowEntry, folder: string, subject: string): string {
  if (!name.includes('/') && isArtifactPath(joinedPath(folder, name))) return name;
  throw badListing(
    subject,
    `names ${JSON.stringify(name.slice(0, 200))}, which is not the name of a file in its folder`,
  );
}

function checkedSize({ file_size: size }: MlflowEntry, path: string, subject: string): number {
  const bytes = size ?? 0;
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw badListing(subject, `gives ${JSON.stringify(path)} an impossible size`);
}

function toFile(
  client: MlflowClient,
  { service, root }: MlflowProxy,
  { path, size }: Listed,
  subject: string,
  options: SourceOptions,
): ArtifactFile {
  const limits = limitsOf(options);
  const name = `${subject}/${path}`;
  const http: HttpFile = {
    url: `${service}/${joinedPath(root, path).split('/').map(encodeURIComponent).join('/')}`,
    name,
    egress: client.egress,
    explain: (response) => client.explain(response, service, name),
  };
  const far = size > WHOLE;
  return {
    path,
    size,
    distance: far ? 'far' : 'near',
    async open(signal = options.signal): Promise<ByteSource> {
      return openHttp(http, { size, far, limits, signal });
    },
  };
}

/** Two parts of a path, either of which may be empty. */
export function joinedPath(folder: string, name: string): string {
  return folder === '' ? name : name === '' ? folder : `${folder}/${name}`;
}

function badListing(subject: string, what: string): AssayError {
  const hint = 'do not use the model; inform the operator of the MLflow server';
  return new AssayError('malformed', `the listing ${what}`, { subject, hint });
}
