import type { AttestedTests } from '../behavior/index.ts';
import type { ConversionTarget } from '../conversion/targets/index.ts';
import type { ConversionVerification } from '../conversion/verification/index.ts';
import type { AttestedTraining } from '../lineage/index.ts';
import type { Static } from '../schema/index.ts';
import type { Check } from './check.ts';
import type { CoverageRange } from './coverage.ts';
import type { Declared } from './declared.ts';
import type { Finding } from './finding.ts';
import type {
  ArtifactSchema,
  CachedSchema,
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

/** What a trusted signer attests of the conversion that wrote the artifact. */
export interface AttestedConversion {
  readonly signer: string;
  readonly target: ConversionTarget;
  readonly source: {
    readonly pinned: string;
    readonly digest: string | null;
    readonly verdict: FileAssessment['verdict'];
  };
  /** The tensors were taken out of files that may act when they are loaded. */
  readonly salvaged: boolean;
  /** Each written file, and how it was verified; `null`: it was not. */
  readonly files: readonly { readonly path: string; readonly verification: ConversionVerification | null }[];
}

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
  /** Absent unless the check `conversion.attested` passes. */
  readonly conversion?: AttestedConversion;
  /** Of files of this artifact; absent where none are. */
  readonly tests?: readonly AttestedTests[];
  /** Runs that wrote a file of this artifact; absent where none did. */
  readonly training?: readonly AttestedTraining[];
  readonly ruleset: Ruleset;
  readonly notes: readonly string[];
  /** Absent when these bytes were scanned. */
  readonly cached?: Static<typeof CachedSchema>;
  readonly stats: Static<typeof StatsSchema>;
}
