import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyBytes } from '../../../../src/integrity/envelope/keys.ts';
import { derSignature, ecPublicKey } from '../../../../src/integrity/sign/pkcs11/ec-encoding.ts';

const CURVES = [
  ['P-256', 'sha256', '06082a8648ce3d030107', 65],
  ['P-384', 'sha384', '06052b81040022', 97],
  ['P-521', 'sha512', '06052b81040023', 133],
] as const;

describe.each(CURVES)('the token encoding of %s', (namedCurve, hash, params, length) => {
  it('of a public key is parsed, with a wrapped or a bare point', () => {
    for (let round = 0; round < 50; round++) {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve });
      const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-length);
      const header = length < 128 ? [4, length] : [4, 0x81, length];
      for (const given of [point, Buffer.concat([Buffer.from(header), point])]) {
        expect(ecPublicKey(Buffer.from(params, 'hex'), given).equals(publicKey)).toBe(true);
      }
    }
  });

  it('of a signature is parsed as two numbers, also with leading zeros', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
    // One number in 256 begins with a zero byte.
    for (let round = 0; round < 300; round++) {
      const data = Buffer.from(`${round}`);
      const raw = sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      expect(verifyBytes(publicKey, data, derSignature(raw))).toBe(true);
    }
  });

  it('of other bytes is refused', () => {
    for (const point of [Buffer.alloc(0), Buffer.alloc(length), Buffer.alloc(length + 2), Buffer.alloc(300)]) {
      expect(() => ecPublicKey(Buffer.from(params, 'hex'), point)).toThrow();
    }
  });
});
