import type { ListObjectsV2CommandOutput, ListObjectVersionsCommandOutput, ObjectVersion } from '@aws-sdk/client-s3';
import { AssayError, isAssayError, throwIfAborted } from '../../core/index.ts';
import { limitsOf, type SourceOptions } from '../source.ts';
import type { S3Store, StoredObject } from './store.ts';

/** An object of a listing, and whether a SHA-256 of the whole of it may be asked for. */
export interface ListedObject extends StoredObject {
  readonly checksum: 'sha256' | 'other' | 'not-said';
}

export interface BucketListing {
  readonly objects: readonly ListedObject[];
  /** How the objects are pinned; `etag-only`: the bucket keeps versions, but the credentials cannot list them. */
  readonly pins: 'version' | 'etag' | 'etag-only';
}

const PAGE = 1_000;
/** Requests that one listing may take: old versions are listed along with the latest. */
const MAX_PAGES = 2_000;

type Listed = NonNullable<ListObjectsV2CommandOutput['Contents']>[number] | ObjectVersion;

/**
 * Every object below a prefix in its latest version. Markers of empty folders are left out.
 * @throws AssayError `malformed` for a listing that names impossible objects, `limit` (maxFiles), and what S3 refuses with.
 */
export async function listObjects(store: S3Store, prefix: string, options: SourceOptions): Promise<BucketListing> {
  if (!(await keepsVersions(store, prefix))) {
    return { objects: await gather(store, prefix, currentObjects(store, prefix), options), pins: 'etag' };
  }
  try {
    return { objects: await gather(store, prefix, latestVersions(store, prefix), options), pins: 'version' };
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'unauthorized' && error.code !== 'unsupported')) throw error;
    const objects = await gather(store, prefix, currentObjects(store, prefix), options);
    return { objects, pins: 'etag-only' };
  }
}

/** Whether the objects of the bucket have version ids: asked of the first one. */
async function keepsVersions(store: S3Store, prefix: string): Promise<boolean> {
  const { Contents: [first] = [] } = await store.list(prefix, undefined, 1);
  if (first?.Key === undefined) return false;
  try {
    return (await store.head(first.Key, undefined)).VersionId !== undefined;
  } catch (error) {
    // Access to this object is checked when it is opened.
    if (isAssayError(error) && ['unauthorized', 'not-found', 'unsupported'].includes(error.code)) return false;
    throw error;
  }
}

async function* currentObjects(store: S3Store, prefix: string): AsyncGenerator<Listed> {
  let after: string | undefined;
  for (let pages = 0; ; pages++) {
    checkPages(store, prefix, pages);
    const page = await store.list(prefix, after, PAGE);
    yield* page.Contents ?? [];
    if (page.IsTruncated !== true) return;
    const next = page.NextContinuationToken;
    if (next === undefined || next === after) throw bad(store, prefix, 'is truncated, but does not name its next part');
    after = next;
  }
}

async function* latestVersions(store: S3Store, prefix: string): AsyncGenerator<Listed> {
  let after: { key: string; versionId: string | undefined } | undefined;
  for (let pages = 0; ; pages++) {
    checkPages(store, prefix, pages);
    const page: ListObjectVersionsCommandOutput = await store.listVersions(prefix, after);
    for (const version of page.Versions ?? []) if (version.IsLatest === true) yield version;
    if (page.IsTruncated !== true) return;
    const { NextKeyMarker: key, NextVersionIdMarker: versionId } = page;
    if (key === undefined || (key === after?.key && versionId === after.versionId))
      throw bad(store, prefix, 'is truncated, but does not name its next part');
    after = { key, versionId };
  }
}

async function gather(
  store: S3Store,
  prefix: string,
  listing: AsyncGenerator<Listed>,
  options: SourceOptions,
): Promise<ListedObject[]> {
  const { maxFiles } = limitsOf(options);
  const objects = new Map<string, ListedObject>();
  for await (const listed of listing) {
    throwIfAborted(options.signal);
    const object = toObject(store, prefix, listed);
    if (objects.has(object.key)) throw bad(store, prefix, `names ${JSON.stringify(object.key)} twice`);
    if (object.size === 0 && object.key.endsWith('/')) continue;
    if (objects.size >= maxFiles) {
      throw new AssayError('limit', `contains more than ${maxFiles} files (maxFiles)`, {
        subject: store.subjectOf(prefix),
        hint: 'name a deeper prefix',
      });
    }
    objects.set(object.key, object);
  }
  return [...objects.values()];
}

function toObject(store: S3Store, prefix: string, listed: Listed): ListedObject {
  const { Key: key, Size: size, ETag: etag } = listed;
  if (key === undefined || key === '') throw bad(store, prefix, 'contains an object without a key');
  if (!key.startsWith(prefix)) throw bad(store, prefix, `names ${JSON.stringify(key)}, which is not below the prefix`);
  if (size === undefined || !Number.isSafeInteger(size) || size < 0)
    throw bad(store, prefix, `gives ${JSON.stringify(key)} an impossible size`);
  const versionId = 'VersionId' in listed ? listed.VersionId : undefined;
  return { key, size, etag, versionId, checksum: checksumOf(listed) };
}

function checksumOf({ ChecksumAlgorithm: algorithms, ChecksumType: type }: Listed): ListedObject['checksum'] {
  if (algorithms === undefined || algorithms.length === 0) return 'not-said';
  return algorithms.includes('SHA256') && type !== 'COMPOSITE' ? 'sha256' : 'other';
}

function checkPages(store: S3Store, prefix: string, pages: number): void {
  if (pages < MAX_PAGES) return;
  throw new AssayError('limit', `the listing takes more than ${MAX_PAGES} requests`, {
    subject: store.subjectOf(prefix),
    hint: 'name a deeper prefix',
  });
}

function bad(store: S3Store, prefix: string, what: string): AssayError {
  return new AssayError('malformed', `the listing ${what}`, {
    subject: store.subjectOf(prefix),
    hint: 'inform the operator of the server',
  });
}
