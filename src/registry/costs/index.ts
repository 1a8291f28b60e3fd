export { jobCosts, recordCosts } from './attempts.ts';
export { usage } from './usage.ts';
