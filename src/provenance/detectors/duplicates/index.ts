export { conflictingDuplicates } from './conflicts.ts';
export { splitLeakage } from './leakage.ts';
export { nearDuplicates, nearLeakage } from './near.ts';
