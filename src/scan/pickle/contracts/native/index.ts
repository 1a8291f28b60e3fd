export { Bare } from './bare.ts';
export type { Claim } from './claims.ts';
export { fieldsOf, noteBody } from './known-array.ts';
export { scanClaims } from './scan-claims.ts';
export { NATIVE_CALLS, NATIVE_STATES, nativeState, takeClaims } from './states.ts';
