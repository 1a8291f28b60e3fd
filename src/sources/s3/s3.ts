import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { type ByteSource, MemorySource, spool } from '../../core/bytes/index.ts';
import { type Artifact, type ArtifactFile, AssayError, type ClaimedDigest, isAssayError } from '../../core/index.ts';
import { formatS3, isArtifactPath, type S3Reference } from '../../core/reference/index.ts';
import { checked } from '../claim.ts';
import { HttpSource } from '../http/index.ts';
import { envOf, limitsOf, type SourceOptions } from '../source.ts';
import { type BucketListing, type ListedObject, listObjects } from './list.ts';
import { readWhole, S3Ranges } from './range.ts';
import { s3Settings } from './settings.ts';
import { S3Store, type StoredObject } from './store.ts';

/** Objects up to this many bytes are read whole. */
const WHOLE = 10 * 1024 * 1024;
/** Questions for checksums at a time. */
const LANES = 8;

/**
 * One object of S3, or every object below a prefix; of Amazon's S3 or of a server that speaks as it does
 * (`AWS_ENDPOINT_URL`). Each read names the version id of the object where the bucket keeps versions, and its ETag. Settings
 * and keys are those of the AWS command line, from `options.env` and from its files; without keys requests go unsigned.
 * Programs, single sign-on and the metadata services of EC2 and ECS are never asked for keys.
 * @throws AssayError `usage`, `not-found`, `unauthorized`, `network`, `refused`, `malformed`, `limit`, `aborted`.
 */
export async function openS3(reference: S3Reference, options: SourceOptions): Promise<Artifact> {
  const { bucket, key, versionId } = reference;
  if (options.offline === true) {
    throw new AssayError('usage', 'no connection may be opened (--offline)', {
      subject: formatS3(reference),
      hint: 'run without --offline, or download the files',
    });
  }
  const store = new S3Store(bucket, await s3Settings(envOf(options)), options);
  try {
    const found = key === '' || key.endsWith('/') ? undefined : await findObject(store, key, versionId);
    if (found !== undefined) return oneObject(store, reference, found, options);
    return await manyObjects(store, reference, options);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The object of this key; `undefined` when there is none, and there may be objects below it. */
async function findObject(
  store: S3Store,
  key: string,
  versionId: string | undefined,
): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await store.head(key, versionId);
  } catch (error) {
    if (!isAssayError(error) || error.code === 'aborted') throw error;
    if (error.code === 'not-found' && versionId === undefined) return undefined;
    if (error.code === 'unsupported' && versionId !== undefined) {
      const hint = 'give the versionId of the previous version';
      throw new AssayError('not-found', 'this version marks a deletion', { subject: store.subjectOf(key), hint });
    }
    // An answer to HEAD has no reason; an answer to GET does.
    await store.probe(key, versionId);
    throw error;
  }
}

function oneObject(
  store: S3Store,
  reference: S3Reference,
  found: HeadObjectCommandOutput,
  options: SourceOptions,
): Artifact {
  const { key } = reference;
  const { ContentLength: size = 0, ETag: etag } = found;
  const versionId = reference.versionId ?? found.VersionId;
  const fixed = versionId !== undefined && versionId !== 'null';
  const name = key.slice(key.lastIndexOf('/') + 1);
  const claimed = claimOf(found);
  return {
    ref: formatS3(reference),
    pinned: formatS3(fixed ? { ...reference, versionId } : reference),
    files: [
      toFile(store, { key, size, etag, versionId }, isArtifactPath(name) ? name : spelled(name), claimed, options),
    ],
    notes: fixed ? [] : [`the bucket keeps no versions: the object was read at its ETag ${etag ?? 'none'}`],
    close: () => store.close(),
  };
}

async function manyObjects(store: S3Store, reference: S3Reference, options: SourceOptions): Promise<Artifact> {
  const { bucket, key } = reference;
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  const ref = formatS3({ kind: 's3', bucket, key: prefix });
  const { objects, pins } = await listObjects(store, prefix, options);
  if (objects.length === 0) {
    const what = prefix === '' ? 'the bucket contains no objects' : 'neither the object nor an object below it exists';
    const hint = prefix === '' ? 'name another bucket' : `check the key, for example with: aws s3 ls s3://${bucket}/`;
    throw new AssayError('not-found', what, { subject: formatS3(reference), hint });
  }
  const claims = await findClaims(store, objects);
  const paths = objects.map((object) => object.key.slice(prefix.length));
  const taken = new Set(paths);
  const files = objects.map((object, i): ArtifactFile => {
    const path = paths[i] ?? '';
    return isArtifactPath(path)
      ? toFile(store, object, path, claims.get(object.key), options)
      : refusedFile(object, path, taken);
  });
  const refused = paths.filter((path) => !isArtifactPath(path)).length;
  const notes = [PINNED[pins]];
  if (refused > 0)
    notes.push(`${refused} of ${files.length} objects have keys that are not paths, and count as unknown`);
  return { ref, pinned: ref, files, notes, close: () => store.close() };
}

const PINNED: Readonly<Record<BucketListing['pins'], string>> = {
  version: 'each object was read at its version id, which the address does not name',
  etag: 'the bucket keeps no versions: each object was read at its ETag',
  'etag-only': 'the credentials cannot list the versions of the bucket: each object was read at its ETag',
};

function toFile(
  store: S3Store,
  object: StoredObject,
  path: string,
  claimed: ClaimedDigest | undefined,
  options: SourceOptions,
): ArtifactFile {
  const { key, size } = object;
  const name = store.subjectOf(key);
  const far = size > WHOLE;
  return {
    path,
    size,
    ...(claimed === undefined ? {} : { claimed }),
    distance: far ? 'far' : 'near',
    async open(signal = options.signal): Promise<ByteSource> {
      if (size === 0) return new MemorySource(new Uint8Array(0), name);
      if (far) return new HttpSource(await S3Ranges.open(store, object, signal), name, signal);
      const bytes = readWhole(store, object, signal);
      const whole = claimed === undefined ? bytes : checked(bytes, claimed, size, name);
      return spool(whole, name, size, { remaining: size }, limitsOf(options));
    },
  };
}

/** The entry of an object whose key would leave the folder, or lead nowhere in it. */
function refusedFile(object: ListedObject, path: string, taken: Set<string>): ArtifactFile {
  let shown = spelled(path);
  while (taken.has(shown)) shown += '~';
  taken.add(shown);
  const refusal = new AssayError('unreadable', 'its key is not a path that a loader can open', {
    subject: shown,
    hint: 'copy the object to another key, or remove it',
  });
  return { path: shown, size: object.size, distance: 'near', open: () => Promise.reject(refusal) };
}

/** A key that is not a path, escaped so that it is one: parts that lead out of the folder or end a name early are %-escaped. */
function spelled(key: string): string {
  const part = (text: string) => {
    if (text === '') return '%2F';
    if (text === '.' || text === '..') return text.replaceAll('.', '%2E');
    return text.replaceAll('\\', '%5C').replaceAll('\0', '%00');
  };
  return key.split('/').map(part).join('/');
}

/** The SHA-256 that S3 kept of whole objects, asked for where a listing does not rule it out and where it spares reading. */
async function findClaims(store: S3Store, objects: readonly ListedObject[]): Promise<Map<string, ClaimedDigest>> {
  const asked = objects.filter(
    ({ checksum, size }) => checksum === 'sha256' || (checksum === 'not-said' && size > WHOLE),
  );
  const claims = new Map<string, ClaimedDigest>();
  const queue = asked.values();
  const lane = async () => {
    for (const { key, versionId, etag } of queue) {
      const found = await store.head(key, versionId).catch((error: unknown) => {
        // Without it the file has no claim; a read error is reported when it is opened.
        if (isAssayError(error) && error.code !== 'aborted' && error.code !== 'internal') return undefined;
        throw error;
      });
      const claimed = found?.ETag === etag && found !== undefined ? claimOf(found) : undefined;
      if (claimed !== undefined) claims.set(key, claimed);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return claims;
}

/** Only of an object that was uploaded in one piece: of a multipart upload S3 keeps a digest of digests. */
function claimOf({
  ChecksumSHA256: checksum,
  ChecksumType: type,
  ETag: etag,
}: HeadObjectCommandOutput): ClaimedDigest | undefined {
  if (checksum === undefined || type === 'COMPOSITE' || !/^[A-Za-z0-9+/]{43}=$/.test(checksum)) return undefined;
  if (type === undefined && /-\d+"?$/.test(etag ?? '')) return undefined;
  return { algorithm: 'sha256', hex: Buffer.from(checksum, 'base64').toString('hex') };
}
