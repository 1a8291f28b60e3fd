import { createHash } from 'node:crypto';
import { dvcListing, type ListedFile } from './dvc-listing.ts';
import type { AnnouncedAlgorithm, ManifestEntry } from './manifest.ts';

/** The digest of a file in a manifest within an artifact, or beside it. */
export interface ManifestClaim extends ManifestEntry {
  /** Relative to the artifact's root. */
  readonly path: string;
  /** The manifest: its path within the artifact, or as it was given. */
  readonly from: string;
}

export interface FoundManifest {
  /** Its path within the artifact. */
  readonly path: string;
  readonly entries: readonly ManifestEntry[];
}

/** The claims of manifests, by paths of the artifact. A manifest cannot hold its own digest: that entry is left out. */
export function manifestClaims(manifests: readonly FoundManifest[]): ManifestClaim[] {
  return manifests.flatMap(({ path: from, entries }) => {
    const folder = from.slice(0, from.lastIndexOf('/') + 1);
    const claims = entries.map((entry) => ({ ...entry, path: `${folder}${entry.path}`, from }));
    return claims.filter(({ path }) => path !== from);
  });
}

/** A file and its real digests. */
export interface KnownFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Hex, of what is known. */
  readonly digests: ReadonlyMap<AnnouncedAlgorithm, string>;
  /** `claimed`: the source announced the digests, and they were not computed. */
  readonly basis: 'computed' | 'claimed';
}

export type ClaimOutcome =
  /** The file has the digest. */
  | 'kept'
  /** It has another, or another size. */
  | 'broken'
  /** There is no such file. */
  | 'missing'
  /** The digest was not computed, or cannot be. */
  | 'unknown';

export interface ComparedClaim {
  readonly claim: ManifestClaim;
  readonly outcome: ClaimOutcome;
}

/** Compares the announced digests with the files. */
export function compareClaims(claims: readonly ManifestClaim[], files: readonly KnownFile[]): ComparedClaim[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return claims.map((claim) => ({
    claim,
    outcome: claim.folder === true ? compareFolder(claim, files) : compareFile(claim, byPath.get(claim.path)),
  }));
}

function compareFile(claim: ManifestClaim, file: KnownFile | undefined): ClaimOutcome {
  if (file === undefined) return 'missing';
  if (claim.size !== undefined && claim.size !== file.size) return 'broken';
  const hex = file.digests.get(claim.algorithm);
  if (hex === undefined) return 'unknown';
  if (hex !== claim.hex) return 'broken';
  return file.basis === 'computed' ? 'kept' : 'unknown';
}

/** Of a folder, DVC announces MD5 over the listing of its files and their MD5. */
function compareFolder(claim: ManifestClaim, files: readonly KnownFile[]): ClaimOutcome {
  const start = `${claim.path}/`;
  const within = files.filter(({ path }) => path.startsWith(start));
  if (within.length === 0) return 'missing';
  const listed: ListedFile[] = within.flatMap(({ path, digests, basis }) => {
    const md5 = basis === 'computed' ? digests.get(claim.algorithm) : undefined;
    return md5 === undefined ? [] : [{ path: path.slice(start.length), md5 }];
  });
  if (listed.length < within.length) return 'unknown';
  return createHash('md5').update(dvcListing(listed)).digest('hex') === claim.hex ? 'kept' : 'broken';
}
