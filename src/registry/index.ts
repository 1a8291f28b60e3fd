export * from './records.ts';
export * from './registry.ts';
