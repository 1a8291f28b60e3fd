import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { IN_TOTO_PAYLOAD, pae } from '../../../src/integrity/envelope/dsse.ts';
import { keyHint } from '../../../src/integrity/envelope/keys.ts';
import { keySigner } from '../../../src/integrity/sign/key-signer.ts';

function pairOf(kind: string): { privateKey: KeyObject; publicKey: KeyObject } {
  return kind === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: kind });
}

describe('a signature with a key', () => {
  it.each([
    ['P-256', 'sha256'],
    ['P-384', 'sha384'],
    ['P-521', 'sha512'],
    ['Ed25519', null],
  ])('of %s covers the DSSE encoding of the payload with the hash of the curve', async (kind, hash) => {
    const { privateKey, publicKey } = pairOf(kind);
    const payload = Buffer.from('{"_type": "é"}');
    const bundle = await keySigner(privateKey).sign(IN_TOTO_PAYLOAD, payload);
    expect(bundle).toEqual({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { publicKey: { hint: keyHint(publicKey) }, tlogEntries: [] },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: 'application/vnd.in-toto+json',
        signatures: [{ sig: expect.any(String), keyid: '' }],
      },
    });
    const { sig } = Object(bundle).dsseEnvelope.signatures[0];
    const signature = Buffer.from(String(sig), 'base64');
    expect(verify(hash, pae(IN_TOTO_PAYLOAD, payload), publicKey, signature)).toBe(true);
    expect(verify(hash, pae(IN_TOTO_PAYLOAD, Buffer.from('{}')), publicKey, signature)).toBe(false);
  });

  it.each([
    ['RSA 2048', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['EC secp256k1', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey],
    ['ed448', () => generateKeyPairSync('ed448').privateKey],
  ])('of %s is refused by name', (name, make) => {
    expect(() => keySigner(make(), 'key.pem')).toThrow(
      expect.objectContaining({
        code: 'usage',
        subject: 'key.pem',
        message: expect.stringMatching(new RegExp(`^an? ${name} key cannot sign models$`)),
      }),
    );
  });
});
