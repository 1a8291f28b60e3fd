export { endOfWaiver } from './end.ts';
export { parseWaivers } from './file.ts';
export { boundDigest, judgeWaivers, type WaiverJudgement, waiveRules, withWaiverFindings } from './waivers.ts';
