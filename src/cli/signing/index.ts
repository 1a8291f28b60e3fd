export { type OpenedKey, openKey } from './key.ts';
export { ignoredPath, localPath, pathWithin, type SigningPlace, signingPlace } from './place.ts';
export { type Signed, signedReport, uncoveredWarning } from './report.ts';
export { signingWay } from './sign.ts';
export type { SigningWay } from './way.ts';
