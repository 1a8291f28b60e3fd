export type { Artifact, ArtifactFile, OpenOptions } from './core/artifact.ts';
export type {
  Action,
  Assessment,
  Decision,
  FileAssessment,
  Risk,
  RuleOutcome,
  Violation,
} from './core/assessment/assessment.ts';
export type { Check } from './core/assessment/check.ts';
export type { Finding } from './core/assessment/finding.ts';
export { SEVERITIES, type Severity } from './core/assessment/severity.ts';
export { VERDICTS, type Verdict } from './core/assessment/verdict.ts';
export { AssayError, type ErrorCode, isAssayError } from './core/errors.ts';
export type { OnEvent, ProgressEvent } from './core/events.ts';
export { DEFAULT_LIMITS, type Limits } from './core/limits.ts';
export { type AssessOptions, assess } from './pipeline/assess.ts';
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
export type { Allowance } from './scan/pickle/globals.ts';
export { RULES } from './scan/rules/catalogue.ts';
export type { Rule } from './scan/rules/rule.ts';
export { openArtifact } from './sources/open-artifact.ts';
export type { SourceOptions } from './sources/source.ts';
