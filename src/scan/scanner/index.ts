export { EMBEDDED, type HeldBuffer, judgeBuffers } from './buffers.ts';
export type {
  ArgumentOrigin,
  ArmedCode,
  ArmingFact,
  CallGrade,
  CodeFact,
  FileFact,
  PlacedFact,
  PythonFacts,
  ReachedKind,
  ReachingCall,
  TrustFact,
} from './code-facts.ts';
export { type GraphFormat, type GraphRules, graphRules } from './graph-rules.ts';
export { hiddenText } from './hidden-text.ts';
export { joinedRanges } from './joined-ranges.ts';
export { type Rule, SUPPLY_CHAIN } from './rule.ts';
export type {
  MemberOptions,
  MemberResult,
  NameRule,
  ReferredBytes,
  Report,
  ScanContext,
  Scanner,
  ScanTarget,
  Within,
} from './scanner.ts';
export type { StorageRecords } from './storage-records.ts';
export { activeFormat, judgeStray } from './stray.ts';
export { headerBlock, leaveUnjudged, readOrReport, structureRule } from './structure.ts';
export { type ShardsFact, type TensorFact, type TensorNames, type TensorsFact, tensorNames } from './tensor-facts.ts';
export { yieldToEventLoop } from './yield-to-event-loop.ts';
