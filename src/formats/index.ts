export { FORMATS } from './list.ts';
