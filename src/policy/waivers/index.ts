export { endOfWaiver } from './end.ts';
export { parseWaivers } from './file.ts';
export { judgeWaivers, waiveRules, type WaiverJudgement, withWaiverFindings } from './waivers.ts';
