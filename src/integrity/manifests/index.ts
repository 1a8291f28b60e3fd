export { type ComparedClaim, type FoundManifest, type KnownFile, type ManifestClaim, compareClaims, manifestClaims } from './claims.ts';
export { ALGORITHM_TITLES, MAX_ENTRIES, type ManifestEntry, isWeak } from './manifest.ts';
export { type ManifestKind, manifestKind, maxManifestBytes, readManifest } from './read-manifest.ts';
