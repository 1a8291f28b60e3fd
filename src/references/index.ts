export { findReferences, isTooLong, mayReference, tooLong } from './find.ts';
export { type FoundReference, referenceIdentity } from './reference.ts';
