export type { SignerRole } from './document.ts';
export {
  filesNamedIn,
  modelTrusts,
  readTrustFile,
  refusalOf,
  type TrustFile,
  type TrustRule,
  type WantedSigner,
} from './trust-file.ts';
