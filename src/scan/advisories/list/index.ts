export type { DeclaredLibrary } from './library.ts';
export {
  compareReleases,
  type LoaderAdvisories,
  type LoaderAdvisory,
  MAX_ADVISORY_BYTES,
  parseAdvisories,
  shippedAdvisories,
} from './list.ts';
