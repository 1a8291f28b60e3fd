export { records } from './001-records.ts';
export { stages } from './002-stages.ts';
export { audit } from './003-audit.ts';
export { jobs } from './004-jobs.ts';
export { webhooks } from './005-webhooks.ts';
export { waitingJobs } from './006-waiting-jobs.ts';
export { signedWaivers } from './007-signed-waivers.ts';
export { batches } from './008-batches.ts';
export type { Migration } from './migration.ts';
