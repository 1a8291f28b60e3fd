export type { Role } from './document.ts';
export {
  filesNamedIn,
  modelTrusts,
  readTrustFile,
  refusalOf,
  type TrustFile,
  type TrustRule,
  type Wanted,
} from './trust-file.ts';
