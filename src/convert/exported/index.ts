export { EXPORTED_PROGRAM } from './source.ts';
