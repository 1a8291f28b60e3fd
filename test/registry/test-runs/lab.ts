import { createHash, generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import type { RequiredSuite, TestReport } from '../../../src/core/behavior/index.ts';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../../src/integrity/statements/create.ts';
import type { TrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import type { RegistryRules } from '../../../src/registry/index.ts';
import { INPUTS } from '../../integrity/attestations/samples.ts';
import { plainRules, policyOfRule } from '../harness.ts';

export const CI = generateKeyPairSync('ed25519');
/** Trusted for scans, and not for tests. */
export const SCANNER = generateKeyPairSync('ed25519');
export const STRANGER = generateKeyPairSync('ed25519');

export const TRUST: TrustFile = {
  path: 'trust.yaml',
  rules: [
    { name: 'ci', trust: { kind: 'key', key: CI.publicKey }, may: new Set(['tests']) },
    { name: 'scanner', trust: { kind: 'key', key: SCANNER.publicKey }, may: new Set(['scan']) },
  ],
  warnings: [],
};

/** A suite, by the text of its file. */
export function suiteOf(text: string, name = 'digits'): RequiredSuite {
  return { name, digest: `sha256:${createHash('sha256').update(text).digest('hex')}` };
}

export const SUITE = suiteOf('min: 0.9');
export const LOOSER = suiteOf('min: 0.1');

/** The rule of the shipped policy for production. */
const ASKS =
  "environment.suite == null || (tests.passed && tests.runs.exists(r, r.suiteDigest == environment.suite && r.status == 'pass'))";

/** Plain rules that ask a suite of the model for staging. */
export async function rulesAsking(suite: RequiredSuite | null, expression = ASKS): Promise<RegistryRules> {
  const rules = await plainRules();
  const suites = new Map(suite === null ? [] : [['acme/model', suite] as const]);
  return { ...rules, staging: { ...rules.staging, policy: policyOfRule(expression) }, suites };
}

/** The SHA-256 of a file of a sample: see `assessmentOf`. */
export function weightsOf(sample: string, index = 0): string {
  return createHash('sha256').update(`${sample} ${index}`).digest('hex');
}

export interface RunSample {
  readonly suite?: RequiredSuite;
  readonly status?: 'pass' | 'fail';
  /** The sample whose weights were tested. */
  readonly of?: string;
  /** The sample whose weights they were compared with. */
  readonly beside?: string;
  readonly device?: 'cpu' | 'cuda';
  readonly at?: Date;
  readonly path?: string;
}

/** What a suite measured of the first file of a sample. */
export function reportOf(sample: RunSample = {}): TestReport {
  const { suite = SUITE, status = 'pass', of = 'one', beside, device = 'cpu' } = sample;
  const { report } = INPUTS.tests;
  const path = sample.path ?? 'weights-0.safetensors';
  const ran = report.device;
  if (ran === null) throw new Error('the sample ran nowhere');
  return {
    ...report,
    model: { path, sha256: weightsOf(of), data: [] },
    baseline: beside === undefined ? null : { path, sha256: weightsOf(beside), data: [] },
    suite: { path: '/tests/suite.yaml', name: suite.name, sha256: suite.digest.slice(7), seed: 1 },
    device: { ...ran, requested: device, device },
    status,
    tests: report.tests.map((test) => ({ ...test, status })),
  };
}

/** The same, signed as `assay test --attest` does. */
export async function attested(sample: RunSample = {}, key: KeyPairKeyObjectResult = CI): Promise<string> {
  const { at = new Date('2026-12-01T07:00:00Z') } = sample;
  return JSON.stringify(
    await signStatement(createStatement('tests', { report: reportOf(sample), at }), keySigner(key.privateKey)),
  );
}

/** A run of a suite on a model of one file, signed as `assay test --attest` does. */
export async function signedRun(
  model: Uint8Array,
  suite: RequiredSuite,
  key: KeyPairKeyObjectResult = CI,
): Promise<string> {
  const sha256 = createHash('sha256').update(model).digest('hex');
  const report = { ...reportOf({ suite }), model: { path: 'm.onnx', sha256, data: [] } };
  const statement = createStatement('tests', { report, at: new Date('2026-11-25T12:00:00Z') });
  return JSON.stringify(await signStatement(statement, keySigner(key.privateKey)));
}
