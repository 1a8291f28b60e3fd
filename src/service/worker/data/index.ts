export { type ApprovedData, approvedData } from './approved.ts';
export { runDataChecks } from './run.ts';
