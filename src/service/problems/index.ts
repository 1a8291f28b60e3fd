export { PROBLEM_TYPE, type Problem, ProblemSchema, problemOf } from './errors.ts';
export { messageOf } from './message-of.ts';
export type { ProblemCode } from './problem-codes.ts';
export { ServiceError } from './service-error.ts';
