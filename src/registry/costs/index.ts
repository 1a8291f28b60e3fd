export { jobCosts, recordCosts } from './attempts.ts';
export { costTotals } from './totals.ts';
export { usage } from './usage.ts';
