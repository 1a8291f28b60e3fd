import { availableParallelism } from 'node:os';
import {
  type Artifact,
  type ArtifactFile,
  AssayError,
  isAssayError,
  type OnEvent,
  throwIfAborted,
} from '../core/index.ts';
import {
  claimPlan,
  countDigests,
  createHasher,
  digestsUnder,
  distinctPlans,
  type HashPlan,
  HashThreads,
  keepsClaim,
  MAX_SHARDS,
  type PlannedDigests,
  startHashing,
  wholeDigest,
} from '../integrity/hash/index.ts';
import { reportBytes } from './file-progress.ts';
import { concurrencyFor, mapConcurrent } from './map-concurrent.ts';

/** One file of an artifact, every byte of it hashed. */
export interface DigestedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly link?: ArtifactFile['link'];
  /** Each requested plan, once. */
  readonly digests: readonly PlannedDigests[];
}

export interface DigestOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
}

/** A far file that one request can download as a whole. */
interface Download {
  download(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** While some lanes open and close files, others keep the threads busy. */
const MORE_LANES = 2;

/**
 * Hashes every byte of every file, far ones included, under several plans at once; the files come back in the artifact's
 * order. Digests that were announced are compared. Does not close the artifact.
 * @throws AssayError naming the file: `mismatch` for bytes that are not those announced, `changed`, `limit` for more shards
 *   than are held, and what opening and reading throw; `aborted`. The first error ends it.
 */
export async function digestArtifact(
  artifact: Pick<Artifact, 'ref' | 'files'>,
  plans: readonly HashPlan[],
  options: DigestOptions = {},
): Promise<DigestedFile[]> {
  const { files } = artifact;
  const distinct = distinctPlans(plans);
  for (const plan of distinct) checkCount(artifact, plan);
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  options.onEvent?.({ kind: 'artifact', ref: artifact.ref, files: files.length, bytes });
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const count = concurrencyFor(availableParallelism());
  const threads = new HashThreads(count);
  try {
    const order = files.map((file, index) => ({ file, index })).sort((a, b) => b.file.size - a.file.size);
    const digested = await mapConcurrent(order, count + MORE_LANES, async ({ file, index }) => {
      try {
        throwIfAborted(signal);
        return { index, one: await digestFile(file, distinct, threads, signal, options.onEvent) };
      } catch (error) {
        // The other lanes stop for the first failure.
        stop.abort();
        throw error;
      }
    });
    return digested.sort((a, b) => a.index - b.index).map(({ one }) => one);
  } finally {
    await threads.close();
  }
}

/**
 * SHA-256 of the whole file, in hex.
 * @throws AssayError `internal` when it was not asked for.
 */
export function sha256Of({ path, digests }: DigestedFile): string {
  const hex = wholeDigest(digests, 'sha256');
  if (hex === undefined) throw new AssayError('internal', 'was not hashed with SHA-256', { subject: path });
  return hex;
}

/** All digests are held until the last one is there. */
function checkCount({ ref, files }: Pick<Artifact, 'ref' | 'files'>, plan: HashPlan): void {
  if (plan.shardSize === undefined) return;
  let count = 0;
  for (const file of files) count += countDigests(plan, file.size, file.path);
  if (count <= MAX_SHARDS) return;
  throw new AssayError(
    'limit',
    `would be hashed in ${count} shards of ${plan.shardSize} bytes, more than ${MAX_SHARDS}`,
    {
      subject: ref,
      hint: 'sign it in larger shards, or by file',
    },
  );
}

async function digestFile(
  file: ArtifactFile,
  plans: readonly HashPlan[],
  threads: HashThreads,
  signal: AbortSignal,
  onEvent: OnEvent | undefined,
): Promise<DigestedFile> {
  const { path, claimed, link } = file;
  const wanted = claimed === undefined ? plans : distinctPlans([...plans, claimPlan(claimed)]);
  onEvent?.({ kind: 'file-start', path, size: file.size });
  try {
    const { size, all } = await (canDownload(file)
      ? digestDownload(file, wanted, signal, onEvent)
      : digestSource(file, wanted, threads, signal, onEvent));
    if (claimed !== undefined && !keepsClaim(all, claimed)) {
      const found = wholeDigest(all, claimed.algorithm);
      throw new AssayError('mismatch', `its ${claimed.algorithm} is ${found}, but ${claimed.hex} was announced`, {
        subject: path,
        hint: 'do not use it: download it again',
      });
    }
    const digests = plans.map((plan) => ({ plan, digests: digestsUnder(all, plan) ?? [] }));
    return { path, size, ...(link === undefined ? {} : { link }), digests };
  } catch (error) {
    throwIfAborted(signal);
    throw named(error, path);
  } finally {
    onEvent?.({ kind: 'file-end', path });
  }
}

interface Hashed {
  readonly size: number;
  readonly all: readonly PlannedDigests[];
}

async function digestSource(
  file: ArtifactFile,
  plans: readonly HashPlan[],
  threads: HashThreads,
  signal: AbortSignal,
  onEvent: OnEvent | undefined,
): Promise<Hashed> {
  const source = await file.open(signal);
  const progress = reportBytes(source, file, onEvent);
  try {
    const all = await startHashing(source, threads, plans).finish(signal);
    if (!(await source.unchanged())) {
      throw new AssayError('changed', 'changed while it was hashed', {
        subject: file.path,
        hint: 'try again when nothing writes to it',
      });
    }
    return { size: source.size, all };
  } finally {
    clearInterval(progress);
    await source.close();
  }
}

async function digestDownload(
  file: ArtifactFile & Download,
  plans: readonly HashPlan[],
  signal: AbortSignal,
  onEvent: OnEvent | undefined,
): Promise<Hashed> {
  const { path, size } = file;
  for (const plan of plans) countDigests(plan, size, path);
  const hasher = await createHasher(plans, size);
  let came = 0;
  for await (const chunk of file.download(signal)) {
    came += chunk.length;
    if (came > size) break;
    hasher.update(chunk);
    onEvent?.({ kind: 'bytes', path, bytes: chunk.length });
  }
  if (came === size) return { size, all: hasher.digest() };
  throw new AssayError('mismatch', `${came} bytes were received instead of the announced ${size}`, {
    subject: path,
    hint: 'try again',
  });
}

function canDownload(file: ArtifactFile): file is ArtifactFile & Download {
  return file.distance === 'far' && 'download' in file && typeof file.download === 'function';
}

/** Every error says which file it is about. */
function named(error: unknown, path: string): unknown {
  if (!isAssayError(error) || error.subject !== undefined) return error;
  const { code, message, hint, offset } = error;
  return new AssayError(code, message, {
    subject: path,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
    ...(offset === undefined ? {} : { offset }),
  });
}
