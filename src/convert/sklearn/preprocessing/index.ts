export { PREPROCESSING } from './family.ts';
