import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { verifyAttestation } from '../../../src/integrity/attestations/verify-attestation.ts';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { createStatement } from '../../../src/integrity/statements/create.ts';
import { readStatement } from '../../../src/integrity/statements/read.ts';
import { parseDigest } from '../../../src/integrity/statements/subject.ts';
import type { SignerRole } from '../../../src/integrity/trust-file/document.ts';
import type { TrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import { bytesOf, INPUTS, NOW, sample } from './samples.ts';

const tester = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

function trusting(may: readonly SignerRole[] = ['tests']): TrustFile {
  return {
    path: 't',
    rules: [{ name: 'tester', trust: { kind: 'key', key: tester.publicKey }, may: new Set(may) }],
    warnings: [],
  };
}

const MODEL = { path: 'sub/m.onnx', sha256: 'a1'.repeat(32) };
const DATA = { path: 'sub/m.onnx.data', sha256: 'a2'.repeat(32) };

async function signed(): Promise<unknown> {
  return JSON.parse(JSON.stringify(await signStatement(sample('tests'), keySigner(tester.privateKey))));
}

function verify(bundle: unknown, files = [MODEL, DATA], trust = trusting()) {
  return verifyAttestation(readBundle(bytesOf(bundle), 't'), trust, { kind: 'tests', files, now: NOW });
}

describe('the attestation of tests', () => {
  it.each<[string, readonly { path: string; sha256: string }[]]>([
    ['where it was tested', [MODEL, DATA]],
    [
      'in another folder',
      [
        { ...MODEL, path: 'v2/m.onnx' },
        { ...DATA, path: 'v2/m.onnx.data' },
      ],
    ],
    [
      'by another name, with files of any kind',
      [
        { ...MODEL, path: 'x' },
        { ...DATA, path: 'm.onnx.data' },
        { path: 'config.json', sha256: '00'.repeat(32) },
      ],
    ],
  ])('verifies for the model %s', async (_, files) => {
    const { kind, statement, rule } = await verify(await signed(), [...files]);
    expect([kind, rule.name]).toEqual(['tests', 'tester']);
    expect(statement).toEqual(sample('tests'));
  });

  it.each<[string, readonly { path: string; sha256: string }[]]>([
    ['of which a byte changed', [{ ...MODEL, sha256: 'a3'.repeat(32) }, DATA]],
    ['whose tensors changed', [MODEL, { ...DATA, sha256: 'a3'.repeat(32) }]],
    [
      'whose tensors are elsewhere, and others in their place',
      [MODEL, { ...DATA, sha256: 'a3'.repeat(32) }, { ...DATA, path: 'sub/old.data' }],
    ],
    ['that moved without its tensors', [{ ...MODEL, path: 'm.onnx' }, DATA]],
    ['of which the tensors alone are there', [DATA]],
    ['that is not there', []],
  ])('is refused for a model %s', async (_, files) => {
    await expect(verify(await signed(), [...files])).rejects.toMatchObject({
      problem: 'subject',
      message: expect.stringContaining('the tests are of sub/m.onnx sha256:a1a1'),
    });
  });

  it('is about the digest of the model, and not of its tensors', async () => {
    const by = async (hex: string) =>
      verifyAttestation(readBundle(bytesOf(await signed()), 't'), trusting(), {
        subject: parseDigest(`sha256:${hex}`, 'x'),
        now: NOW,
      });
    await expect(by(MODEL.sha256)).resolves.toMatchObject({ kind: 'tests' });
    await expect(by(DATA.sha256)).rejects.toMatchObject({ problem: 'subject' });
  });

  it('is refused for a signer who may sign anything else', async () => {
    const others = ['scan', 'conversion', 'approval', 'waiver', 'decision', 'model-signature'] as const;
    await expect(verify(await signed(), [MODEL, DATA], trusting(others))).rejects.toMatchObject({
      problem: 'untrusted',
      message: expect.stringContaining('may not sign tests'),
    });
  });

  it('names the other models that tests were given', () => {
    const models = [{ path: 's0.onnx', sha256: 'c5'.repeat(32), data: [] }];
    const { report, at } = INPUTS.tests;
    const statement = createStatement('tests', { report: { ...report, models }, at });
    expect(readStatement(bytesOf(statement))).toEqual(statement);
    expect(statement.predicate.models).toEqual(models);
  });

  it('does not name where the suite lies on this machine', () => {
    expect(JSON.stringify(sample('tests'))).not.toContain('/home/me');
  });
});

type Predicate = Record<string, unknown> & { tests: Record<string, unknown>[] };

/** The statement of the sample, with another predicate. */
function changed(change: (predicate: Predicate) => void): Buffer {
  const statement = structuredClone(sample('tests')) as unknown as { predicate: Predicate };
  change(statement.predicate);
  return bytesOf(statement);
}

describe('a statement of tests', () => {
  it.each<[string, (predicate: Predicate) => void, RegExp]>([
    [
      'says that it passed, with a test that failed',
      ({ tests: [first] }) => Object.assign(first ?? {}, { status: 'fail' }),
      /contradicts its tests/,
    ],
    [
      'says that it passed, with a test that tells nothing',
      ({ tests: [first] }) => Object.assign(first ?? {}, { status: 'not-assessed', measures: [] }),
      /contradicts its tests/,
    ],
    ['has no tests', (predicate) => Object.assign(predicate, { tests: [], status: 'not-assessed' }), /has no tests/],
    ['names a test twice', ({ tests }) => tests.push({ ...tests[0] }), /names a test twice/],
    ['has a status that is not one', (predicate) => Object.assign(predicate, { status: 'fine' }), /status/],
    ['has an unknown field', (predicate) => Object.assign(predicate, { waived: true }), /waived/],
    ['has a time that is not one', (predicate) => Object.assign(predicate, { timeCreated: 'now' }), /is not a time/],
    [
      'has a model outside of the artifact',
      (predicate) => Object.assign(predicate, { model: '../m.onnx' }),
      /is not a path within an artifact/,
    ],
  ])('is refused when it %s', (_, change, message) => {
    expect(() => readStatement(changed(change))).toThrow(message);
  });

  it('may say that tests failed', () => {
    const { report } = INPUTS.tests;
    const tests = report.tests.map((test) => ({ ...test, status: 'fail' as const }));
    const failed = createStatement('tests', { report: { ...report, status: 'fail', tests }, at: NOW });
    expect(readStatement(bytesOf(failed))).toEqual(failed);
  });
});
