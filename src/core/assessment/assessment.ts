import type { Check } from './check.ts';
import type { CoverageRange } from './coverage.ts';
import type { Declared } from './declared.ts';
import type { Finding } from './finding.ts';
import type { Reading } from './reading.ts';
import type { SignatureAssessment } from './signature.ts';
import type { Verdict } from './verdict.ts';

export type DigestBasis = 'computed' | 'claimed' | 'none';

/** What is known of one file of an artifact. */
export interface FileAssessment {
  readonly path: string;
  readonly size: number;
  /** Identifier of the format, by content; `unknown` when none fits. */
  readonly format: string;
  readonly sha256: string | null;
  readonly digestBasis: DigestBasis;
  readonly verdict: Verdict;
  /** Every global a pickle in the file can resolve, "module.name" as the loader passes them; sorted, unique. */
  readonly imports: readonly string[];
  /** What each loader would do with it; empty when it holds no pickle. The verdict is the worst of theirs. */
  readonly readings: readonly Reading[];
  /** Why the verdict is what it is when it is not the findings': what stopped the parse, what nobody judges. */
  readonly reasons: readonly string[];
  readonly coverage: {
    readonly ranges: readonly CoverageRange[];
    readonly gaps: readonly { start: number; end: number }[];
  };
}

export type RiskStatus = 'pass' | 'fail' | 'partial' | 'not-assessed' | 'not-applicable';
export type RiskEvidence = 'direct' | 'proxy' | 'declared' | 'none';

export interface Risk {
  readonly status: RiskStatus;
  readonly evidence: RiskEvidence;
  /** Why, in a sentence. `not-assessed` says what would assess it. */
  readonly detail: string;
  readonly checks: readonly string[];
  readonly findings: readonly string[];
}

export interface Ruleset {
  readonly version: string;
  readonly digest: string;
}

/** Everything known about an artifact, nothing decided. */
export interface Assessment {
  readonly artifact: { readonly ref: string; readonly pinned: string; readonly digest: string | null };
  readonly status: 'complete' | 'incomplete';
  readonly files: readonly FileAssessment[];
  readonly findings: readonly Finding[];
  readonly checks: readonly Check[];
  /** Signatures over the artifact that were looked at, each also told by the check `integrity.signature`. */
  readonly signatures: readonly SignatureAssessment[];
  readonly declared: Declared;
  readonly ruleset: Ruleset;
  readonly notes: readonly string[];
  readonly stats: {
    readonly files: number;
    readonly bytesTotal: number;
    readonly bytesRead: number;
    readonly durationMs: number;
  };
}
