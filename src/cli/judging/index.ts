export { exitCodeOf, type JudgingFlags, prepareShownJudging, type ShownJudging } from './judge.ts';
export { type OneFile, withOneFile } from './one-file.ts';
export { addJudgingOptions, type JudgingOptions, judgingOf } from './options.ts';
export { type Reported, readReported } from './report-assessment.ts';
export { WAIVER_GUIDE } from './waiver-options.ts';
