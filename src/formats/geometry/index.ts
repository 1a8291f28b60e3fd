export { readWkb } from './wkb.ts';
