export type { JudgingChoice, TrustChoice, WaiverChoice } from './choice.ts';
export { type EvaluationOptions, type Judging, prepareJudging } from './judge.ts';
export { type Knowledge, loadKnowledge } from './knowledge.ts';
export { refuseUnread, refuseWithoutModel } from './no-model.ts';
export { addressOf, type OpenedPlace, uriOf } from './place.ts';
export { signatureRequest } from './trust.ts';
export { isVerified, verifyModel } from './verify.ts';
export { refuseWaiversFrom, trustFiles } from './waiver-place.ts';
export { readGivenEvidence } from './waivers.ts';
