export { Received, type Violation } from './received.ts';
export { callableResult } from './results.ts';
