import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { trainingOf } from '../../../src/integrity/attestations/training.ts';
import { verifyAttestation } from '../../../src/integrity/attestations/verify-attestation.ts';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { certificateSigner } from '../../../src/integrity/sign/certificate-signer.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { readStatement } from '../../../src/integrity/statements/read.ts';
import type { SignerRole } from '../../../src/integrity/trust-file/document.ts';
import type { TrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import { basicConstraints, extendedKeyUsage, keyUsage, makeCertificate, OIDS } from '../x509/make-certificate.ts';
import { bytesOf, COMMIT, NOW, sample } from './samples.ts';

const trainer = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const MODEL = { path: 'sub/m.onnx', sha256: 'a1'.repeat(32) };

function trusting(may: readonly SignerRole[] = ['training']): TrustFile {
  return {
    path: 't',
    rules: [{ name: 'trainer', trust: { kind: 'key', key: trainer.publicKey }, may: new Set(may) }],
    warnings: [],
  };
}

async function verify(files = [MODEL], trust = trusting()) {
  const bundle = await signStatement(sample('training'), keySigner(trainer.privateKey));
  return verifyAttestation(readBundle(bytesOf(bundle), 't'), trust, { kind: 'training', files, now: NOW });
}

describe('the attestation of a training run', () => {
  it('says who trained which model on what', async () => {
    expect(trainingOf(await verify(), 'run.json')).toEqual({
      name: 'run.json',
      signer: 'trainer',
      run: 'fraud-12',
      at: '2026-11-25T11:00:00Z',
      model: [MODEL],
      inputs: [
        { role: 'data', name: 'train.csv', uri: 's3://acme/train.csv', digests: { sha256: 'd1'.repeat(32) } },
        { role: 'base', name: 'acme/base', uri: null, digests: { gitCommit: COMMIT } },
        {
          role: 'code',
          name: 'git+https://git.example/fraud',
          uri: 'git+https://git.example/fraud',
          digests: { gitCommit: COMMIT },
        },
      ],
    });
  });

  it('verifies for a model by another name', async () => {
    await expect(verify([{ ...MODEL, path: 'x' }])).resolves.toMatchObject({ kind: 'training' });
  });

  it('is refused for another model', async () => {
    await expect(verify([{ ...MODEL, sha256: 'a3'.repeat(32) }])).rejects.toMatchObject({
      problem: 'subject',
      message: `the run wrote sub/m.onnx sha256:${MODEL.sha256}, which is not among the files`,
    });
  });

  it('is refused for a signer who may sign anything else', async () => {
    const others = ['scan', 'conversion', 'tests', 'approval', 'waiver', 'decision', 'model-signature'] as const;
    await expect(verify([MODEL], trusting(others))).rejects.toMatchObject({
      problem: 'untrusted',
      message: expect.stringContaining('may not sign training runs'),
    });
  });

  it('is refused for a signer who is not trusted any more', async () => {
    const [rule] = trusting().rules;
    if (rule === undefined) throw new Error('no rule');
    const ended = { ...trusting(), rules: [{ ...rule, notAfter: new Date(NOW.getTime() - 1) }] };
    await expect(verify([MODEL], ended)).rejects.toMatchObject({ problem: 'untrusted' });
  });
});

describe('the certificate of a trainer', () => {
  const root = { subject: 'root', key: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) };
  const day = 24 * 60 * 60 * 1000;
  const anchor = makeCertificate({
    ...root,
    notBefore: new Date(NOW.getTime() - 60 * day),
    extensions: [basicConstraints(true), keyUsage(5, 6)],
  });
  const trust: TrustFile = {
    path: 't',
    rules: [
      { name: 'ca', trust: { kind: 'certificate', anchors: [anchor], validity: 'now' }, may: new Set(['training']) },
    ],
    warnings: [],
  };

  async function by(notAfter: Date) {
    const leaf = makeCertificate({
      subject: 'trainer',
      key: trainer,
      issuer: root,
      notBefore: new Date(NOW.getTime() - 30 * day),
      notAfter,
      extensions: [basicConstraints(false), keyUsage(0), extendedKeyUsage(OIDS.codeSigning)],
    });
    const at = new Date(NOW.getTime() - 20 * day);
    const bundle = await signStatement(
      sample('training'),
      certificateSigner({ privateKey: trainer.privateKey, leaf, chain: [anchor], at }),
    );
    return verifyAttestation(readBundle(bytesOf(bundle), 't'), trust, { now: NOW });
  }

  it('counts while it is valid', async () => {
    await expect(by(new Date(NOW.getTime() + day))).resolves.toMatchObject({ kind: 'training', rule: { name: 'ca' } });
  });

  it('does not count once it has expired', async () => {
    await expect(by(new Date(NOW.getTime() - day))).rejects.toThrow(/expired/);
  });
});

interface Statement {
  predicate: {
    buildDefinition: { buildType: string; externalParameters: object; resolvedDependencies: object[] };
    runDetails: object;
  };
}

function changed(change: (predicate: Statement['predicate']) => void): Buffer {
  const statement = structuredClone(sample('training')) as unknown as Statement;
  change(statement.predicate);
  return bytesOf(statement);
}

describe('a statement of a training run', () => {
  it.each<[string, (predicate: Statement['predicate']) => void, RegExp]>([
    [
      'is of another build type',
      (p) => Object.assign(p.buildDefinition, { buildType: 'https://x.example/v1' }),
      /buildType/,
    ],
    [
      'has parameters that its build type does not have',
      (p) => Object.assign(p.buildDefinition.externalParameters, { source: 'elsewhere' }),
      /source/,
    ],
    ['names no data', (p) => p.buildDefinition.resolvedDependencies.shift(), /names no training data/],
    [
      'names data by its MD5',
      (p) => Object.assign(p.buildDefinition.resolvedDependencies[0] ?? {}, { digest: { md5: 'aa'.repeat(16) } }),
      /has data, train\.csv, without its digest \(sha256\)/,
    ],
    [
      'has a SHA-256 that is an address',
      (p) => Object.assign(p.buildDefinition.resolvedDependencies[0] ?? {}, { digest: { sha256: 'https://x' } }),
      /digest contains an invalid digest/,
    ],
    [
      'has a SHA-256 in capitals',
      (p) => Object.assign(p.buildDefinition.resolvedDependencies[0] ?? {}, { digest: { sha256: 'D1'.repeat(32) } }),
      /digest contains an invalid digest/,
    ],
    [
      'uses an input as something unknown',
      (p) => Object.assign(p.buildDefinition.resolvedDependencies[0] ?? {}, { annotations: { role: 'noise' } }),
      /role/,
    ],
    [
      'names a base model without a digest',
      (p) => Object.assign(p.buildDefinition.resolvedDependencies[1] ?? {}, { digest: { etag: '1' } }),
      /has a base model, acme\/base, without its digest/,
    ],
    ['has a builder without an address', (p) => Object.assign(p.runDetails, { builder: { id: 'me' } }), /builder/],
  ])('is refused when it %s', (_, change, message) => {
    expect(() => readStatement(changed(change))).toThrow(message);
  });

  it('may have fields that SLSA adds', () => {
    const more = changed((p) => {
      Object.assign(p.buildDefinition, { internalParameters: { host: 'a' } });
      Object.assign(p.runDetails, { byproducts: [] });
    });
    expect(readStatement(more)).toMatchObject({ predicateType: 'https://slsa.dev/provenance/v1' });
  });

  it('is refused when it names a property twice', () => {
    const text = JSON.stringify(sample('training'));
    const twice = text.replace(
      '"digest":{"sha256":"d1',
      `"digest":{"sha256":"${'e2'.repeat(32)}"},"digest":{"sha256":"d1`,
    );
    expect(twice).not.toBe(text);
    expect(() => readStatement(Buffer.from(twice))).toThrow(/names "digest" twice/);
  });
});
