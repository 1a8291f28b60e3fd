export { findReferences, importsOf, isTooLong, mayReference, tooLong } from './find.ts';
export { constantsOf, type ModuleFiles, NO_MODULES } from './python/index.ts';
export { type FoundReference, referenceIdentity } from './reference.ts';
