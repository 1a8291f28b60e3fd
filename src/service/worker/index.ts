export { startWorker } from './start-worker.ts';
export { tenantEnvironment } from './tenant-environment.ts';
export { type ScanWorkOptions, workOnScans } from './work-on-scans.ts';
