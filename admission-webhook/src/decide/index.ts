export { compileAdmissionPolicies } from './compile-policies.ts';
export { type AdmissionPolicyDocument, POLICY_ACTIONS } from './compiled.ts';
export { decideReview, postureKnowledge } from './decide-review.ts';
export type { InjectionCheck, OwnContainerCheck } from './injected.ts';
export { answerMalformed } from './malformed.ts';
export { type ReviewProblem, readReview } from './read-review.ts';
export { type ReviewResponse, reviewResponse } from './response.ts';
export { shownReference } from './sentences.ts';
export { bounded, plain } from './text.ts';
