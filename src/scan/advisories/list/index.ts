export type { DeclaredLibrary } from './library.ts';
export { type LoaderAdvisories, type LoaderAdvisory, MAX_ADVISORY_BYTES, parseAdvisories } from './read.ts';
export { compareReleases } from './releases.ts';
export { shippedAdvisories } from './shipped.ts';
