export { startWorker } from './start-worker.ts';
export { tenantEnvironment, webhookSecret } from './tenant-environment.ts';
export { type ScanWorkOptions, workOnScans } from './work-on-scans.ts';
