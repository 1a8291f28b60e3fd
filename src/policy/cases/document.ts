import * as v from 'valibot';
import { LOADERS, SEVERITIES, VERDICTS } from '../../core/assessment/index.ts';

const Text = v.string();
const Texts = v.array(v.string());
const Count = v.pipe(v.number(), v.safeInteger('is not a whole number'), v.minValue(0, 'is negative'));
const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'is not a SHA-256'));
const Digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'is not a digest: sha256:<64 hex>'));
const Moment = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text)), 'is not a time'),
);

const File = v.strictObject({
  path: Text,
  ...v.partial(
    v.strictObject({
      size: Count,
      format: Text,
      sha256: v.nullable(Sha256),
      digestBasis: v.picklist(['computed', 'claimed', 'none']),
      verdict: v.picklist(VERDICTS),
      imports: Texts,
      readings: v.array(v.strictObject({ loader: v.picklist(LOADERS), verdict: v.picklist(VERDICTS), imports: Texts })),
      reasons: Texts,
    }),
  ).entries,
});

const Finding = v.strictObject({
  ruleId: Text,
  file: Text,
  ...v.partial(
    v.strictObject({
      severity: v.picklist(SEVERITIES),
      message: Text,
      member: Text,
      offset: Count,
      line: Count,
      evidence: Text,
      owasp: Texts,
      atlas: Texts,
      cwe: Texts,
    }),
  ).entries,
});

const Check = v.strictObject({
  id: Text,
  status: v.picklist(['pass', 'fail', 'not-assessed', 'error']),
  detail: v.optional(Text),
});

const Signer = v.variant('kind', [
  v.strictObject({ kind: v.literal('key'), keyHint: Text, keyType: v.optional(Text) }),
  v.strictObject({
    kind: v.literal('certificate'),
    subject: Text,
    names: v.optional(Texts),
    issuer: Text,
    sha256: v.optional(Sha256),
    notAfter: v.optional(Moment),
    expired: v.optional(v.boolean()),
  }),
  v.strictObject({ kind: v.literal('sigstore'), identity: Text, issuer: Text, signedAt: v.optional(Moment) }),
]);

const Signature = v.strictObject({
  status: v.picklist(['verified', 'partial', 'failed', 'not-assessed']),
  signature: v.optional(Text),
  problem: v.optional(Text),
  signer: v.optional(Signer),
  uncovered: v.optional(Texts),
});

const Declared = v.partial(
  v.strictObject({
    licences: Texts,
    licenceName: v.nullable(Text),
    baseModels: Texts,
    datasets: Texts,
    library: v.nullable(Text),
    task: v.nullable(Text),
    languages: Texts,
    tags: Texts,
    remoteCode: Texts,
    architectures: Texts,
    modelType: v.nullable(Text),
    files: Texts,
  }),
);

/** What differs from a clean model of one file. */
const Fragment = v.partial(
  v.strictObject({
    artifact: v.partial(v.strictObject({ ref: Text, pinned: Text, digest: v.nullable(Digest) })),
    status: v.picklist(['complete', 'incomplete']),
    files: v.array(File),
    findings: v.array(Finding),
    checks: v.array(Check),
    signatures: v.array(Signature),
    declared: Declared,
  }),
);

const Approval = v.strictObject({
  stage: Text,
  signer: Text,
  method: v.optional(v.picklist(['key', 'certificate', 'sigstore', 'service']), 'key'),
  at: v.optional(Moment, '2026-01-01T00:00:00Z'),
  digest: v.optional(Digest),
});

const Waiver = v.strictObject({
  rule: Text,
  digest: v.optional(Digest),
  file: v.optional(Text),
  reason: v.optional(Text, 'a test'),
  owner: v.optional(Text, 'a test'),
  expires: v.optional(Text, '9999-12-31'),
});

const Case = v.strictObject({
  name: Text,
  assessment: v.optional(Fragment, {}),
  environment: v.optional(v.partial(v.strictObject({ stage: Text, labels: v.record(v.string(), v.string()) })), {}),
  approvals: v.optional(v.array(Approval), []),
  waivers: v.optional(v.array(Waiver), []),
  failOn: v.optional(v.picklist(SEVERITIES)),
  now: v.optional(Moment, '2026-06-01T12:00:00Z'),
  expect: v.strictObject({
    action: v.picklist(['allow', 'warn', 'deny']),
    /** Ids of the rules that led to the action, in any order; not looked at when absent. */
    rules: v.optional(Texts),
  }),
});

/** A file of cases, `NAME.test.yaml`. */
export const CaseFile = v.strictObject({
  /** A policy of the same folder, or the name of a shipped one; `NAME.yaml` when absent. */
  policy: v.optional(Text),
  cases: v.pipe(v.array(Case), v.minLength(1, 'contains no case')),
});

export type PolicyCase = v.InferOutput<typeof Case>;
export type CaseFragment = v.InferOutput<typeof Fragment>;
