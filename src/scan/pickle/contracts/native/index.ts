export { Bare } from './bare.ts';
export type { Claim } from './claims.ts';
export { fieldsOf, knownArray, noteBody } from './known-array.ts';
export { lateBreaches } from './list-matrices.ts';
export { withLevels } from './multi-index.ts';
export { brokenNumbers } from './nodes.ts';
export { LIST_MATRICES } from './sparse.ts';
export { classState, NATIVE_CALLS, nativeState, takeClaims } from './states.ts';
