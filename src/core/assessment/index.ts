export { type Action, worseAction } from './action.ts';
export type {
  Assessment,
  AttestedConversion,
  DigestBasis,
  FileAssessment,
  Risk,
  RiskEvidence,
  RiskStatus,
  Ruleset,
} from './assessment.ts';
export { BESIDES } from './besides.ts';
export type { Check, CheckStatus } from './check.ts';
export { holdsUnjudgedCode } from './code-bearing.ts';
export { Coverage, type CoverageKind, type CoverageRange } from './coverage.ts';
export type {
  Decision,
  JudgedWaiver,
  RuleOutcome,
  RuleResult,
  Violation,
  Waiver,
  WaiverOutcome,
} from './decision.ts';
export { type Declared, NOTHING_DECLARED } from './declared.ts';
export { type Finding, fingerprint } from './finding.ts';
export { LOADERS, type Loader } from './loader.ts';
export type { Reading } from './reading.ts';
export { isSeverity, SEVERITIES, type Severity, severityRank } from './severity.ts';
export type { SignatureAssessment, Signer, UncoveredFile } from './signature.ts';
export { VERDICTS, type Verdict, worseVerdict } from './verdict.ts';
export { WAIVER_RULES } from './waiver-rules.ts';
