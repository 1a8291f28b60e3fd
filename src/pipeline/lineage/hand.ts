import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { BESIDES } from '../../core/assessment/index.ts';
import { type Artifact, type ArtifactFile, AssayError, isFileMissing, type OnEvent } from '../../core/index.ts';
import { identifyFormat, probeOf, refineText, UNKNOWN } from '../../formats/index.ts';
import { type HashPlan, SHA256_PLAN, wholeDigest } from '../../integrity/hash/index.ts';
import { dvcListing } from '../../integrity/manifests/index.ts';
import type { Entity, HashedHandFile, LineageDocument, LyingThere } from '../../provenance/lineage/index.ts';
import { type DigestedFile, digestArtifact, sha256Of } from '../digest-artifact.ts';
import { handFile, type Lying, lookBelow } from './below.ts';

/** A document, and where it lies. */
export interface PlacedDocument {
  readonly document: LineageDocument;
  /** As it was given. */
  readonly path: string;
}

export interface HandOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** The data at hand, and what lies where documents say. */
export interface Hand {
  readonly data: readonly HashedHandFile[];
  readonly found: ReadonlyMap<Entity, LyingThere>;
}

const MD5: HashPlan = { algorithm: 'md5' };

/**
 * Hashes the data that was given, and the files that documents name below their own folders: each file once.
 * @param paths files, as they were given
 * @throws AssayError naming the file: `not-found`, `unreadable`, `changed`, `aborted`
 */
export async function hashHand(
  paths: readonly string[],
  documents: readonly PlacedDocument[],
  options: HandOptions,
): Promise<Hand> {
  const given = paths.map((path) => ({ path, lying: givenFile(path) }));
  const lying = new Map<Entity, Lying>();
  for (const { document, path } of documents) {
    const folder = dirname(resolve(path));
    for (const entity of document.entities) if (entity.path !== null) lying.set(entity, lookBelow(folder, entity.path));
  }
  const wanted = new Map<string, ArtifactFile>();
  const want = (one: Extract<Lying, { readonly kind: 'file' }>) => wanted.set(one.path, handFile(one));
  for (const one of given) want(one.lying);
  for (const one of lying.values()) {
    if (one.kind === 'file') want(one);
    else if (one.kind === 'folder') for (const file of one.files.values()) want(file);
  }
  const hashed = await hashFiles([...wanted.values()], options);
  return {
    data: given.map(({ path, lying: { path: at } }) => ({ ...known(hashed, at), path })),
    found: new Map([...lying].map(([entity, one]) => [entity, foundOf(one, entity, hashed)])),
  };
}

function givenFile(path: string): Extract<Lying, { readonly kind: 'file' }> {
  const at = resolve(path);
  try {
    // The person who gave it may give a link.
    const stat = statSync(at);
    if (stat.isFile()) return { kind: 'file', path: at, stat };
  } catch (cause) {
    const code = isFileMissing(cause) ? 'not-found' : 'unreadable';
    const message = code === 'not-found' ? 'no such file' : 'cannot be read';
    throw new AssayError(code, message, { subject: path, hint: 'check the path and its permissions', cause });
  }
  throw new AssayError('unreadable', 'is not a file', { subject: path, hint: 'give the files of the data' });
}

async function hashFiles(
  files: readonly ArtifactFile[],
  options: HandOptions,
): Promise<ReadonlyMap<string, HashedHandFile>> {
  const { signal, onEvent } = options;
  const digested = await digestArtifact({ ref: 'the data', files }, [SHA256_PLAN, MD5], {
    ...(signal === undefined ? {} : { signal }),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  return new Map(digested.map((file) => [file.path, handOf(file)]));
}

function handOf(file: DigestedFile): HashedHandFile {
  return { path: file.path, size: file.size, sha256: sha256Of(file), md5: wholeDigest(file.digests, 'md5') ?? '' };
}

function known(hashed: ReadonlyMap<string, HashedHandFile>, path: string): HashedHandFile {
  const file = hashed.get(path);
  if (file === undefined) throw new AssayError('internal', 'was not hashed', { subject: path });
  return file;
}

/** Messages name a file as the document does. */
function foundOf(lying: Lying, { path, digests }: Entity, hashed: ReadonlyMap<string, HashedHandFile>): LyingThere {
  if (lying.kind === 'missing' || lying.kind === 'refused') return lying;
  if (lying.kind === 'file') return { kind: 'file', file: { ...known(hashed, lying.path), path: path ?? lying.path } };
  if (!digests.some(({ of }) => of === 'listing'))
    return { kind: 'refused', why: 'is a folder, and a file is described' };
  const files = [...lying.files].map(([within, file]) => ({ ...known(hashed, file.path), path: within }));
  const listing = dvcListing(files.map(({ path: within, md5 }) => ({ path: within, md5 })));
  return {
    kind: 'folder',
    listing: createHash('md5').update(listing).digest('hex'),
    files: files.map((file) => ({ ...file, path: `${path}/${file.path}` })),
  };
}

/**
 * Hashes the files of a model, but for text and pictures that lie beside it.
 * @throws AssayError `usage` for an artifact without a model, and what opening and reading throw
 */
export async function hashModel(artifact: Artifact, options: HandOptions): Promise<readonly HashedHandFile[]> {
  const { signal, onEvent } = options;
  const models: ArtifactFile[] = [];
  for (const file of artifact.files) {
    if (artifact.files.length === 1 || !BESIDES.has(await formatOf(file, signal))) models.push(file);
  }
  if (models.length === 0)
    throw new AssayError('usage', 'holds no model', {
      subject: artifact.ref,
      hint: 'give the file or the folder of the model',
    });
  const digested = await digestArtifact({ ref: artifact.ref, files: models }, [SHA256_PLAN, MD5], {
    ...(signal === undefined ? {} : { signal }),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  return digested.map(handOf);
}

async function formatOf(file: ArtifactFile, signal: AbortSignal | undefined): Promise<string> {
  const source = await file.open(signal);
  try {
    return refineText(file.path, identifyFormat(await probeOf(source)) ?? UNKNOWN).id;
  } finally {
    await source.close();
  }
}
