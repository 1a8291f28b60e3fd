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
export type { TestReport } from './core/behavior/index.ts';
export type { Conversion } from './core/conversion/index.ts';
export type { DataReport } from './core/data/index.ts';
export type { Artifact, ArtifactFile, OnEvent, OpenOptions, ProgressEvent } from './core/index.ts';
export { AssayError, DEFAULT_LIMITS, type ErrorCode, isAssayError, type Limits } from './core/index.ts';
export type { HashAlgorithm } from './integrity/hash/index.ts';
export type { PayloadSigner } from './integrity/sign/index.ts';
export {
  type CheckDataSetOptions,
  type ConvertModelOptions,
  convert,
  data,
  type ScanOptions,
  type ScanResult,
  type SignOptions,
  type SignWith,
  scan,
  sign,
  type TestModelOptions,
  test,
  type VerifyOptions,
  type VerifyResult,
  verify,
} from './library/index.ts';
export { ConversionMismatch, type VerifyRequest } from './pipeline/convert/index.ts';
export { type AssessOptions, assess } from './pipeline/index.ts';
export { addressOf, type TrustChoice, uriOf } from './pipeline/judging/index.ts';
export type { SigningResult } from './pipeline/sign/index.ts';
export {
  type CompiledPolicy,
  type DecideOptions,
  decide,
  type Environment,
  loadPolicy,
  SHIPPED_POLICIES,
} from './policy/index.ts';
export {
  type Anchor,
  type CycloneDxOptions,
  type DiffTableOptions,
  diffReports,
  type HtmlOptions,
  type Judged,
  type OpenVexOptions,
  type ReadReport,
  type ReportContext,
  type ReportDiff,
  type RuleInfo,
  readReport,
  renderCycloneDx,
  renderDiff,
  renderDiffJson,
  renderHtml,
  renderJson,
  renderJsonLine,
  renderJunit,
  renderMarkdown,
  renderOpenVex,
  renderSarif,
  renderTable,
  renderVerification,
  renderVerificationJson,
  type SarifOptions,
  type TableOptions,
  toReport,
  type Verification,
  type VerificationTextOptions,
} from './report/index.ts';
export type { Allowance } from './scan/lists/index.ts';
export { RULES } from './scan/rules/index.ts';
export type { Rule } from './scan/scanner/index.ts';
export type { SourceOptions } from './sources/index.ts';
export { openArtifact } from './sources/index.ts';
