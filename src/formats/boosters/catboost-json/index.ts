export { checkCatboostJson } from './check.ts';
