import type { Assessment, Decision, Severity } from '../core/assessment/index.ts';

/** What reports show of a rule. The catalogue's rules have this shape. */
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

/** What a report is made of: what is known, and what was decided. */
export interface Judged {
  readonly assessment: Assessment;
  readonly decision: Decision;
}

/** What a report needs beyond the artifact: knowledge of the floors above this one, passed down. */
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
