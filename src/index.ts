export type {
  Action,
  Assessment,
  Check,
  Decision,
  FileAssessment,
  Finding,
  Risk,
  RuleOutcome,
  Violation,
} from './core/assessment/index.ts';
export { SEVERITIES, type Severity, VERDICTS, type Verdict } from './core/assessment/index.ts';
export type { Artifact, ArtifactFile, OnEvent, OpenOptions, ProgressEvent } from './core/index.ts';
export { AssayError, DEFAULT_LIMITS, type ErrorCode, isAssayError, type Limits } from './core/index.ts';
export { type AssessOptions, assess } from './pipeline/index.ts';
export {
  type CompiledPolicy,
  type DecideOptions,
  decide,
  type Environment,
  loadPolicy,
  SHIPPED_POLICIES,
} from './policy/index.ts';
export {
  type Judged,
  type ReportContext,
  type RuleInfo,
  renderJson,
  renderJsonLine,
  renderSarif,
  toReport,
} from './report/index.ts';
export type { Allowance } from './scan/lists/index.ts';
export { RULES } from './scan/rules/index.ts';
export type { Rule } from './scan/scanner/index.ts';
export type { SourceOptions } from './sources/index.ts';
export { openArtifact } from './sources/index.ts';
