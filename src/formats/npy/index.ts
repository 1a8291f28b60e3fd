export { NPY } from './format.ts';
export { type NpyHeader, readNpyHeader } from './read.ts';
