export { endOfWaiver } from './end.ts';
export { parseWaivers } from './file.ts';
export { judgeWaivers, pardonRules, type WaiverJudgement, withWaiverFindings } from './waivers.ts';
