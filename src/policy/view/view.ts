import { basename } from 'node:path';
import type { CelInput, CelMap } from '@bufbuild/cel';
import {
  type Assessment,
  type Check,
  type FileAssessment,
  type Finding,
  type SignatureAssessment,
  severityRank,
} from '../../core/assessment/index.ts';
import { cut, MAX_KEPT } from '../../core/index.ts';
import { isCommit, parseReference, type Reference } from '../../core/reference/index.ts';
import type { Approval } from '../approval.ts';
import { type Bindings, celLibrary, type SharedValues, timestampOf } from '../cel/index.ts';
import type { Environment } from '../environment.ts';

/** The parts of the view that are the same for all policies. */
export interface ViewInput {
  readonly assessment: Assessment;
  readonly now: Date;
  /** Fingerprints of findings that waivers cover. */
  readonly waived: ReadonlySet<string>;
  /** Paths of files whose verdict waivers cover. */
  readonly waivedFiles: ReadonlySet<string>;
}

/** The parts that may differ between policies and stages. */
export interface Occasion {
  /** Those that were verified. */
  readonly approvals: readonly Approval[];
  readonly environment: Environment;
}

/** Names of an occasion's part of the view. */
export const OCCASIONAL: ReadonlySet<string> = new Set<keyof Occasion>(['approvals', 'environment']);

/** The assessment as expressions see it: what `view-schema.ts` describes. */
export class PolicyView {
  /** Results of expressions that do not depend on the occasion, so that policies evaluate a common expression once. */
  readonly values: SharedValues = new Map();
  readonly #input: ViewInput;
  readonly #common: Bindings;

  constructor(input: ViewInput) {
    this.#input = input;
    this.#common = commonView(input);
  }

  for({ approvals, environment }: Occasion): Bindings {
    const own: Bindings = {
      approvals: approvalsView(this.#input.assessment, approvals),
      environment: environmentView(environment),
    };
    return Object.assign(Object.create(this.#common), own);
  }
}

function environmentView({ stage, labels, suite }: Environment): CelMap {
  return record({
    stage: stage ?? null,
    labels: record({ ...labels }),
    suite: suite?.digest ?? null,
    suiteName: suite?.name ?? null,
  });
}

/** Long lists are made on demand. */
function commonView(input: ViewInput): Bindings {
  const { assessment } = input;
  let files: CelInput | undefined;
  let findings: CelInput | undefined;
  return {
    artifact: artifactView(assessment),
    source: sourceView(assessment),
    declared: record({ ...assessment.declared }),
    get files() {
      files ??= list(assessment.files, (file) => fileView(file, input));
      return files;
    },
    get findings() {
      findings ??= list(assessment.findings, (finding) => findingView(finding, input));
      return findings;
    },
    checks: checksView(assessment.checks),
    signatures: list(assessment.signatures, signatureView),
    tests: testsView(assessment),
    provenance: provenanceView(assessment),
    ruleset: record({ ...assessment.ruleset }),
    now: timestampOf(input.now.getTime()),
  };
}

type Plain = null | boolean | bigint | string | readonly string[] | CelInput;

/** Very long text is cut, as in reports, so that a stored report gives the same decision. */
function record(fields: Readonly<Record<string, Plain>>): CelMap {
  const entries = new Map<string, CelInput>();
  for (const key in fields) {
    const value = fields[key] ?? null;
    if (typeof value === 'string') entries.set(key, kept(value));
    else
      entries.set(key, isTexts(value) ? celLibrary().cel.celList(value.some(isLong) ? value.map(kept) : value) : value);
  }
  return celLibrary().cel.celMap(entries);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

function isLong({ length }: string): boolean {
  return length > MAX_KEPT;
}

function kept(text: string): string {
  return !isLong(text) || CUT.test(text) ? text : cut(text, MAX_KEPT);
}

/** Cut already, as in a report that is read again. */
const CUT = new RegExp(`^[\\s\\S]{${MAX_KEPT - 1},${MAX_KEPT}}… \\(\\+\\d+ more\\)$`);

function list<T>(items: readonly T[], view: (item: T) => CelMap): CelInput {
  return celLibrary().cel.celList(items.map(view));
}

function artifactView({ artifact, status, files, stats }: Assessment): CelMap {
  return record({
    ref: artifact.ref,
    pinned: artifact.pinned,
    digest: artifact.digest,
    isPinned: isPinned(artifact, files),
    status,
    files: BigInt(files.length),
    bytes: BigInt(stats.bytesTotal),
  });
}

function isPinned({ pinned, digest }: Assessment['artifact'], files: readonly FileAssessment[]): boolean {
  const hashed = digest !== null && files.every((file) => file.digestBasis === 'computed');
  const reference = referenceOf(pinned);
  switch (reference.kind) {
    case 'path':
      return hashed;
    case 'hf':
      return isCommit(reference.revision);
    case 'https':
      return reference.sha256 !== undefined;
    case 's3':
      return reference.versionId !== undefined;
    case 'oci':
      return reference.digest !== undefined;
    // MLflow contains no digests, and the files of a version may be replaced.
    case 'models':
      return false;
  }
}

/** What was scanned has a reference that parses, unless it is a path that looks like an address. */
function referenceOf(text: string): Reference {
  try {
    return parseReference(text);
  } catch {
    return { kind: 'path', path: text };
  }
}

function sourceView({ artifact }: Assessment): CelMap {
  const reference = referenceOf(artifact.pinned);
  const none = { publisher: null, revision: null, host: null };
  switch (reference.kind) {
    case 'path':
      return record({ ...none, kind: 'path', name: basename(reference.path) });
    case 'hf': {
      const [owner, name] = reference.repo.split('/');
      const publisher = name === undefined ? null : (owner ?? null);
      return record({
        ...none,
        kind: 'hf',
        publisher,
        name: name ?? reference.repo,
        revision: reference.revision ?? null,
      });
    }
    case 'https': {
      const { host, pathname } = new URL(reference.url);
      return record({ ...none, kind: 'https', name: basename(pathname), revision: reference.sha256 ?? null, host });
    }
    case 's3':
      return record({
        ...none,
        kind: 's3',
        name: basename(reference.key),
        revision: reference.versionId ?? null,
        host: reference.bucket,
      });
    case 'oci': {
      const revision = reference.digest ?? reference.tag ?? null;
      return record({ ...none, kind: 'oci', name: reference.repository, revision, host: reference.registry });
    }
    case 'models': {
      const revision = 'version' in reference.at ? reference.at.version : reference.at.alias;
      return record({ ...none, kind: 'models', name: reference.name, revision });
    }
  }
}

function fileView(file: FileAssessment, { waivedFiles }: ViewInput): CelMap {
  const { path, size, format, sha256, digestBasis, verdict, imports, reasons } = file;
  const readings = file.readings.map(({ loader, ...reading }) => record({ loader, ...reading }));
  const waived = waivedFiles.has(path);
  return record({ path, size: BigInt(size), format, sha256, digestBasis, verdict, imports, readings, reasons, waived });
}

function findingView(finding: Finding, { waived }: ViewInput): CelMap {
  return record({
    ruleId: finding.ruleId,
    severity: finding.severity,
    severityRank: BigInt(severityRank(finding.severity)),
    message: finding.message,
    file: finding.file,
    member: finding.member ?? null,
    offset: integer(finding.offset),
    line: integer(finding.line),
    evidence: finding.evidence ?? null,
    owasp: finding.owasp,
    atlas: finding.atlas,
    cwe: finding.cwe,
    fingerprint: finding.fingerprint,
    waived: waived.has(finding.fingerprint),
  });
}

function integer(value: number | undefined): bigint | null {
  return value === undefined ? null : BigInt(value);
}

const WORST_FIRST: readonly Check['status'][] = ['fail', 'error', 'not-assessed', 'pass'];

/** By id; of two answers to one question, the worse. */
function checksView(checks: readonly Check[]): CelMap {
  const byId = new Map<string, Check>();
  for (const check of checks) {
    const known = byId.get(check.id);
    const isWorse = known === undefined || WORST_FIRST.indexOf(check.status) < WORST_FIRST.indexOf(known.status);
    if (isWorse) byId.set(check.id, check);
  }
  return celLibrary().cel.celMap(
    new Map([...byId].map(([id, { status, detail }]) => [id, record({ id, status, detail })])),
  );
}

function signatureView(signature: SignatureAssessment): CelMap {
  const { status, problem, detail, method, covered, changed, missing, uncovered, emptyFiles } = signature;
  return record({
    path: signature.signature,
    status,
    problem,
    detail,
    ...signerFields(signature),
    method,
    covered: BigInt(covered),
    changed,
    missing,
    uncovered: uncovered.map(({ path }) => path),
    emptyFiles,
  });
}

function signerFields({ signer }: SignatureAssessment): Record<string, Plain> {
  const none = {
    kind: signer?.kind ?? null,
    identity: null,
    issuer: null,
    signedAt: null,
    keyHint: null,
    keyType: null,
    subject: null,
    names: [],
    certificate: null,
    notAfter: null,
    expired: false,
  };
  switch (signer?.kind) {
    case undefined:
      return none;
    case 'key':
      return { ...none, keyHint: signer.keyHint, keyType: signer.keyType };
    case 'certificate': {
      const { subject, names, issuer, sha256, notAfter, expired } = signer;
      return { ...none, subject, names, issuer, certificate: sha256, notAfter: moment(notAfter), expired };
    }
    case 'sigstore':
      return { ...none, identity: signer.identity, issuer: signer.issuer, signedAt: moment(signer.signedAt) };
  }
}

/** What is asked of tests are their checks; the runs are what stands behind them. */
function testsView({ checks, tests = [] }: Assessment): CelMap {
  const runs = list(tests, ({ suite, signer, at, status, tests: results, model, baseline, device }) =>
    record({
      suite: suite.name,
      suiteDigest: `sha256:${suite.sha256}`,
      signer,
      at: moment(at),
      status,
      failed: results.filter((test) => test.status === 'fail').map(({ id }) => id),
      model: model.path,
      baseline: baseline?.sha256 ?? null,
      device: device?.device ?? null,
      drivers: device?.drivers ?? [],
    }),
  );
  return record({ attested: passes(checks, 'tests.attested'), passed: passes(checks, 'tests.passed'), runs });
}

/** What is asked of provenance is its check; the runs are what stands behind it. */
function provenanceView({ checks, training = [] }: Assessment): CelMap {
  const verified = passes(checks, 'data.provenance');
  const runs = list(training, ({ run, signer, at, inputs }) =>
    record({
      run,
      signer,
      at: at === null ? null : moment(at),
      inputs: list(inputs, ({ role, name, uri, digests }) =>
        record({ role, name, uri, sha256: digests.sha256 ?? null, gitCommit: digests.gitCommit ?? null }),
      ),
    }),
  );
  return record({ attested: verified || training.length > 0, verified, runs });
}

/** One of several checks of an id that does not pass is enough to fail. */
function passes(checks: readonly Check[], wanted: string): boolean {
  const own = checks.filter(({ id }) => id === wanted);
  return own.length > 0 && own.every(({ status }) => status === 'pass');
}

/** Null when the text is not a date-time, so that rules about it fail. */
function moment(text: string): CelInput {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : timestampOf(time);
}

/** Only those of exactly these bytes. */
function approvalsView({ artifact: { digest } }: Assessment, approvals: readonly Approval[]): CelInput {
  const own = approvals.filter((approval) => digest !== null && approval.digest === digest);
  return list(own, ({ stage, signer, method, at, digest: approved }) =>
    record({ stage, signer, method, at: moment(at), digest: approved }),
  );
}
