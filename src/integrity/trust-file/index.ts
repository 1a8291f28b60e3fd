export type { Role } from './document.ts';
export { type TrustFile, type TrustRule, type Wanted, filesNamedIn, modelTrusts, readTrustFile, refusalOf } from './trust-file.ts';
