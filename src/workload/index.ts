export { extractReferences } from './extract.ts';
export { isFields, own, ownList, ownText, step } from './own.ts';
export { type Pinning, elsewhereOf, pinningsOf } from './pinning.ts';
export { type Unresolved, type WorkloadImage, type WorkloadReference, type WorkloadReferences, referenceKey } from './result.ts';
