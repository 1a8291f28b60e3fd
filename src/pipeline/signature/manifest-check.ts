import type { Check } from '../../core/assessment/index.ts';
import { type ArtifactFile, AssayError, isAssayError, throwIfAborted } from '../../core/index.ts';
import {
  ALGORITHM_TITLES,
  type ComparedClaim,
  compareClaims,
  type FoundManifest,
  isWeak,
  type KnownFile,
  MAX_ENTRIES,
  manifestClaims,
  manifestKind,
  maxManifestBytes,
  readManifest,
} from '../../integrity/manifests/index.ts';
import { type ScannedFile, scannedBytes } from './scanned-bytes.ts';

const CHECK = 'integrity.manifest';
/** The limits for all manifests of one artifact: bytes of checksums, and bytes of YAML. */
const MAX_BYTES = { text: 16 * 1024 * 1024, yaml: 512 * 1024 };
/** Things that one detail names. */
const MAX_NAMED = 3;

/**
 * Compares what manifests among the files (`SHA256SUMS`, `*.sha256`, `*.dvc`) announce with what the scan computed. An attacker
 * who changes a file can change its manifest, too: manifests show that files fit together, never their origin.
 * @returns nothing when there is no manifest, else the check `integrity.manifest`
 * @throws AssayError `aborted`, `internal`.
 */
export async function manifestChecks(
  files: readonly ArtifactFile[],
  scanned: readonly ScannedFile[],
  signal?: AbortSignal,
): Promise<Check[]> {
  const { found, problems } = await readManifests(files, scanned, signal);
  if (found.length === 0 && problems.length === 0) return [];
  const compared = compareClaims(manifestClaims(found), scanned.map(toKnown));
  const broken = compared.filter(({ outcome }) => outcome === 'broken');
  if (broken.length > 0) return [{ id: CHECK, status: 'fail', detail: named(broken.map(describeBroken)) }];
  const kept = new Set(compared.filter(isProven).map(({ claim }) => claim.path));
  const open = [...problems, ...compared.flatMap((one) => (kept.has(one.claim.path) ? [] : describeOpen(one)))];
  if (kept.size === 0 && open.length === 0) open.push(`${found[0]?.path} does not contain a digest`);
  if (open.length > 0) return [{ id: CHECK, status: 'not-assessed', detail: named(open) }];
  const froms = [...new Set(compared.map(({ claim }) => claim.from))];
  const have = `${kept.size} of ${scanned.length - found.length} files have the SHA-256 announced in ${named(froms)}`;
  const detail = `${have}, which is itself part of the artifact: the digests match, but the origin of the files is not proven`;
  return [{ id: CHECK, status: 'pass', detail }];
}

interface Manifests {
  readonly found: readonly FoundManifest[];
  /** A sentence for each manifest that could not be read. */
  readonly problems: readonly string[];
}

async function readManifests(
  files: readonly ArtifactFile[],
  scanned: readonly ScannedFile[],
  signal: AbortSignal | undefined,
): Promise<Manifests> {
  const byPath = new Map(scanned.map((file) => [file.path, file]));
  const left = { ...MAX_BYTES, entries: MAX_ENTRIES };
  const found: FoundManifest[] = [];
  const problems: string[] = [];
  for (const file of files) {
    const kind = manifestKind(file.path);
    if (kind === undefined) continue;
    try {
      const budget = kind.kind === 'dvc' || kind.kind === 'dvc-lock' ? 'yaml' : 'text';
      left[budget] -= file.size;
      if (left[budget] < 0 || left.entries < 0) throw new AssayError('limit', 'exceeds the number of manifests');
      const bytes = await scannedBytes(file, byPath.get(file.path), maxManifestBytes(kind), signal);
      const entries = await readManifest(kind, bytes, file.path);
      left.entries -= entries.length;
      found.push({ path: file.path, entries });
    } catch (error) {
      throwIfAborted(signal);
      if (!isAssayError(error) || error.code === 'internal') throw error;
      problems.push(`${file.path} is not used: ${error.message}`);
    }
  }
  return { found, problems };
}

function toKnown({ path, size, sha256, digestBasis }: ScannedFile): KnownFile {
  const digests = new Map(sha256 === null ? [] : [['sha256', sha256] as const]);
  return { path, size, digests, basis: digestBasis === 'computed' ? 'computed' : 'claimed' };
}

function isProven({ claim, outcome }: ComparedClaim): boolean {
  return outcome === 'kept' && !isWeak(claim.algorithm);
}

function describeBroken({ claim: { path, from, algorithm } }: ComparedClaim): string {
  return `${path} does not have the ${ALGORITHM_TITLES[algorithm]} in ${from}`;
}

/** Why a claim proves nothing. */
function describeOpen({ claim, outcome }: ComparedClaim): string[] {
  const { path, from, algorithm } = claim;
  const title = ALGORITHM_TITLES[algorithm];
  if (outcome === 'missing') return [`${from} names ${path}, which is missing`];
  if (isWeak(algorithm)) return [`${from} contains only the ${title} of ${path}, which can be forged`];
  if (algorithm !== 'sha256') return [`${title} of ${path} was not computed: assay digest --check ${from} compares it`];
  return [`${path} was not fully read: its claimed digest matches ${from}`];
}

/** The first few of what may be many. */
function named(all: readonly string[]): string {
  const more = all.length - MAX_NAMED;
  return `${all.slice(0, MAX_NAMED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
