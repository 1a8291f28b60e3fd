export { batchStore } from './batches.ts';
export { attestDataJob, type DataToAttest, dataRun, endData } from './data-end.ts';
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
