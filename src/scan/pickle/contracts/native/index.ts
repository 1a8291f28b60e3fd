export { Bare } from './bare.ts';
export type { Claim } from './claims.ts';
export { fieldsOf, knownArray, noteBody } from './known-array.ts';
export { brokenNumbers } from './nodes.ts';
export { NATIVE_CALLS, NATIVE_STATES, nativeState, takeClaims } from './states.ts';
