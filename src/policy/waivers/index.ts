export { endOfWaiver } from './end.ts';
export { parseWaivers } from './file.ts';
export { type WaiverJudgement, judgeWaivers, waiveRules, withWaiverFindings } from './waivers.ts';
