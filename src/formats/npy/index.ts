export { NPY } from './format.ts';
export type { Literal } from './literal.ts';
export { type NpyHeader, readNpyHeader } from './read.ts';
