export { createApp } from './app.ts';
export { readConfig, type ServiceFlags } from './config-read.ts';
