export { type ConfigJudgement, judgeConfig } from './judge.ts';
