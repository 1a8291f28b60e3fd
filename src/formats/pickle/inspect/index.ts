export { followPickle } from './follow.ts';
export { inspectPickle } from './inspect.ts';
export { reproPickle } from './repro.ts';
