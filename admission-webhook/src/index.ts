export * from './answer.ts';
export * from './config/index.ts';
export * from './decide/index.ts';
export * from './server/options.ts';
