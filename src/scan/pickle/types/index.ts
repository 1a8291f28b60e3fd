export { Received, type TypeViolation } from './received.ts';
export { COMPILED, callableResult } from './results.ts';
