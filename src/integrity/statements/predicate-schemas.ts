import * as v from 'valibot';
import { statusOfTests, TestReportSchema } from '../../core/behavior/index.ts';
import { ConversionSchema, ConvertedFileSchema } from '../../core/conversion/index.ts';
import { DataBaselineSchema, DataCheckSchema, DataReportSchema, statusOfData } from '../../core/data/index.ts';
import { IMAGE_ROLES } from '../../core/image/index.ts';
import { type TrainingPredicate, TrainingPredicateSchema, trainingInputs } from '../../core/lineage/index.ts';
import { isArtifactPath } from '../../core/reference/index.ts';
import { APPROVED_FOR, parseApprovalProperty } from './stage.ts';
import {
  APPROVAL_VERIFIER,
  BASELINE_DAYS,
  type BaselinePredicate,
  BREAK_GLASS_HOURS,
  BREAK_GLASS_OUTCOMES,
  type BreakGlassPredicate,
  type ConversionPredicate,
  type DataPredicate,
  type ImagePredicate,
  type ServiceApprover,
  type TestResult,
  type TestsPredicate,
  type VerificationResult,
  type VerificationSummary,
  type WaiverPredicate,
} from './statement.ts';
import type { DigestSet, ResourceDescriptor } from './subject.ts';
import { parseTime } from './time.ts';

/** CWE-770: no name in a statement is longer. */
const MAX_TEXT = 4096;
const MAX_LIST = 100_000;
const MAX_DIGESTS = 16;

/** The verdict that nobody can waive, as policies name it. */
export const UNWAIVABLE = 'verdict.malicious';

/** Lengths of trusted digests; others are kept but never match. */
const HEX_LENGTHS: Readonly<Record<string, readonly number[]>> = { sha256: [64], gitCommit: [40, 64] };

const text = v.pipe(v.string(), v.minLength(1, 'is empty'), v.maxLength(MAX_TEXT, 'is too long'));
const uri = v.pipe(text, v.regex(/^[a-z][a-z0-9+.-]*:\S*$/, 'is not a URI'));
const time = v.pipe(
  text,
  v.check((value) => parseTime(value) !== undefined, 'is not a time like 2027-01-31T00:00:00Z'),
);
const texts = v.pipe(v.array(text), v.maxLength(MAX_LIST, 'is too long'));

export const digestSet: v.GenericSchema<unknown, DigestSet> = v.pipe(
  v.record(text, text),
  v.check((set) => Object.keys(set).length > 0, 'does not contain a digest'),
  v.check((set) => Object.keys(set).length <= MAX_DIGESTS, 'contains too many digests'),
  v.check(
    (set) => Object.entries(set).every(([algorithm, hex]) => isWellFormed(algorithm, hex)),
    'contains an invalid digest',
  ),
);

function isWellFormed(algorithm: string, hex: string): boolean {
  const lengths = Object.hasOwn(HEX_LENGTHS, algorithm) ? HEX_LENGTHS[algorithm] : undefined;
  return lengths === undefined || (lengths.includes(hex.length) && /^[0-9a-f]+$/.test(hex));
}

const descriptor: v.GenericSchema<unknown, ResourceDescriptor> = v.pipe(
  v.object({ name: v.exactOptional(text), uri: v.exactOptional(uri), digest: v.exactOptional(digestSet) }),
  v.check(({ uri, digest }) => uri !== undefined || digest !== undefined, 'has neither a uri nor a digest'),
);
const descriptors = v.pipe(v.array(descriptor), v.maxLength(MAX_LIST, 'is too long'));

export const testResult: v.GenericSchema<unknown, TestResult> = v.pipe(
  v.object({
    result: v.picklist(['PASSED', 'WARNED', 'FAILED'], 'is not one of PASSED, WARNED, FAILED'),
    configuration: descriptors,
    url: v.exactOptional(uri),
    passedTests: v.exactOptional(texts),
    warnedTests: v.exactOptional(texts),
    failedTests: v.exactOptional(texts),
  }),
  v.check(
    ({ result, warnedTests = [], failedTests = [] }) =>
      result !== 'PASSED' || warnedTests.length + failedTests.length === 0,
    'has the result PASSED and tests that did not pass',
  ),
  v.check(({ passedTests = [], warnedTests = [], failedTests = [] }) => {
    const all = [...passedTests, ...warnedTests, ...failedTests];
    return new Set(all).size === all.length;
  }, 'names a test twice'),
);

/** A type of Assay, like the waiver: an unknown way to approve is refused. */
const serviceApprover: v.GenericSchema<unknown, ServiceApprover> = v.strictObject({
  method: v.literal('service', 'is not service'),
  issuer: v.exactOptional(text),
  subject: text,
  role: v.exactOptional(text),
});

export const verificationResult: v.GenericSchema<unknown, VerificationResult> = v.pipe(
  v.object({
    verifier: v.object({
      id: v.pipe(uri, v.literal(APPROVAL_VERIFIER, `is of another verifier than ${APPROVAL_VERIFIER}`)),
      policies: descriptors,
    }),
    timeCreated: time,
    properties: texts,
    approver: v.exactOptional(serviceApprover),
  }),
  v.check(
    ({ properties }) => properties.filter((property) => property.startsWith(APPROVED_FOR)).length === 1,
    'does not approve exactly one stage',
  ),
  v.check(
    ({ properties }) =>
      properties.every(
        (property) => !property.startsWith(APPROVED_FOR) || parseApprovalProperty(property) !== undefined,
      ),
    'approves a name that is not a stage',
  ),
);

/** A rule of the catalogue, or of any policy. */
export function isRuleName(rule: string): boolean {
  return rule.length <= MAX_TEXT && /^\w+(?:[.-]\w+)*$/.test(rule);
}

/** A type of Assay, so an unknown field is an error, not a minor version. */
export const waiver: v.GenericSchema<unknown, WaiverPredicate> = v.pipe(
  v.strictObject({
    rule: v.pipe(text, v.check(isRuleName, 'is not a rule')),
    file: v.exactOptional(
      v.pipe(
        text,
        v.check((path) => isArtifactPath(path), 'is not a path within an artifact'),
      ),
    ),
    reason: text,
    owner: text,
    timeCreated: time,
    expires: time,
    approver: v.exactOptional(serviceApprover),
  }),
  v.check(({ rule }) => rule !== UNWAIVABLE, 'waives a malicious verdict, which cannot be waived'),
  v.check(
    ({ timeCreated, expires }) => (parseTime(timeCreated) ?? 0) < (parseTime(expires) ?? 0),
    'expires before it begins',
  ),
);

/** A label of DNS (RFC 1123), as Kubernetes names namespaces. */
const namespace = v.pipe(text, v.regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'is not the name of a namespace'));
const MAX_NAMESPACES = 100;

/** A type of Assay, like the waiver. */
export const breakGlass: v.GenericSchema<unknown, BreakGlassPredicate> = v.pipe(
  v.strictObject({
    namespaces: v.pipe(
      v.array(namespace),
      v.minLength(1, 'is empty'),
      v.maxLength(MAX_NAMESPACES, 'is too long'),
      v.check((names) => new Set(names).size === names.length, 'names a namespace twice'),
    ),
    reference: v.nullable(text),
    outcomes: v.pipe(
      v.array(v.picklist(BREAK_GLASS_OUTCOMES, `is not one of ${BREAK_GLASS_OUTCOMES.join(', ')}`)),
      v.minLength(1, 'is empty'),
      v.check((outcomes) => new Set(outcomes).size === outcomes.length, 'names an outcome twice'),
    ),
    reason: text,
    owner: text,
    timeCreated: time,
    expires: time,
  }),
  v.check(
    ({ timeCreated, expires }) => (parseTime(timeCreated) ?? 0) < (parseTime(expires) ?? 0),
    'expires before it begins',
  ),
  v.check(
    ({ timeCreated, expires }) =>
      (parseTime(expires) ?? 0) - (parseTime(timeCreated) ?? 0) <= BREAK_GLASS_HOURS * 3_600_000,
    `is valid for more than ${BREAK_GLASS_HOURS} hours`,
  ),
);

/** CWE-770: the Pod templates of a large cluster. */
export const MAX_TEMPLATES = 20_000;
const DAY_MS = 24 * 3_600_000;

/** A type of Assay, like the waiver. */
export const baseline: v.GenericSchema<unknown, BaselinePredicate> = v.pipe(
  v.strictObject({
    templates: v.pipe(
      v.array(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'is not a digest'))),
      v.minLength(1, 'is empty'),
      v.maxLength(MAX_TEMPLATES, 'is too long'),
      v.check(
        (all) => all.every((one, at) => at === 0 || (all[at - 1] ?? '') < one),
        'is not sorted, or names a template twice',
      ),
    ),
    reason: text,
    owner: text,
    timeCreated: time,
    expires: time,
  }),
  v.check(
    ({ timeCreated, expires }) => (parseTime(timeCreated) ?? 0) < (parseTime(expires) ?? 0),
    'expires before it begins',
  ),
  v.check(
    ({ timeCreated, expires }) => (parseTime(expires) ?? 0) - (parseTime(timeCreated) ?? 0) <= BASELINE_DAYS * DAY_MS,
    `is valid for more than ${BASELINE_DAYS} days`,
  ),
);

/** Of a list of an image's configuration. */
const MAX_WORDS = 1_000;
const words = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(MAX_TEXT, 'is too long'))),
  v.maxLength(MAX_WORDS, 'is too long'),
);

/** A type of Assay, like the waiver. */
export const image: v.GenericSchema<unknown, ImagePredicate> = v.pipe(
  v.strictObject({
    image: v.pipe(
      text,
      v.regex(/^oci:\/\/[^\s@]+@sha256:[0-9a-f]{64}$/, 'is not oci://registry/repository@sha256:...'),
    ),
    tag: v.exactOptional(v.pipe(text, v.regex(/^\w[\w.-]{0,127}$/, 'is not a tag'))),
    as: v.picklist(IMAGE_ROLES, `is not one of ${IMAGE_ROLES.join(', ')}`),
    facts: v.strictObject({
      entrypoint: words,
      cmd: words,
      env: words,
      workingDir: v.pipe(text, v.startsWith('/', 'is not an absolute path')),
      volumes: words,
    }),
    platforms: v.pipe(words, v.minLength(1, 'is empty')),
    reason: v.pipe(v.string(), v.maxLength(MAX_TEXT, 'is too long')),
    timeCreated: time,
    expires: v.exactOptional(time),
  }),
  v.check(
    ({ timeCreated, expires }) => expires === undefined || (parseTime(timeCreated) ?? 0) < (parseTime(expires) ?? 0),
    'expires before it begins',
  ),
);

const artifactPath = v.pipe(
  text,
  v.check((path) => isArtifactPath(path), 'is not a path within an artifact'),
);

/** A type of Assay, like the waiver. A conversion whose verification failed is not published, and not attested. */
export const conversion: v.GenericSchema<unknown, ConversionPredicate> = v.strictObject({
  tool: ConversionSchema.properties.tool,
  target: ConversionSchema.properties.target,
  salvaged: ConversionSchema.properties.salvaged,
  sandbox: ConversionSchema.properties.sandbox,
  source: ConversionSchema.properties.source,
  ruleset: descriptor,
  timeCreated: time,
  files: v.pipe(
    v.array(
      v.strictObject({
        path: artifactPath,
        from: ConvertedFileSchema.properties.from,
        verification: ConvertedFileSchema.properties.verification,
      }),
    ),
    v.minLength(1, 'is empty'),
    v.maxLength(MAX_LIST, 'is too long'),
    v.check((files) => new Set(files.map(({ path }) => path)).size === files.length, 'names a file twice'),
    v.check(
      (files) => files.every(({ verification }) => verification?.pass !== false),
      'has a verification that failed',
    ),
  ),
});

/** A type of Assay, like the waiver. Its status follows from the tests that it names. */
export const tests: v.GenericSchema<unknown, TestsPredicate> = v.pipe(
  v.strictObject({
    tool: TestReportSchema.properties.tool,
    artifact: text,
    model: artifactPath,
    suite: v.strictObject({
      name: TestReportSchema.properties.suite.properties.name,
      sha256: TestReportSchema.properties.suite.properties.sha256,
      seed: TestReportSchema.properties.suite.properties.seed,
    }),
    data: TestReportSchema.properties.data,
    baseline: TestReportSchema.properties.baseline,
    models: v.exactOptional(TestReportSchema.properties.models.wrapped),
    device: TestReportSchema.properties.device,
    rowsAtOnce: TestReportSchema.properties.rowsAtOnce,
    status: TestReportSchema.properties.status,
    timeCreated: time,
    tests: TestReportSchema.properties.tests,
  }),
  v.check(({ tests: own }) => own.length > 0, 'has no tests'),
  v.check(({ tests: own }) => new Set(own.map(({ id }) => id)).size === own.length, 'names a test twice'),
  v.check(({ tests: own, status }) => status === statusOfTests(own), 'has a status that contradicts its tests'),
);

/** A type of Assay, like the waiver. Its status follows from the checks that it names. */
export const dataEvidence: v.GenericSchema<unknown, DataPredicate> = v.pipe(
  v.strictObject({
    tool: DataReportSchema.properties.tool,
    engine: DataReportSchema.properties.engine,
    columns: DataReportSchema.properties.columns,
    rows: DataReportSchema.properties.rows,
    baseline: v.nullable(v.strictObject(DataBaselineSchema.properties)),
    status: DataReportSchema.properties.status,
    checks: v.pipe(
      v.array(
        v.strictObject({
          id: DataCheckSchema.properties.id,
          weight: DataCheckSchema.properties.weight,
          status: DataCheckSchema.properties.status,
        }),
      ),
      v.maxLength(MAX_LIST, 'is too long'),
    ),
    profile: v.strictObject({ sha256: v.pipe(text, v.regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 digest')) }),
    timeCreated: time,
  }),
  v.check(({ checks }) => checks.length > 0, 'has no checks'),
  v.check(({ checks }) => new Set(checks.map(({ id }) => id)).size === checks.length, 'names a check twice'),
  v.check(({ checks, status }) => status === statusOfData(checks), 'has a status that contradicts its checks'),
);

/** Another build type would mean that the inputs have another meaning. */
export const training: v.GenericSchema<unknown, TrainingPredicate> = v.pipe(
  TrainingPredicateSchema as v.GenericSchema<unknown, TrainingPredicate>,
  v.rawCheck(({ dataset, addIssue }) => {
    const inputs = dataset.typed ? trainingInputs(dataset.value) : [];
    if (typeof inputs === 'string') addIssue({ message: inputs });
  }),
);

export const verificationSummary: v.GenericSchema<unknown, VerificationSummary> = v.pipe(
  v.object({
    verifier: v.object({ id: uri, version: v.exactOptional(v.record(text, text)) }),
    timeVerified: time,
    resourceUri: uri,
    policy: v.pipe(
      descriptor,
      v.check(({ uri }) => uri !== undefined, 'has no uri'),
    ),
    inputAttestations: v.exactOptional(
      v.pipe(
        descriptors,
        v.check((inputs) => inputs.every(({ digest }) => digest !== undefined), 'names evidence without its digest'),
      ),
    ),
    verificationResult: v.picklist(['PASSED', 'FAILED'], 'is neither PASSED nor FAILED'),
    verifiedLevels: v.pipe(texts, v.minLength(1, 'is empty')),
    dependencyLevels: v.exactOptional(v.record(text, v.pipe(v.number(), v.safeInteger(), v.minValue(0)))),
    slsaVersion: v.exactOptional(v.pipe(text, v.regex(/^\d+\.\d+$/, 'is not a version like 1.1'))),
  }),
  v.check(
    ({ verificationResult, verifiedLevels }) => (verificationResult === 'FAILED') === verifiedLevels.includes('FAILED'),
    'has levels that contradict its result',
  ),
);
