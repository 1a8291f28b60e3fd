import { LOADERS, SEVERITIES, VERDICTS } from '../../core/assessment/index.ts';
import {
  BOOL_TYPE,
  INT_TYPE,
  listOf,
  mapOf,
  optional,
  type RecordType,
  STRING,
  TIMESTAMP,
  type Type,
  unionOf,
  type ViewField,
} from '../cel/index.ts';

/** Grows by new fields; a field that changes its meaning makes another version. */
export const VIEW_VERSION = 'v1';

function record(name: string, fields: Readonly<Record<string, ViewField>>): RecordType {
  return { kind: 'record', name, fields };
}

function field(type: Type, about: string): ViewField {
  return { type, about };
}

const TEXTS = listOf(STRING);

const ARTIFACT = record('the artifact', {
  ref: field(STRING, 'The reference as the user gave it, in canonical form.'),
  pinned: field(STRING, 'The reference with its commit, version or digest.'),
  digest: field(
    optional(STRING),
    '"sha256:" and 64 hex digits over paths and digests of all files; null when a file has none.',
  ),
  isPinned: field(
    BOOL_TYPE,
    'Whether the reference identifies exactly the judged bytes: a commit, an OCI digest, an S3 version, #sha256=, or files on a disk that were all hashed.',
  ),
  status: field(unionOf('complete', 'incomplete'), '"incomplete" when part of the artifact was not scanned.'),
  files: field(INT_TYPE, 'The number of its files.'),
  bytes: field(INT_TYPE, 'The sum of their sizes.'),
});

const SOURCE = record('the source', {
  kind: field(
    unionOf('path', 'hf', 'https', 's3', 'oci', 'models'),
    'The scheme of the reference: "hf", "s3"; "path" for a file or folder.',
  ),
  publisher: field(
    optional(STRING),
    'The owner of a model on the Hugging Face Hub; null elsewhere and for models without owner.',
  ),
  name: field(STRING, 'The name of the model: a repository, a registered model, a file or folder.'),
  revision: field(optional(STRING), 'Commit, version, tag or digest as pinned; null when there is none.'),
  host: field(optional(STRING), 'The host of an address or of an OCI registry, the bucket of S3; null elsewhere.'),
});

const DECLARED = record('the declarations', {
  licences: field(TEXTS, 'Identifiers of licences as declared; empty when none is declared.'),
  licenceName: field(optional(STRING), 'The name of a licence that has no identifier.'),
  baseModels: field(TEXTS, 'Base models, as declared.'),
  datasets: field(TEXTS, 'Training data, as declared.'),
  library: field(optional(STRING), 'The library that loads the model: "transformers", "diffusers".'),
  task: field(optional(STRING), 'The task of the model: "text-generation".'),
  languages: field(TEXTS, 'Languages, as declared.'),
  tags: field(TEXTS, 'Tags, as declared.'),
  remoteCode: field(TEXTS, 'Code that a loader downloads, or imports from the artifact, when remote code is trusted.'),
  architectures: field(TEXTS, 'Architectures of its configuration.'),
  modelType: field(optional(STRING), 'The model_type of its configuration: "llama".'),
  files: field(TEXTS, 'Paths of the files that hold the declarations.'),
});

const READING = record('a reading', {
  loader: field(unionOf(...LOADERS), 'The loader: "pickle", "joblib", "torch-weights-only".'),
  verdict: field(unionOf(...VERDICTS), 'The verdict on this reading.'),
  imports: field(TEXTS, 'Every global that the loader can resolve, "module.name".'),
});

const FILE = record('a file', {
  path: field(STRING, 'Relative to the artifact; for a single file, its name.'),
  size: field(INT_TYPE, 'Bytes.'),
  format: field(
    STRING,
    'Identifier of the format, by content: "safetensors", "pickle"; "unknown" when the format is not recognised.',
  ),
  sha256: field(optional(STRING), '64 hex digits; null when digestBasis is "none".'),
  digestBasis: field(
    unionOf('computed', 'claimed', 'none'),
    'Whether the digest was computed from all bytes, or claimed by the source.',
  ),
  verdict: field(unionOf(...VERDICTS), 'The verdict of the scanners.'),
  imports: field(TEXTS, 'Every global that a pickle in it can resolve, "module.name".'),
  readings: field(
    listOf(READING),
    'The readings, one for each loader: `loader` ("pickle", "joblib", "torch-weights-only"), `verdict` and `imports` of each; empty when it holds no pickle.',
  ),
  reasons: field(TEXTS, 'The reasons for the verdict that are not findings.'),
  waived: field(BOOL_TYPE, 'Whether waivers cover its verdict; never true for a malicious file.'),
});

const FINDING = record('a finding', {
  ruleId: field(STRING, 'The rule of the catalogue; assay explain lists all.'),
  severity: field(unionOf(...SEVERITIES), 'The severity.'),
  severityRank: field(INT_TYPE, 'The severity as a number: 0 for info, 4 for critical.'),
  message: field(STRING, 'A message for people.'),
  file: field(STRING, 'Path of the file.'),
  member: field(optional(STRING), 'Path within an archive; null outside one.'),
  offset: field(optional(INT_TYPE), 'Byte offset in the file, or in the member; null when it has none.'),
  line: field(optional(INT_TYPE), 'Line of a text file, from 1; null elsewhere.'),
  evidence: field(optional(STRING), 'The evidence.'),
  owasp: field(TEXTS, 'Risks of the OWASP Machine Learning Security Top 10: "ML06:2023".'),
  atlas: field(TEXTS, 'Techniques of MITRE ATLAS.'),
  cwe: field(TEXTS, 'Weaknesses.'),
  fingerprint: field(STRING, 'Identifies the finding across scans.'),
  waived: field(BOOL_TYPE, 'Whether a waiver covers the finding.'),
});

const CHECK = record('a check', {
  id: field(STRING, 'The id of the check.'),
  status: field(unionOf('pass', 'fail', 'not-assessed', 'error'), 'The result of the check.'),
  detail: field(STRING, 'The reason, as a sentence.'),
});

const SIGNATURE = record('a signature', {
  path: field(STRING, 'The place that the signature was read from.'),
  status: field(
    unionOf('verified', 'partial', 'failed', 'not-assessed'),
    '"partial": the signature is valid, but does not cover all files. "not-assessed": no trusted signer was named.',
  ),
  problem: field(optional(STRING), 'The reason for the failure, as a stable code.'),
  detail: field(STRING, 'A message for people.'),
  kind: field(
    optional(unionOf('key', 'certificate', 'sigstore')),
    'How the identity of the signer is proven; null when it is not proven.',
  ),
  identity: field(optional(STRING), 'Of sigstore: the signer, as the certificate names it.'),
  issuer: field(optional(STRING), 'Of sigstore: the issuer of the identity. Of a certificate: its issuer.'),
  signedAt: field(optional(TIMESTAMP), 'Of sigstore: the time of the signature, by its log or timestamp authority.'),
  keyHint: field(optional(STRING), 'Of a key: hex SHA-256 of its PEM.'),
  keyType: field(optional(STRING), 'Of a key: "P-256".'),
  subject: field(optional(STRING), 'Of a certificate: its subject.'),
  names: field(TEXTS, 'Of a certificate: its alternative names; empty elsewhere.'),
  certificate: field(optional(STRING), 'Of a certificate: hex SHA-256.'),
  notAfter: field(optional(TIMESTAMP), 'Of a certificate: its expiry.'),
  expired: field(BOOL_TYPE, 'Of a certificate: whether it has expired and was accepted.'),
  method: field(optional(STRING), 'The method by which files were hashed.'),
  covered: field(INT_TYPE, 'The number of signed files that are present and unchanged.'),
  changed: field(TEXTS, 'Signed files whose bytes changed.'),
  missing: field(TEXTS, 'Signed files that are missing.'),
  uncovered: field(TEXTS, 'Files that the signature does not cover.'),
  emptyFiles: field(TEXTS, 'Empty files, which a signature by shards cannot list.'),
});

const APPROVAL = record('an approval', {
  stage: field(STRING, 'The stage of the approval.'),
  signer: field(STRING, 'The approver.'),
  method: field(unionOf('key', 'certificate', 'sigstore', 'service'), 'How the identity of the approver was proven.'),
  at: field(TIMESTAMP, 'When.'),
  digest: field(STRING, 'The approved artifact.digest.'),
});

const TEST_RUN = record('a run of tests', {
  suite: field(STRING, 'The name of the suite.'),
  suiteDigest: field(STRING, '"sha256:" and 64 hex digits of the file of the suite.'),
  signer: field(STRING, 'The signer, by the name in the trust file.'),
  at: field(TIMESTAMP, 'When.'),
  status: field(unionOf('pass', 'fail', 'not-assessed', 'error'), 'The result of all its tests.'),
  failed: field(TEXTS, 'Ids of the tests that failed.'),
  model: field(STRING, 'The path of the tested file.'),
  baseline: field(
    optional(STRING),
    'SHA-256 of the approved version that it was compared with: 64 hex digits; null for none.',
  ),
  device: field(
    optional(unionOf('cpu', 'webgpu', 'cuda')),
    'Where 95 % of the time of the nodes was spent, at least; null for a model that does not run.',
  ),
  drivers: field(TEXTS, 'Files of the drivers of the device, with the versions in their names.'),
});

const TESTS = record('the tests', {
  attested: field(BOOL_TYPE, 'Whether a trusted signer attests tests of a file of the artifact.'),
  passed: field(BOOL_TYPE, 'Whether these tests pass, and no model of the artifact was left out.'),
  runs: field(
    listOf(TEST_RUN),
    'The attested runs: `suite`, `suiteDigest`, `signer`, `at`, `status`, `failed` (ids of tests), `model`, `baseline` (SHA-256 or null), `device` ("cuda"; null for a model that does not run) and `drivers` of each.',
  ),
});

const INPUT = record('an input of a run', {
  role: field(unionOf('data', 'base', 'code'), 'What the run used it as.'),
  name: field(STRING, 'As the statement names it.'),
  uri: field(optional(STRING), 'Where it came from.'),
  sha256: field(optional(STRING), '64 hex digits.'),
  gitCommit: field(optional(STRING), 'Hex.'),
});

const TRAINING_RUN = record('a training run', {
  run: field(optional(STRING), 'Its name.'),
  signer: field(STRING, 'The signer, by the name in the trust file.'),
  at: field(optional(TIMESTAMP), 'When it ended.'),
  inputs: field(
    listOf(INPUT),
    'What it was given: `role` ("data", "base", "code"), `name`, `uri`, `sha256`, `gitCommit` of each.',
  ),
});

const PROVENANCE = record('the provenance', {
  attested: field(BOOL_TYPE, 'Whether a trusted signer attests a training run that wrote a file of the artifact.'),
  verified: field(BOOL_TYPE, 'Whether one attested run wrote every model of the artifact.'),
  runs: field(
    listOf(TRAINING_RUN),
    'The attested runs: `run`, `signer`, `at` and `inputs`, null where the statement does not say.',
  ),
});

const RULESET = record('the ruleset', {
  version: field(STRING, 'Version of rules, allowlists and advisories.'),
  digest: field(STRING, 'Digest of the ruleset, including the allowances of the organisation.'),
});

const ENVIRONMENT = record('the environment', {
  stage: field(
    optional(STRING),
    'The stage for which the artifact is judged: "staging", "production"; null if none is named.',
  ),
  labels: field(mapOf(STRING), "Other labels of the environment, by name: 'region' in environment.labels."),
  suite: field(
    optional(STRING),
    'The digest of the suite of tests that the organisation asks of the model: "sha256:" and 64 hex digits; null for none.',
  ),
  suiteName: field(optional(STRING), 'The name of that suite; null for none.'),
});

/** Everything an expression can name. */
export const VIEW: Readonly<Record<string, ViewField>> = {
  artifact: field(ARTIFACT, 'The model as a whole.'),
  source: field(SOURCE, 'The source of the artifact, by its pinned reference.'),
  declared: field(DECLARED, 'Declarations of the model, which are not verified.'),
  files: field(listOf(FILE), 'Every file of the artifact.'),
  findings: field(listOf(FINDING), 'All findings of the scanners.'),
  checks: field(mapOf(CHECK), "The checks, by id: checks['integrity.checksum']."),
  signatures: field(listOf(SIGNATURE), 'Signatures over the artifact that were checked, valid or not.'),
  approvals: field(listOf(APPROVAL), 'Approvals of exactly these bytes; only verified approvals are listed.'),
  ruleset: field(RULESET, 'The rules that judged the artifact.'),
  environment: field(
    ENVIRONMENT,
    'What it is judged for: the stage, labels, and the suite of tests that is asked for.',
  ),
  now: field(TIMESTAMP, 'The time of the decision.'),
  provenance: field(
    PROVENANCE,
    'What the model was trained on, as a trusted signer attests it (assay data --attest, --attestation).',
  ),
  tests: field(TESTS, 'Tests of behaviour, as a trusted signer attests them (assay test --attest, --attestation).'),
};

/** The types of all that an expression can name. */
export const VIEW_TYPES: Readonly<Record<string, Type>> = Object.fromEntries(
  Object.entries(VIEW).map(([name, { type }]) => [name, type]),
);
