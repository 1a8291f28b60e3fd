export { batchStore } from './batches.ts';
export { cancelJob, createJob, createJobs, getJob, listJobs, rowOfJob } from './jobs.ts';
export {
  claimJobs,
  countJobKinds,
  countJobs,
  finishJob,
  heartbeat,
  jobState,
  queuedJobs,
} from './leases.ts';
export { jobOutput, outputsAmong, removeOutput } from './outputs.ts';
export { endTest, keptRun } from './test-end.ts';
