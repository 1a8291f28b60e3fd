export { approvedSources, sourceIn } from './approved.ts';
export { runModelTests } from './run.ts';
