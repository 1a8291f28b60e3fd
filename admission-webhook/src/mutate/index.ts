export { mutateReview } from './mutate-review.ts';
export { type InjectionAnswer, injectionCheck, ownContainerCheck, verifyInjected } from './verify.ts';
