export { type FollowOptions, followPickle, type PickleEvents } from './follow.ts';
export { type InspectOptions, inspectPickle } from './inspect.ts';
export { reproPickle } from './repro.ts';
