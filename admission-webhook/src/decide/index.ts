export * from '../policies.ts';
export { compileAdmissionPolicies } from './compile-policies.ts';
export { decideReview } from './decide-review.ts';
export { type InjectionCheck, NOTHING_INJECTED } from './injected.ts';
export { answerMalformed } from './malformed.ts';
export { type MalformedReview, type ReadReview, type ReviewProblem, readReview } from './read-review.ts';
export { type ReviewResponse, reviewResponse } from './response.ts';
