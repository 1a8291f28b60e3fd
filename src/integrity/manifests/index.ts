export {
  type ComparedClaim,
  compareClaims,
  type FoundManifest,
  type KnownFile,
  type ManifestClaim,
  manifestClaims,
} from './claims.ts';
export { readDvcFile, readDvcLock } from './dvc.ts';
export { dvcListing } from './dvc-listing.ts';
export { ALGORITHM_TITLES, isWeak, MAX_ENTRIES, type ManifestEntry } from './manifest.ts';
export { type ManifestKind, manifestKind, maxManifestBytes, readManifest } from './read-manifest.ts';
