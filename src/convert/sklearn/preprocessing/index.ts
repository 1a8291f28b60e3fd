export { PREPROCESSING } from './family.ts';
export { appliedFunction } from './functions.ts';
export { interpolated } from './powers.ts';
