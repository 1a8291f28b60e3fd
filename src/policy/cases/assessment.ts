import {
  type Assessment,
  type FileAssessment,
  type Finding,
  fingerprint,
  NOTHING_DECLARED,
  type SignatureAssessment,
  type Signer,
} from '../../core/assessment/index.ts';
import type { AttestedTests } from '../../core/behavior/index.ts';
import type { AttestedTraining } from '../../core/lineage/index.ts';
import type { CaseFragment } from './document.ts';

/** A digest that tests may write without having it. */
export const CASE_DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SHA256 = 'fedcba9876543210'.repeat(4);
const LATER = '2030-01-01T00:00:00Z';

type Of<K extends keyof CaseFragment> = NonNullable<CaseFragment[K]> extends (infer Item)[] ? Item : never;

/** A clean model of one safetensors file at a commit of the Hub, with the changes of a case. */
export function caseAssessment(fragment: CaseFragment): Assessment {
  const files = (fragment.files ?? [{ path: 'model.safetensors' }]).map(fileOf);
  const bytesTotal = files.reduce((sum, { size }) => sum + size, 0);
  const {
    ref = 'hf://acme/model',
    pinned = `hf://acme/model@${'0123456789'.repeat(4)}`,
    digest = CASE_DIGEST,
  } = fragment.artifact ?? {};
  return {
    artifact: {
      ref,
      pinned: fragment.artifact?.ref === undefined ? pinned : (fragment.artifact.pinned ?? ref),
      digest,
    },
    status: fragment.status ?? 'complete',
    files,
    findings: (fragment.findings ?? []).map(findingOf),
    checks: (fragment.checks ?? []).map(({ id, status, detail = `${id} gave ${status}` }) => ({ id, status, detail })),
    signatures: (fragment.signatures ?? []).map(signatureOf),
    tests: (fragment.tests ?? []).map(testsOf),
    training: (fragment.training ?? []).map(trainingOf),
    declared: { ...NOTHING_DECLARED, ...defined(fragment.declared ?? {}) },
    ruleset: { version: '1.0.0', digest: `sha256:${SHA256}` },
    notes: [],
    stats: { files: files.length, bytesTotal, bytesRead: bytesTotal, durationMs: 0 },
  };
}

/** Without the keys whose value is `undefined`: these are not there. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  return Object.assign(kept, Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
}

function fileOf({ size = 1000, ...given }: Of<'files'>): FileAssessment {
  return {
    format: 'safetensors',
    sha256: SHA256,
    digestBasis: 'computed',
    verdict: 'clean',
    imports: [],
    readings: [],
    reasons: [],
    ...defined(given),
    path: given.path,
    size,
    coverage: { ranges: [{ start: 0, end: size, kind: 'parsed' }], gaps: [] },
  };
}

function findingOf(given: Of<'findings'>): Finding {
  return {
    severity: 'medium',
    message: given.ruleId,
    owasp: ['ML06:2023'],
    atlas: [],
    cwe: [],
    ...defined(given),
    ruleId: given.ruleId,
    file: given.file,
    fingerprint: fingerprint(given.ruleId, given.file, given.member, given.evidence ?? ''),
  };
}

function signatureOf({
  status,
  signature = 'model.sig',
  problem,
  signer,
  uncovered = [],
}: Of<'signatures'>): SignatureAssessment {
  return {
    signature,
    status,
    problem: problem ?? null,
    detail: `the signature is ${status}`,
    signer: signer === undefined ? null : signerOf(signer),
    method: 'sha256',
    covered: 1,
    changed: [],
    missing: [],
    uncovered: uncovered.map((path) => ({ path, why: 'added' })),
    emptyFiles: [],
  };
}

function testsOf({
  suite,
  suiteDigest = CASE_DIGEST,
  signer = 'tester',
  at = '2026-01-01T00:00:00Z',
  status,
  model = 'model.onnx',
  baseline = null,
  device,
  drivers = [],
}: Of<'tests'>): AttestedTests {
  const runtime = { name: 'onnxruntime', version: '' };
  return {
    name: 'tests.intoto.json',
    tool: { name: 'assay', version: '' },
    signer,
    at,
    suite: { name: suite, sha256: suiteDigest.slice('sha256:'.length), seed: 1 },
    data: [],
    rowsAtOnce: 1,
    model: { path: model, sha256: SHA256, data: [] },
    baseline: baseline === null ? null : { path: model, sha256: baseline, data: [] },
    device:
      device === undefined
        ? null
        : { requested: device, device, runtime, drivers, share: 1, elsewhere: [], elsewhereCount: 0, passedOver: [] },
    status,
    tests: [],
  };
}

function trainingOf({ run = null, signer = 'trainer', at = null, inputs = [] }: Of<'training'>): AttestedTraining {
  return {
    name: 'training.intoto.json',
    signer,
    run,
    at,
    model: [{ path: 'model.safetensors', sha256: SHA256 }],
    inputs: inputs.map(({ role, name, uri = null, sha256, gitCommit }) => ({
      role,
      name,
      uri,
      digests: { ...(sha256 === undefined ? {} : { sha256 }), ...(gitCommit === undefined ? {} : { gitCommit }) },
    })),
  };
}

function signerOf(signer: NonNullable<Of<'signatures'>['signer']>): Signer {
  switch (signer.kind) {
    case 'key':
      return { kind: 'key', keyHint: signer.keyHint, keyType: signer.keyType ?? 'P-256' };
    case 'certificate': {
      const { kind, subject, issuer, names = [], sha256 = SHA256, notAfter = LATER, expired = false } = signer;
      return { kind, subject, issuer, names, sha256, notAfter, expired };
    }
    case 'sigstore': {
      const { kind, identity, issuer, signedAt = '2026-01-01T00:00:00Z' } = signer;
      return { kind, identity, issuer, signedAt };
    }
  }
}
