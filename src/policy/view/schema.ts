import { LOADERS, SEVERITIES, VERDICTS } from '../../core/assessment/index.ts';
import {
  ANY,
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
  ref: field(STRING, 'As the user gave it, in canonical spelling.'),
  pinned: field(STRING, 'The same with its commit, version or digest.'),
  digest: field(
    optional(STRING),
    '"sha256:" and 64 hex digits over paths and digests of all files; null when a file has none.',
  ),
  isPinned: field(
    BOOL_TYPE,
    'Whether the bytes that were judged are the only ones it can mean: a commit, an OCI digest, an S3 version, #sha256=, or files on a disk that were all hashed.',
  ),
  status: field(unionOf('complete', 'incomplete'), '"incomplete" when part of it was not looked at.'),
  files: field(INT_TYPE, 'How many files it has.'),
  bytes: field(INT_TYPE, 'Their sizes together.'),
});

const SOURCE = record('the source', {
  kind: field(
    unionOf('path', 'hf', 'https', 's3', 'oci', 'models'),
    'How it was fetched: the scheme of its reference, "path" for a file or folder.',
  ),
  publisher: field(
    optional(STRING),
    'The owner of a model on the Hugging Face Hub; null elsewhere and for models without owner.',
  ),
  name: field(STRING, 'The name of the model: a repository, a registered model, a file or folder.'),
  revision: field(optional(STRING), 'Commit, version, tag or digest as pinned; null when there is none.'),
  host: field(optional(STRING), 'The host of an address or of an OCI registry, the bucket of S3; null elsewhere.'),
});

const DECLARED = record('what is declared', {
  licences: field(TEXTS, 'Identifiers of licences as written; empty when none is declared.'),
  licenceName: field(optional(STRING), 'The name of a licence without identifier.'),
  baseModels: field(TEXTS, 'Models that it was made from, as written.'),
  datasets: field(TEXTS, 'Data that it was trained on, as written.'),
  library: field(optional(STRING), 'The library that loads it: "transformers", "diffusers".'),
  task: field(optional(STRING), 'The task of the model: "text-generation".'),
  languages: field(TEXTS, 'Languages, as written.'),
  tags: field(TEXTS, 'Tags, as written.'),
  remoteCode: field(TEXTS, 'Code that a loader fetches, or takes from the artifact, when remote code is trusted.'),
  architectures: field(TEXTS, 'Architectures of its configuration.'),
  modelType: field(optional(STRING), 'The model_type of its configuration: "llama".'),
  files: field(TEXTS, 'Paths of the files that said so.'),
});

const READING = record('a reading', {
  loader: field(unionOf(...LOADERS), 'The loader: "pickle", "joblib", "torch-weights-only".'),
  verdict: field(unionOf(...VERDICTS), 'The action of the loader.'),
  imports: field(TEXTS, 'Every global that it can resolve, "module.name".'),
});

const FILE = record('a file', {
  path: field(STRING, 'Relative to the artifact; for a single file, its name.'),
  size: field(INT_TYPE, 'Bytes.'),
  format: field(STRING, 'Identifier of the format, by content: "safetensors", "pickle"; "unknown" when none fits.'),
  sha256: field(optional(STRING), '64 hex digits; null when digestBasis is "none".'),
  digestBasis: field(unionOf('computed', 'claimed', 'none'), 'Computed from all bytes, or claimed by the source.'),
  verdict: field(unionOf(...VERDICTS), 'What the scanners made of it.'),
  imports: field(TEXTS, 'Every global that a pickle in it can resolve, "module.name".'),
  readings: field(
    listOf(READING),
    'What each loader would do with it: `loader` ("pickle", "joblib", "torch-weights-only"), `verdict` and `imports` of each; empty when it holds no pickle.',
  ),
  reasons: field(TEXTS, "Why the verdict is what it is, when it is not the findings'."),
  waived: field(BOOL_TYPE, 'Whether waivers cover its verdict; never true of a malicious file.'),
});

const FINDING = record('a finding', {
  ruleId: field(STRING, 'The rule of the catalogue; assay explain lists all.'),
  severity: field(unionOf(...SEVERITIES), 'How bad.'),
  severityRank: field(INT_TYPE, 'The same as a number: 0 for info, 4 for critical.'),
  message: field(STRING, 'For people.'),
  file: field(STRING, 'Path of the file.'),
  member: field(optional(STRING), 'Path within an archive; null outside one.'),
  offset: field(optional(INT_TYPE), 'Byte offset in the file, or in the member; null when it has none.'),
  line: field(optional(INT_TYPE), 'Line of a text file, from 1; null elsewhere.'),
  evidence: field(optional(STRING), 'The evidence.'),
  owasp: field(TEXTS, 'Risks of the OWASP Machine Learning Security Top 10: "ML06:2023".'),
  atlas: field(TEXTS, 'Techniques of MITRE ATLAS.'),
  cwe: field(TEXTS, 'Weaknesses.'),
  fingerprint: field(STRING, 'Names it across scans.'),
  waived: field(BOOL_TYPE, 'Whether a waiver covers it.'),
});

const CHECK = record('a check', {
  id: field(STRING, 'Its name again.'),
  status: field(unionOf('pass', 'fail', 'not-assessed', 'error'), 'The answer.'),
  detail: field(STRING, 'Why, in a sentence.'),
});

const SIGNATURE = record('a signature', {
  path: field(STRING, 'Where the signature was read.'),
  status: field(
    unionOf('verified', 'partial', 'failed', 'not-assessed'),
    '"partial": it is valid, but leaves files uncovered. "not-assessed": no trusted signer was named.',
  ),
  problem: field(optional(STRING), 'Why it failed, as a stable code.'),
  detail: field(STRING, 'For people.'),
  kind: field(
    optional(unionOf('key', 'certificate', 'sigstore')),
    'How the signer is known; null when that is not proven.',
  ),
  identity: field(optional(STRING), 'Of sigstore: who signed, as the certificate names them.'),
  issuer: field(optional(STRING), 'Of sigstore: the issuer of the identity. Of a certificate: its issuer.'),
  signedAt: field(optional(TIMESTAMP), 'Of sigstore: when, by its log or timestamp authority.'),
  keyHint: field(optional(STRING), 'Of a key: hex SHA-256 of its PEM.'),
  keyType: field(optional(STRING), 'Of a key: "P-256".'),
  subject: field(optional(STRING), 'Of a certificate: its subject.'),
  names: field(TEXTS, 'Of a certificate: its alternative names; empty elsewhere.'),
  certificate: field(optional(STRING), 'Of a certificate: hex SHA-256.'),
  notAfter: field(optional(TIMESTAMP), 'Of a certificate: its last moment.'),
  expired: field(BOOL_TYPE, 'Of a certificate: whether it is over, and was let pass.'),
  method: field(optional(STRING), 'How files were hashed.'),
  covered: field(INT_TYPE, 'How many signed files are there, unchanged.'),
  changed: field(TEXTS, 'Signed files whose bytes are others.'),
  missing: field(TEXTS, 'Signed files that are not there.'),
  uncovered: field(TEXTS, 'Files that it does not cover.'),
  emptyFiles: field(TEXTS, 'Empty files, which a signature by shards cannot list.'),
});

const APPROVAL = record('an approval', {
  stage: field(STRING, 'The stage that it is for.'),
  signer: field(STRING, 'Who approved.'),
  method: field(unionOf('key', 'certificate', 'sigstore', 'service'), 'How that was proven.'),
  at: field(TIMESTAMP, 'When.'),
  digest: field(STRING, 'The artifact.digest that was approved.'),
});

const RULESET = record('the ruleset', {
  version: field(STRING, 'Version of rules, allowlists and advisories.'),
  digest: field(STRING, 'Their digest, the allowances of the organisation included.'),
});

const ENVIRONMENT = record('the environment', {
  stage: field(
    optional(STRING),
    'The stage that the artifact is judged for: "staging", "production"; null if none is named.',
  ),
  labels: field(mapOf(STRING), "Other labels of the environment, by name: 'region' in environment.labels."),
});

/** Everything an expression can name. */
export const VIEW: Readonly<Record<string, ViewField>> = {
  artifact: field(ARTIFACT, 'The model as a whole.'),
  source: field(SOURCE, 'Where it came from, by its pinned reference.'),
  declared: field(DECLARED, 'Declarations of the model, which are not verified.'),
  files: field(listOf(FILE), 'Every file of it.'),
  findings: field(listOf(FINDING), 'Everything that the scanners have to say.'),
  checks: field(mapOf(CHECK), "The questions that were answered, by id: checks['integrity.checksum']."),
  signatures: field(listOf(SIGNATURE), 'Signatures over the artifact that were looked at.'),
  approvals: field(listOf(APPROVAL), 'Who approved exactly these bytes; only verified ones are here.'),
  ruleset: field(RULESET, 'What judged.'),
  environment: field(ENVIRONMENT, 'The stage that it is judged for.'),
  now: field(TIMESTAMP, 'The time of the decision.'),
  provenance: field(
    ANY,
    'How it was trained. This version cannot produce it: a rule that names it denies as unavailable.',
  ),
  tests: field(ANY, 'How it behaves. This version cannot produce it: a rule that names it denies as unavailable.'),
};

/** The types of all that an expression can name. */
export const VIEW_TYPES: Readonly<Record<string, Type>> = Object.fromEntries(
  Object.entries(VIEW).map(([name, { type }]) => [name, type]),
);
