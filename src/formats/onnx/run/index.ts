export { openRunner, type Runner, type RunnerOptions } from './runner.ts';
