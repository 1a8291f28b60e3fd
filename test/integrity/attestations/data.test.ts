import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { attestedDataOf } from '../../../src/integrity/attestations/data.ts';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { verifyAttestation } from '../../../src/integrity/attestations/verify-attestation.ts';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import { readStatement } from '../../../src/integrity/statements/read.ts';
import type { SignerRole } from '../../../src/integrity/trust-file/document.ts';
import type { TrustFile } from '../../../src/integrity/trust-file/trust-file.ts';
import { bytesOf, NOW, sample } from './samples.ts';

const checker = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

function trusting(may: readonly SignerRole[] = ['data']): TrustFile {
  return {
    path: 't',
    rules: [{ name: 'checker', trust: { kind: 'key', key: checker.publicKey }, may: new Set(may) }],
    warnings: [],
  };
}

async function verify(trust = trusting()) {
  const bundle = await signStatement(sample('data'), keySigner(checker.privateKey));
  return verifyAttestation(readBundle(bytesOf(bundle), 't'), trust, { kind: 'data', now: NOW });
}

/** The statement with other content, read again. */
function read(change: (predicate: Record<string, unknown>) => void) {
  const statement = JSON.parse(JSON.stringify(sample('data')));
  change(statement.predicate);
  return () => readStatement(Buffer.from(JSON.stringify(statement)));
}

describe('the attestation of checks of training data', () => {
  it('says what was checked, beside what, and which profile the data has', async () => {
    const verified = await verify();
    expect(attestedDataOf(verified)).toEqual({
      signer: 'checker',
      status: 'fail',
      rows: 4,
      baseline: { sha256: `sha256:${'d2'.repeat(32)}`, rows: 3 },
      profile: 'd3'.repeat(32),
      at: '2026-11-25T12:00:00Z',
    });
    expect(verified.statement.subject).toEqual([{ name: 'train.csv', digest: { sha256: 'd1'.repeat(32) } }]);
  });

  it('holds no row of the data, no reason that quotes one, and no place of this machine', () => {
    const text = JSON.stringify(sample('data'));
    expect(text).not.toMatch(/secret|spam|\/home/);
  });

  it('is refused for a signer who may sign anything else', async () => {
    const others = ['scan', 'tests', 'training', 'approval', 'waiver', 'decision', 'model-signature'] as const;
    await expect(verify(trusting(others))).rejects.toMatchObject({
      problem: 'untrusted',
      message: expect.stringContaining('may not sign checks of data'),
    });
  });

  it.each<[string, (predicate: Record<string, unknown>) => void, RegExp]>([
    ['a status that its checks do not give', (one) => Object.assign(one, { status: 'pass' }), /contradicts its checks/],
    ['no checks', (one) => Object.assign(one, { checks: [] }), /has no checks/],
    [
      'a check that is named twice',
      (one) => Object.assign(one, { checks: [...(one.checks as unknown[]), ...(one.checks as unknown[])] }),
      /names a check twice/,
    ],
    ['a profile that is not a digest', (one) => Object.assign(one, { profile: { sha256: 'x' } }), /SHA-256 digest/],
    ['what it does not name', (one) => Object.assign(one, { approved: true }), /approved/],
  ])('is not read with %s', (_, change, message) => {
    expect(read(change)).toThrow(message);
  });
});
