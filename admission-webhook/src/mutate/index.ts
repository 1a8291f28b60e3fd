export { mutateReview } from './mutate-review.ts';
export { type InjectionAnswer, injectionCheck, verifyInjected } from './verify.ts';
