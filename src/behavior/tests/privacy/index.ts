export { INVERSION } from './inversion.ts';
export { MEMBERSHIP } from './membership.ts';
