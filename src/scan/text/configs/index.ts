export { ginDangers } from './gin.ts';
export { type ConfigJudgement, judgeConfig, judgeSpacyConfig } from './judge.ts';
