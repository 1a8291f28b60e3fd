export { breathe } from './breathe.ts';
export { type Rule, SUPPLY_CHAIN } from './rule.ts';
export type { MemberOptions, MemberResult, NameRule, Report, ScanContext, Scanner, Target, Within } from './scanner.ts';
export type { StorageRecords } from './storage-records.ts';
export { activeFormat, judgeStray } from './stray.ts';
export { headerBlock, leaveUnjudged, readOrReport, structureRule } from './structure.ts';
