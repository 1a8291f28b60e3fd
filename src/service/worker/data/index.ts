export { runDataChecks } from './run.ts';
