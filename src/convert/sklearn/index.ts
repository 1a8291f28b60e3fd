export { SKLEARN } from './source.ts';
