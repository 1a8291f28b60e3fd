export { startBatchEnds } from './batch-ends.ts';
export { batchWatch, hasEnded, jobWatch } from './job-watch.ts';
export { startReevaluation } from './reevaluation.ts';
export { type CheckedJobRequest, type JobRequest, checkJobRequest, submit, submitBatch } from './submit.ts';
