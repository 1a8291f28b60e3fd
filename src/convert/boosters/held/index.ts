export { heldBoosters } from './held.ts';
