export { callableSetNames } from './callable-sets.ts';
export * from './entry-types.ts';
export { Received, type ReceivedContext, type Violation } from './received.ts';
export { callableResult } from './results.ts';
