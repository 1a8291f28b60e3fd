export { approvedSources, approvedVersions, sourceIn } from './approved.ts';
export { runModelTests } from './run.ts';
