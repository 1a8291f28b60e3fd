export { type OpenedKey, openKey } from './key.ts';
export { signedReport, uncoveredWarning } from './report.ts';
export { signingWay } from './sign.ts';
export type { SigningWay } from './way.ts';
