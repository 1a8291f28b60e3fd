export { extractReferences } from './extract.ts';
export { isFields, own, ownList, ownText, step } from './own.ts';
export { elsewhereOf, type Pinning, pinningsOf } from './pinning.ts';
export { readReference } from './reference.ts';
export {
  referenceKey,
  type Unresolved,
  type WorkloadImage,
  type WorkloadReference,
  type WorkloadReferences,
  type WorkloadRole,
} from './result.ts';
