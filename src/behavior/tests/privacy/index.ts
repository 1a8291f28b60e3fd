export { MEMBERSHIP } from './membership.ts';
