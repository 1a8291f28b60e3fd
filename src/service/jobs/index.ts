export { startBatchEnds } from './batch-ends.ts';
export { type FoundConversion, findConversion, removeConversion } from './find-conversion.ts';
export { type FoundDataCheck, findDataCheck, keptDataCheck, removeDataCheck } from './find-data.ts';
export { type FoundTest, findTest, removeTest } from './find-test.ts';
export { batchWatch, hasEnded, jobWatch } from './job-watch.ts';
export { startReevaluation } from './reevaluation.ts';
export { startSigning } from './signing.ts';
export { CONVERSION, placeOrConversion } from './source-of.ts';
export { type CheckedJobRequest, checkJobRequest, submit, submitBatch } from './submit.ts';
export {
  type CheckedConversion,
  checkConversion,
  submitConversion,
  TOLERANT_ROLES,
} from './submit-conversion.ts';
export { checkDataRequest, DATASET, submitDataChecks } from './submit-data.ts';
export { checkTest, submitTest } from './submit-test.ts';
