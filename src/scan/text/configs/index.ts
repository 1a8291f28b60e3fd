export { type ConfigJudgement, judgeConfig, judgeSpacyConfig } from './judge.ts';
