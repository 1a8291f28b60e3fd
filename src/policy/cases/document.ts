import * as v from 'valibot';
import { SEVERITIES } from '../../core/assessment/index.ts';
import {
  ActionSchema,
  ArtifactSchema,
  CertificateSignerSchema,
  CheckSchema,
  DeclaredSchema,
  FileSchema,
  FindingSchema,
  KeylessSignerSchema,
  ReadingSchema,
  SignatureSchema,
  StatusSchema,
  WaiverSchema,
} from '../../core/assessment/schema/index.ts';
import { DEVICES } from '../../core/device/index.ts';
import { INPUT_ROLES } from '../../core/lineage/index.ts';
import { pick } from '../../core/schema/index.ts';
import { fragment } from './fragment.ts';

const Text = v.string();
const Texts = v.array(v.string());
const Digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'is not a digest: sha256:<64 hex>'));
const Moment = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text)), 'is not a time'),
);

const { readings: _judged, ...ofFile } = FileSchema.properties;
const File = v.strictObject({
  ...fragment(ofFile, 'path').entries,
  readings: v.optional(v.array(fragment(ReadingSchema.properties, 'loader', 'verdict', 'imports'))),
});

// It is computed from the others.
const { fingerprint: _computed, ...ofFinding } = FindingSchema.properties;
const Finding = fragment(ofFinding, 'ruleId', 'file');

const Check = fragment(CheckSchema.properties, 'id', 'status');

const Signer = v.variant('kind', [
  v.strictObject({ kind: v.literal('key'), keyHint: Text, keyType: v.optional(Text) }),
  v.strictObject({
    ...fragment(CertificateSignerSchema.properties, 'subject', 'issuer').entries,
    kind: v.literal('certificate'),
    notAfter: v.optional(Moment),
  }),
  v.strictObject({
    ...fragment(KeylessSignerSchema.properties, 'identity', 'issuer').entries,
    kind: v.literal('sigstore'),
    signedAt: v.optional(Moment),
  }),
]);

const Signature = v.strictObject({
  ...fragment(pick(SignatureSchema, 'status', 'signature', 'problem').properties, 'status').entries,
  signer: v.optional(Signer),
  uncovered: v.optional(Texts),
});

/** A run of attested tests, as rules see it. */
const TestRun = v.strictObject({
  suite: Text,
  suiteDigest: v.optional(Digest),
  signer: v.optional(Text),
  at: v.optional(Moment),
  status: CheckSchema.properties.status,
  model: v.optional(Text),
  baseline: v.optional(v.nullable(Text)),
  device: v.optional(v.picklist(DEVICES)),
  drivers: v.optional(Texts),
});

/** An attested training run, as rules see it. */
const TrainingRun = v.strictObject({
  run: v.optional(v.nullable(Text)),
  signer: v.optional(Text),
  at: v.optional(v.nullable(Moment)),
  inputs: v.optional(
    v.array(
      v.strictObject({
        role: v.picklist(INPUT_ROLES),
        name: Text,
        uri: v.optional(v.nullable(Text)),
        sha256: v.optional(Text),
        gitCommit: v.optional(Text),
      }),
    ),
  ),
});

/** What differs from a clean model of one file. */
const Fragment = v.partial(
  v.strictObject({
    artifact: fragment(ArtifactSchema.properties),
    status: StatusSchema,
    files: v.array(File),
    findings: v.array(Finding),
    checks: v.array(Check),
    signatures: v.array(Signature),
    tests: v.array(TestRun),
    training: v.array(TrainingRun),
    declared: fragment(DeclaredSchema.properties),
  }),
);

const Approval = v.strictObject({
  stage: Text,
  signer: Text,
  method: v.optional(v.picklist(['key', 'certificate', 'sigstore', 'service']), 'key'),
  at: v.optional(Moment, '2026-01-01T00:00:00Z'),
  digest: v.optional(Digest),
});

// Where it was read from is a test.
const { from: _from, ...ofWaiver } = WaiverSchema.properties;
const Waiver = v.strictObject({ ...fragment(ofWaiver, 'rule').entries, digest: v.optional(Digest) });

const Case = v.strictObject({
  name: Text,
  assessment: v.optional(Fragment, {}),
  environment: v.optional(
    v.partial(
      v.strictObject({
        stage: Text,
        labels: v.record(v.string(), v.string()),
        suite: v.strictObject({ name: Text, digest: Digest }),
      }),
    ),
    {},
  ),
  approvals: v.optional(v.array(Approval), []),
  waivers: v.optional(v.array(Waiver), []),
  failOn: v.optional(v.picklist(SEVERITIES)),
  now: v.optional(Moment, '2026-06-01T12:00:00Z'),
  expect: v.strictObject({
    action: ActionSchema,
    /** Ids of the rules that led to the action, in any order; not compared when absent. */
    rules: v.optional(Texts),
  }),
});

/** A file of cases, `NAME.test.yaml`. */
export const CaseFile = v.strictObject({
  /** A policy of the same folder, or the name of a shipped one; `NAME.yaml` when absent. */
  policy: v.optional(Text),
  cases: v.pipe(v.array(Case), v.minLength(1, 'does not contain a test case')),
});

export type PolicyCase = v.InferOutput<typeof Case>;
export type CaseFragment = v.InferOutput<typeof Fragment>;
