import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { signStatement } from '../../../src/integrity/attestations/sign-statement.ts';
import { verifyAttestation } from '../../../src/integrity/attestations/verify-attestation.ts';
import { waiverOf } from '../../../src/integrity/attestations/waiver.ts';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';
import type { SignerRole } from '../../../src/integrity/trust-file/document.ts';
import { bytesOf, type KINDS, NOW, sample, TREE } from './samples.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const may = new Set<SignerRole>(['scan', 'waiver']);
const trust = {
  path: 't',
  rules: [{ name: 'us', trust: { kind: 'key', key: publicKey } as const, may }],
  warnings: [],
};

async function verified(kind: (typeof KINDS)[number]) {
  const bundle = await signStatement(sample(kind), keySigner(privateKey));
  return verifyAttestation(readBundle(bytesOf(bundle), 'a.json'), trust, { now: NOW });
}

it('a verified waiver attestation becomes a policy waiver for the tree digest', async () => {
  expect(waiverOf(await verified('waiver'))).toEqual({
    rule: 'pickle.global.unlisted',
    digest: TREE,
    file: 'tokenizer/vocab.pkl',
    reason: 'our own tokenizer, reviewed in SEC-12 “ja”',
    owner: 'ml-platform@acme.example',
    expires: '2099-01-31T00:00:00Z',
    from: 'attestation by us',
  });
});

it('another attestation waives nothing', async () => {
  expect(waiverOf(await verified('scan'))).toBeUndefined();
});
