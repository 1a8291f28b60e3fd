export * from './batch-records.ts';
export * from './job-records.ts';
export { openRegistry, type RegistryOptions } from './open.ts';
export * from './records.ts';
export * from './registry.ts';
export { isRegistryError, RegistryError, type RegistryErrorCode } from './registry-error.ts';
export { type LiveRules, openLiveRules } from './rules/live.ts';
export { loadRegistryRules } from './rules/rules.ts';
export * from './webhook-records.ts';
