export * from './server/options.ts';
