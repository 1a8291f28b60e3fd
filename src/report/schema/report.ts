import type { Risk } from '../../core/assessment/index.ts';
import {
  ArtifactSchema,
  CachedSchema,
  CheckSchema,
  CoverageGapsSchema,
  CoverageRangeSchema,
  DecisionSchema,
  DeclaredSchema,
  FileSchema,
  FindingSchema,
  FingerprintSchema,
  JudgedWaiverSchema,
  READINGS,
  ReadingSchema,
  RiskSchema,
  RuleOutcomeSchema,
  RulesetSchema,
  SignatureSchema,
  StatsSchema,
  StatusSchema,
  ViolationSchema,
  WaiverSchema,
} from '../../core/assessment/schema/index.ts';
import {
  array,
  DIGEST,
  filled,
  list,
  literal,
  nullable,
  object,
  optionalOf,
  type Schema,
  type Static,
  text,
} from '../../core/schema/index.ts';
import { SCHEMA_VERSION } from './version.ts';

const Fingerprints = list(FingerprintSchema, 'Fingerprints of the findings that led to this.');

export const ReportedRule = object({ ...RuleOutcomeSchema.properties, findings: Fingerprints });

export const ReportedWaiver = object({
  ...filled(WaiverSchema).properties,
  digest: text('The digest of the only artifact for which the waiver is valid.', DIGEST),
  outcome: JudgedWaiverSchema.properties.outcome,
  findings: list(FingerprintSchema, 'Fingerprints of the findings that the waiver covers.'),
});

export const ReportedDecision = object(
  {
    ...DecisionSchema.properties,
    policyDigest: text('The digest of the bytes of the policy.', DIGEST),
    violations: list(
      object({ ...ViolationSchema.properties, findings: Fingerprints }),
      'The rules that led to the action; empty on allow.',
    ),
    rules: list(ReportedRule, 'The outcome of every rule of the policy, in the order of the policy.'),
    waivers: list(ReportedWaiver, 'Every waiver that was given, and its outcome.'),
  },
  'The policy applied to the assessment.',
);

const Coverage = object(
  { ranges: array(filled(CoverageRangeSchema)), gaps: CoverageGapsSchema },
  'How the bytes of the file were covered; with --coverage.',
);

const ReportedReading = object({
  ...ReadingSchema.properties,
  detail: nullable(text('The releases for which the reading is valid, where other releases differ.')),
});

export const ReportedFile = object({
  ...FileSchema.properties,
  readings: list(ReportedReading, READINGS),
  coverage: optionalOf(Coverage),
});

export const ReportedFinding = filled(FindingSchema);

/** All ten risks are there. */
const Risks: Schema<Readonly<Record<string, Risk>>> = object(
  {
    'ML01:2023': RiskSchema,
    'ML02:2023': RiskSchema,
    'ML03:2023': RiskSchema,
    'ML04:2023': RiskSchema,
    'ML05:2023': RiskSchema,
    'ML06:2023': RiskSchema,
    'ML07:2023': RiskSchema,
    'ML08:2023': RiskSchema,
    'ML09:2023': RiskSchema,
    'ML10:2023': RiskSchema,
  },
  'The OWASP Machine Learning Security Top 10, 2023.',
);

/** The report of `assay scan --format json`. Every property except `coverage` and `cached` is there; an unknown value is null. */
export const ReportSchema = object({
  schemaVersion: literal(SCHEMA_VERSION),
  artifact: ArtifactSchema,
  status: StatusSchema,
  decision: ReportedDecision,
  files: array(ReportedFile),
  findings: array(ReportedFinding),
  checks: array(CheckSchema),
  signatures: list(SignatureSchema, 'Signatures over the artifact that were checked, valid or not.'),
  declared: DeclaredSchema,
  owasp: Risks,
  ruleset: RulesetSchema,
  notes: list(text(), 'Notes on how the artifact was fetched and judged.'),
  cached: optionalOf(CachedSchema),
  stats: StatsSchema,
});
/** The document that `assay scan --format json` writes; `report-v1.json` is its schema. */
export type ReportDocument = Static<typeof ReportSchema>;
