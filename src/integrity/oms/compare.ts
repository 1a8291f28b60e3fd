import type { UncoveredFile } from '../../core/assessment/index.ts';
import { AssayError } from '../../core/index.ts';
import { digestsUnder, type HashPlan, type PlannedDigests } from '../hash/index.ts';
import { isIgnored, isLeftToGit } from './ignore-paths.ts';
import type { OmsManifest } from './manifest.ts';
import { planOf } from './statement.ts';

/** A file of a model, hashed under the plan of the manifest among others. */
export interface SignedFile {
  readonly path: string;
  readonly size: number;
  /** It was reached through a symbolic link; `hub-cache` is a link into the blobs of its own Hugging Face cache. */
  readonly link?: 'within' | 'hub-cache' | undefined;
  readonly digests: readonly PlannedDigests[];
}

/** The files that a signature is compared with. */
export interface SignedModel {
  readonly files: readonly SignedFile[];
  /** Path of the signature among the files: it cannot sign itself. */
  readonly signature?: string;
  /** The model is one file, whose path is its name. */
  readonly single?: boolean;
  /** Paths of files whose content is what git reads under their names. */
  readonly gitsOwn?: ReadonlySet<string>;
}

/** The differences between a model and its signature. Paths are in the order of the manifest, or of the model. */
export interface ModelComparison {
  /** Signed files that are there, unchanged. */
  readonly covered: number;
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  readonly uncovered: readonly UncoveredFile[];
  /** Empty files, which a signature by shards cannot list. */
  readonly emptyFiles: readonly string[];
  /** Files of git, by name and content: no loader reads them, so the signature need not cover them. */
  readonly git: readonly string[];
}

/** The signed digests of one file. */
interface Expected {
  readonly digests: string[];
  /** Bytes, where the shards tell. */
  size: number | undefined;
}

/**
 * Compares every file of a model with a manifest, name by name, byte for byte.
 * @throws AssayError `internal` when a file that was signed was not hashed as the manifest asks
 */
export function compareModel(manifest: OmsManifest, model: SignedModel): ModelComparison {
  const expected = expectedFiles(manifest);
  const plan = planOf(manifest);
  const seen = new Set<string>();
  const changed: string[] = [];
  const rest: SignedFile[] = [];
  let covered = 0;
  for (const file of model.files) {
    const name = signedName(file, model, expected);
    const wanted = expected.get(name);
    if (wanted === undefined) {
      rest.push(file);
      continue;
    }
    seen.add(name);
    if (!isSame(file, wanted, plan)) changed.push(file.path);
    else if (isForbiddenLink(file, manifest)) rest.push(file);
    else covered++;
  }
  const missing = [...expected.keys()].filter((name) => !seen.has(name));
  return { covered, changed, missing, ...sortRest(rest, manifest, model) };
}

/** Shards of a file may be listed in any order; they were checked to be the whole file. */
function expectedFiles({ resources }: OmsManifest): Map<string, Expected> {
  const files = new Map<string, Expected>();
  const inOrder = resources.some(({ range }) => range !== undefined)
    ? resources.toSorted((a, b) => (a.range?.start ?? 0) - (b.range?.start ?? 0))
    : resources;
  for (const { path } of resources) files.set(path, { digests: [], size: undefined });
  for (const { path, range, digest } of inOrder) {
    const file = files.get(path);
    if (file === undefined) continue;
    file.digests.push(digest);
    if (range !== undefined) file.size = range.end;
  }
  return files;
}

/** A model of one file is listed by its name, or as `.` by the reference implementation. */
function signedName({ path }: SignedFile, { single }: SignedModel, expected: ReadonlyMap<string, Expected>): string {
  return single === true && !expected.has(path) ? '.' : path;
}

function isSame({ path, size, digests }: SignedFile, wanted: Expected, plan: HashPlan): boolean {
  if (wanted.size !== undefined && wanted.size !== size) return false;
  const computed = digestsUnder(digests, plan);
  if (computed === undefined) {
    throw new AssayError('internal', 'was not hashed in the way that its signature requires', { subject: path });
  }
  return computed.length === wanted.digests.length && computed.every((digest, at) => digest === wanted.digests[at]);
}

/** The target of a link can change. The cache of the Hub consists of links. */
function isForbiddenLink({ link }: SignedFile, { serialization }: OmsManifest): boolean {
  return link === 'within' && !serialization.allowSymlinks;
}

function sortRest(
  rest: readonly SignedFile[],
  manifest: OmsManifest,
  { signature, gitsOwn }: SignedModel,
): Pick<ModelComparison, 'uncovered' | 'emptyFiles' | 'git'> {
  const uncovered: UncoveredFile[] = [];
  const emptyFiles: string[] = [];
  const git: string[] = [];
  for (const file of rest) {
    const { path, size } = file;
    if (path === signature) continue;
    if (gitsOwn?.has(path) === true && isLeftToGit(path, manifest)) git.push(path);
    else if (isForbiddenLink(file, manifest)) uncovered.push({ path, why: 'link' });
    else if (isIgnored(path, manifest)) uncovered.push({ path, why: 'ignored' });
    else if (size === 0 && manifest.serialization.method === 'shards') emptyFiles.push(path);
    else uncovered.push({ path, why: 'added' });
  }
  return { uncovered, emptyFiles, git };
}
