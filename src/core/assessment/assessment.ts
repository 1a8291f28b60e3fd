import type { Static } from '../schema/index.ts';
import type { Check } from './check.ts';
import type { CoverageRange } from './coverage.ts';
import type { Declared } from './declared.ts';
import type { Finding } from './finding.ts';
import type {
  ArtifactSchema,
  CoverageGapsSchema,
  FileSchema,
  RiskSchema,
  RulesetSchema,
  StatsSchema,
  StatusSchema,
} from './schema/index.ts';
import type { SignatureAssessment } from './signature.ts';

/** The facts about one file of an artifact. */
export interface FileAssessment extends Static<typeof FileSchema> {
  readonly coverage: { readonly ranges: readonly CoverageRange[]; readonly gaps: Static<typeof CoverageGapsSchema> };
}
export type DigestBasis = FileAssessment['digestBasis'];

/** The status of one risk of the OWASP Machine Learning Security Top 10. */
export type Risk = Static<typeof RiskSchema>;
export type RiskStatus = Risk['status'];
export type RiskEvidence = Risk['evidence'];

export type Ruleset = Static<typeof RulesetSchema>;

/** All facts about an artifact, without a decision. */
export interface Assessment {
  readonly artifact: Static<typeof ArtifactSchema>;
  readonly status: Static<typeof StatusSchema>;
  readonly files: readonly FileAssessment[];
  readonly findings: readonly Finding[];
  readonly checks: readonly Check[];
  /** Signatures over the artifact that were verified; the check `integrity.signature` covers each. */
  readonly signatures: readonly SignatureAssessment[];
  readonly declared: Declared;
  readonly ruleset: Ruleset;
  readonly notes: readonly string[];
  readonly stats: Static<typeof StatsSchema>;
}
