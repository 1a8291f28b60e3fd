export { type CodeApproval, type CodeJudgement, judgeRepository, type Repository } from './judge.ts';
export type { CodeFile } from './places.ts';
export { DECODED_CODE, repositoryRules } from './rules.ts';
