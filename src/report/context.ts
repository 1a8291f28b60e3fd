import type { Assessment, Decision, Severity } from '../core/assessment/index.ts';

/** The parts of a rule in reports. Rules of the catalogue have this shape. */
export interface RuleInfo {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly explanation: string;
  readonly remedy: string;
  readonly owasp: readonly string[];
  readonly atlas: readonly string[];
  readonly cwe: readonly string[];
}

/** The input of a report: the assessment and the decision. */
export interface Judged {
  readonly assessment: Assessment;
  readonly decision: Decision;
}

/** Further input of a report, passed down from higher layers. */
export interface ReportContext {
  /** By rule id. */
  readonly rules: ReadonlyMap<string, RuleInfo>;
  /** Titles for people, by format id. */
  readonly formats: ReadonlyMap<string, string>;
  /** Assay's own. */
  readonly version: string;
  /** Whether files list which of their bytes were parsed, skipped and unread. */
  readonly coverage: boolean;
}
