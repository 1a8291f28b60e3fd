import type { Artifact } from '../../core/index.ts';
import { type DigestAlgorithm, wholeDigest } from '../../integrity/hash/index.ts';
import {
  type ComparedClaim,
  compareClaims,
  type KnownFile,
  type ManifestClaim,
} from '../../integrity/manifests/index.ts';
import { type DigestedFile, type DigestOptions, digestArtifact } from '../digest-artifact.ts';

export interface ManifestComparison {
  readonly compared: readonly ComparedClaim[];
  /** Paths of files that the manifest does not name. */
  readonly unnamed: readonly string[];
}

/**
 * Hashes the files that a manifest names, in every algorithm it announces, and compares. Others are not read.
 * @throws AssayError what `digestArtifact` throws.
 */
export async function compareManifest(
  artifact: Pick<Artifact, 'ref' | 'files'>,
  claims: readonly ManifestClaim[],
  options: DigestOptions = {},
): Promise<ManifestComparison> {
  const paths = new Set(claims.map(({ path }) => path));
  const folders = claims.filter(({ folder }) => folder === true).map(({ path }) => `${path}/`);
  const isNamed = (path: string) => paths.has(path) || folders.some((folder) => path.startsWith(folder));
  const named = artifact.files.filter(({ path }) => isNamed(path));
  const algorithms = [...new Set(claims.map(({ algorithm }) => algorithm))].filter(isComputed);
  const plans = algorithms.map((algorithm) => ({ algorithm }));
  const digested = await digestArtifact({ ref: artifact.ref, files: named }, plans, options);
  return {
    compared: compareClaims(
      claims,
      digested.map((file) => toKnown(file, algorithms)),
    ),
    unnamed: artifact.files.filter(({ path }) => !isNamed(path)).map(({ path }) => path),
  };
}

function isComputed(algorithm: ManifestClaim['algorithm']): algorithm is DigestAlgorithm {
  return algorithm !== 'md5-dos2unix';
}

function toKnown(file: DigestedFile, algorithms: readonly DigestAlgorithm[]): KnownFile {
  const digests = algorithms.flatMap((algorithm) => {
    const hex = wholeDigest(file.digests, algorithm);
    return hex === undefined ? [] : [[algorithm, hex] as const];
  });
  return { path: file.path, size: file.size, digests: new Map(digests), basis: 'computed' };
}
