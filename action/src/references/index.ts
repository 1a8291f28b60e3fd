export { introducedReferences } from './introduced.ts';
export { REFERENCE_RULES } from './rules.ts';
export { type ReferencedModel, type ScannedReferences, scanReferences } from './scan.ts';
