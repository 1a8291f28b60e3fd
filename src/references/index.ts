export { findReferences, isTooLong, mayReference, tooLong } from './find.ts';
export { type FoundReference, type ReferenceRole, referenceIdentity, type Target } from './reference.ts';
