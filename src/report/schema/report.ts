import type { Risk } from '../../core/assessment/index.ts';
import {
  ArtifactSchema,
  CheckSchema,
  CoverageGapsSchema,
  CoverageRangeSchema,
  DecisionSchema,
  DeclaredSchema,
  FileSchema,
  FindingSchema,
  FingerprintSchema,
  JudgedWaiverSchema,
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
  filled,
  literal,
  nullable,
  objectOf,
  optionalOf,
  type Schema,
  type SchemaProperties,
  type Static,
  string,
} from '../../core/schema/index.ts';
import { SCHEMA_VERSION } from './version.ts';

const object = <P extends SchemaProperties>(properties: P, options: { readonly description?: string } = {}) =>
  objectOf(properties, { more: false, ...options });
const text = (description: string) => string({ description });
const digest = (description: string) => string({ pattern: '^sha256:[0-9a-f]{64}$', description });

const Fingerprints = array(FingerprintSchema, { description: 'Fingerprints of the findings that this rests on.' });

export const ReportedRule = object({ ...RuleOutcomeSchema.properties, findings: Fingerprints });

export const ReportedWaiver = object({
  ...filled(WaiverSchema).properties,
  digest: digest('Of the only artifact that it holds for.'),
  outcome: JudgedWaiverSchema.properties.outcome,
  findings: Fingerprints,
});

export const ReportedDecision = object(
  {
    ...DecisionSchema.properties,
    policyDigest: digest('Of the bytes of the policy.'),
    violations: array(object({ ...ViolationSchema.properties, findings: Fingerprints }), {
      description: 'The rules that led to the action; empty on allow.',
    }),
    rules: array(ReportedRule, { description: 'What every rule of the policy said, in its order.' }),
    waivers: array(ReportedWaiver, { description: 'Every waiver that was given, and its outcome.' }),
  },
  { description: 'The policy applied to the assessment.' },
);

const Coverage = object(
  { ranges: array(filled(CoverageRangeSchema)), gaps: CoverageGapsSchema },
  { description: 'What was done with the bytes of the file; with --coverage.' },
);

const ReportedReading = object({
  ...ReadingSchema.properties,
  detail: nullable(text('The releases that it holds for, where others do more.')),
});

export const ReportedFile = object({
  ...FileSchema.properties,
  readings: array(ReportedReading, {
    description:
      'What each loader would do with the file; empty when it holds no pickle. The verdict of the file is the worst of theirs.',
  }),
  coverage: optionalOf(Coverage),
});

export const ReportedFinding = filled(FindingSchema);

/** All ten are there. */
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
  { description: 'The OWASP Machine Learning Security Top 10, 2023.' },
);

/** What `assay scan --format json` writes. Every property is there but `coverage`; what is not known is null. */
export const ReportSchema = object({
  schemaVersion: literal(SCHEMA_VERSION),
  artifact: ArtifactSchema,
  status: StatusSchema,
  decision: ReportedDecision,
  files: array(ReportedFile),
  findings: array(ReportedFinding),
  checks: array(CheckSchema),
  signatures: array(SignatureSchema, { description: 'Signatures over the artifact that were looked at.' }),
  declared: DeclaredSchema,
  owasp: Risks,
  ruleset: RulesetSchema,
  notes: array(string(), {
    description: 'What the reader should know about how the artifact was fetched and judged.',
  }),
  stats: StatsSchema,
});
/** The document that `assay scan --format json` writes; `report-v1.json` is its schema. */
export type ReportDocument = Static<typeof ReportSchema>;
