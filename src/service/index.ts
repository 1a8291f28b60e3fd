export { isRegistryError } from '../registry/index.ts';
export { createApp } from './app/app.ts';
export { readConfig, type ServiceFlags } from './config-read.ts';
export { type RunningService, type StartOptions, startService } from './service.ts';
export { startWorker } from './worker/index.ts';
