import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { isAssayError, parseSignedJson } from '../../core/index.ts';
import { type Envelope, quoted, SignatureError, sentenceOf, shapeIssue } from '../envelope/index.ts';
import { HASH_ALGORITHMS, type HashAlgorithm, type HashPlan } from '../hash/index.ts';
import type { OmsManifest, Resource, Serialization } from './manifest.ts';
import { checkPath, checkShards, parseShard } from './resource-name.ts';

const STATEMENT = 'https://in-toto.io/Statement/v1';
export const PREDICATE = 'https://model_signing/signature/v1.0';
/** Of release 0.2.0, whose subjects are the files. */
export const OLD_PREDICATE = 'https://model_signing/Digests/v0.1';

const MAX_RESOURCES = 1_000_000;
const DIGEST_LENGTH: Readonly<Record<HashAlgorithm, number>> = { sha256: 64, blake2b: 128, blake3: 64 };

const Statement = v.object({ _type: v.string(), predicateType: v.string() });
const Subject = v.object({ name: v.optional(v.string(), ''), digest: v.record(v.string(), v.string()) });
const NewStatement = v.object({
  subject: v.array(Subject),
  predicate: v.object({
    serialization: v.object({
      method: v.string(),
      hash_type: v.string(),
      shard_size: v.optional(v.number()),
      allow_symlinks: v.optional(v.boolean(), false),
      ignore_paths: v.optional(v.array(v.string()), []),
    }),
    resources: v.array(v.object({ name: v.string(), algorithm: v.string(), digest: v.string() })),
  }),
});
const OldStatement = v.object({
  subject: v.array(
    v.object({
      name: v.string(),
      digest: v.object({ sha256: v.string() }),
      annotations: v.optional(v.object({ actual_hash_algorithm: v.optional(v.string()) })),
    }),
  ),
});
type NewStatement = v.InferOutput<typeof NewStatement>;

/**
 * Reads the statement of an envelope about a model: an in-toto statement with the predicate of OpenSSF Model Signing v1.0
 * (which
 * releases of the reference implementation write since 0.3.0), or that of release 0.2.0. The signature must have been verified
 * before: this does not check the author.
 * @throws SignatureError `statement`, `predicate`, `hash`, `root-digest`, `duplicate-resource`
 */
export function readOmsManifest(envelope: Envelope): OmsManifest {
  const json = parsePayload(envelope.payload);
  const { _type: type, predicateType } = shaped(Statement, json);
  if (type !== STATEMENT) {
    throw new SignatureError('statement', `the payload is ${quoted(type)}, not an in-toto statement of version 1`);
  }
  if (predicateType === PREDICATE) return readNew(shaped(NewStatement, json));
  if (predicateType === OLD_PREDICATE) return readOld(shaped(OldStatement, json));
  throw new SignatureError(
    'predicate',
    `the statement has the type ${quoted(predicateType)}, which is not that of a model signature`,
  );
}

/** How files are hashed to be compared with a manifest. */
export function planOf({ serialization }: OmsManifest): HashPlan {
  const { algorithm, shardSize } = serialization;
  return { algorithm, ...(shardSize === undefined ? {} : { shardSize }) };
}

/** `sha256`, `sha256-sharded-1000000000`: the name of a plan in manifests. */
export function planName({ algorithm, shardSize }: HashPlan): string {
  return shardSize === undefined ? algorithm : `${algorithm}-sharded-${shardSize}`;
}

function parsePayload(payload: Uint8Array): unknown {
  try {
    return parseSignedJson(payload, 'the payload');
  } catch (cause) {
    if (!isAssayError(cause)) throw cause;
    throw new SignatureError('statement', `the payload cannot be read as a statement: it ${cause.message}`, { cause });
  }
}

function shaped<T extends v.GenericSchema>(schema: T, json: unknown): v.InferOutput<T> {
  const read = v.safeParse(schema, json, { abortEarly: true });
  if (read.success) return read.output;
  throw new SignatureError('statement', `the statement is malformed: ${sentenceOf(shapeIssue(read.issues))}`);
}

function readNew({ subject, predicate }: NewStatement): OmsManifest {
  const [root] = subject;
  if (root === undefined || subject.length > 1) {
    throw new SignatureError(
      'statement',
      `the statement has ${subject.length} subjects, but a model signature has one`,
    );
  }
  const serialization = readSerialization(predicate.serialization);
  const resources = readResources(predicate.resources, serialization);
  checkRoot(root.digest.sha256, resources);
  return { version: 'v1.0', name: root.name, serialization, resources };
}

function readSerialization(written: NewStatement['predicate']['serialization']): Serialization {
  const { method, hash_type: hash, shard_size: shardSize } = written;
  const paths = { allowSymlinks: written.allow_symlinks, ignorePaths: written.ignore_paths };
  if (method === 'files') return { method, algorithm: algorithmOf(hash), ...paths };
  if (method !== 'shards') {
    const message = `the model was serialized by ${quoted(method)}, but only files and shards are supported`;
    throw new SignatureError('statement', message);
  }
  if (shardSize === undefined || !Number.isSafeInteger(shardSize) || shardSize <= 0) {
    throw new SignatureError(
      'statement',
      `the shards have a size of ${shardSize ?? 'nothing'}, which is not a valid size`,
    );
  }
  // Releases 0.3 wrote the name of the shards' digests here.
  const suffix = `-sharded-${shardSize}`;
  const algorithm = algorithmOf(hash.endsWith(suffix) ? hash.slice(0, -suffix.length) : hash);
  return { method, shardSize, algorithm, ...paths };
}

function algorithmOf(name: string): HashAlgorithm {
  const known = HASH_ALGORITHMS.find((algorithm) => algorithm === name);
  if (known !== undefined) return known;
  throw new SignatureError(
    'hash',
    `the files are hashed with ${quoted(name)}, but only ${HASH_ALGORITHMS.join(', ')} are supported`,
  );
}

function readResources(written: NewStatement['predicate']['resources'], serialization: Serialization): Resource[] {
  checkCount(written.length);
  const { algorithm: hash, shardSize } = serialization;
  const names = [hash, ...(shardSize === undefined ? [] : [`${hash}-sharded-${shardSize}`])];
  const seen = new Set<string>();
  const resources = written.map(({ name, algorithm, digest }) => {
    checkNew(name, seen);
    if (!names.includes(algorithm)) throw otherHash(name, algorithm, names);
    const hex = hexOf(digest, hash, name);
    const resource: Resource =
      shardSize === undefined ? { path: name, digest: hex } : { ...parseShard(name, shardSize), digest: hex };
    checkPath(resource.path);
    return resource;
  });
  checkHex(resources, hash);
  if (shardSize !== undefined) checkShards(resources, shardSize);
  checkSingle(resources);
  return resources;
}

/** Release 0.2.0 hashed with SHA-256 unless an annotation says otherwise, and always wrote `sha256`. */
function readOld({ subject }: v.InferOutput<typeof OldStatement>): OmsManifest {
  checkCount(subject.length);
  const named = subject.map(({ annotations }) => annotations?.actual_hash_algorithm ?? 'file-sha256');
  const algorithm = algorithmOf((named[0] ?? 'file-sha256').replace(/^file-/, ''));
  const seen = new Set<string>();
  const resources = subject.map(({ name, digest }, at) => {
    checkNew(name, seen);
    const own = named[at] ?? '';
    if (own.replace(/^file-/, '') !== algorithm) throw otherHash(name, own, [algorithm]);
    checkPath(name);
    return { path: name, digest: hexOf(digest.sha256, algorithm, name) };
  });
  checkHex(resources, algorithm);
  checkSingle(resources);
  return {
    version: 'v0.2',
    name: '',
    serialization: { method: 'files', algorithm, allowSymlinks: false, ignorePaths: [] },
    resources,
  };
}

function checkCount(count: number): void {
  if (count <= MAX_RESOURCES) return;
  throw new SignatureError('statement', `the statement lists ${count} files, more than ${MAX_RESOURCES}`);
}

/** Other readers would use the last of two entries, so readers would see different models. */
function checkNew(name: string, seen: Set<string>): void {
  if (seen.has(name)) throw new SignatureError('duplicate-resource', `the statement lists ${quoted(name)} twice`);
  seen.add(name);
}

function checkSingle(resources: readonly Resource[]): void {
  if (!resources.some(({ path }) => path === '.') || resources.every(({ path }) => path === '.')) return;
  throw new SignatureError('statement', 'the statement lists a single file (".") and other files');
}

function otherHash(name: string, algorithm: string, known: readonly string[]): SignatureError {
  const message = `the statement hashes files with ${known.join(' or ')}, but ${quoted(name)} with ${quoted(algorithm)}`;
  return new SignatureError('hash', message);
}

/** Of the right length; `checkHex` looks at its digits. */
function hexOf(digest: string, algorithm: HashAlgorithm, name: string): string {
  if (digest.length === DIGEST_LENGTH[algorithm]) return digest.toLowerCase();
  throw new SignatureError('statement', `the digest of ${quoted(name)} is not a ${algorithm} digest`);
}

/** All at once: one after the other takes longer than the signature does. */
function checkHex(resources: readonly Resource[], algorithm: HashAlgorithm): void {
  const joined = joinedDigests(resources);
  if (Buffer.from(joined, 'hex').toString('hex') === joined) return;
  const { path } = resources.find(({ digest }) => !/^[0-9a-f]+$/.test(digest)) ?? { path: '' };
  throw new SignatureError('statement', `the digest of ${quoted(path)} is not a ${algorithm} digest`);
}

function joinedDigests(resources: readonly Resource[]): string {
  return resources.map(({ digest }) => digest).join('');
}

/** The subject stands for the whole model: SHA-256 over the digests, as bytes, in the order in which they are listed. */
function checkRoot(claimed: string | undefined, resources: readonly Resource[]): void {
  const computed = createHash('sha256').update(joinedDigests(resources), 'hex').digest('hex');
  if (claimed?.toLowerCase() === computed) return;
  throw new SignatureError(
    'root-digest',
    claimed === undefined
      ? 'the subject of the statement has no sha256 digest'
      : 'the subject of the statement is not the root of the files that it lists',
  );
}
