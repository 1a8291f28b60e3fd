export { judgeSkops } from './judge.ts';
export { SKOPS_RULES } from './rules.ts';
