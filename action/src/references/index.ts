export { introducedReferences } from './introduced.ts';
export { type ReferencedModel, type ScannedReferences, scanReferences } from './scan.ts';
