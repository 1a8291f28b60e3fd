export { findPython, type Python, readableFolder } from './python.ts';
export { Jail, type JailLimits, type JailOptions } from './run.ts';
export { findBubblewrap } from './walls.ts';
