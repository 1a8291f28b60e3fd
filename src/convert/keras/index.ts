export { KERAS } from './source.ts';
