export { CASE_GUIDE } from './problem.ts';
export { type ReadCases, readCases, runCase } from './run.ts';
