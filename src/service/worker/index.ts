export { startWorker } from './start-worker.ts';
export { tenantEnvironment, webhookSecret } from './tenant-environment.ts';
export { workOnScans } from './work-on-scans.ts';
