export { exitCodeOf, type Judging, type JudgingFlags, prepareJudging } from './judge.ts';
export { type Knowledge, loadKnowledge } from './knowledge.ts';
export { refuseUnread, refuseWithoutModel } from './no-model.ts';
export { type OneFile, withOneFile } from './one-file.ts';
export { addJudgingOptions, type JudgingOptions, judgingOf } from './options.ts';
export { addressOf, type Place, uriOf } from './place.ts';
export { type Reported, readReported } from './report-assessment.ts';
export { readTrusts, signatureRequest } from './trust.ts';
export {
  addWaiverOptions,
  type Pardons,
  readWaivers,
  WAIVER_GUIDE,
  type WaiverFlags,
  waiversOf,
  withPardons,
} from './waiver-options.ts';
export { refusePardonsFrom, trustFiles } from './waiver-place.ts';
