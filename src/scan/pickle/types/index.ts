export { Received, type TypeViolation } from './received.ts';
export { callableResult } from './results.ts';
