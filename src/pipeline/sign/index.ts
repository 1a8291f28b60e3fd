export { localPath, pathWithin, type SigningPlace } from './place.ts';
export { type PreparedSigning, prepareSigning, type SigningOptions } from './prepare.ts';
export { type SigningResult, signPrepared } from './sign.ts';
