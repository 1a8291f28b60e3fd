export { startBatchEnds } from './batch-ends.ts';
export { batchWatch, hasEnded, jobWatch } from './job-watch.ts';
export { startReevaluation } from './reevaluation.ts';
export { type CheckedWish, checkWish, submit, submitBatch, type Wish } from './submit.ts';
