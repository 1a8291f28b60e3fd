export * from './batch-records.ts';
export { type LiveRules, openLiveRules } from './live-rules.ts';
export { openRegistry, type RegistryOptions } from './open.ts';
export * from './records.ts';
export * from './registry.ts';
export { isRegistryError, RegistryError, type RegistryErrorCode } from './registry-error.ts';
export { loadRegistryRules } from './rules.ts';
export * from './webhook-records.ts';
