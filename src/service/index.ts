export { readConfig, type ServiceFlags } from './config-read.ts';
export { type RunningService, startService } from './service.ts';
export { startWorker } from './worker/index.ts';
