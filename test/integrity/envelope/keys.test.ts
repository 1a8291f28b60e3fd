import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import {
  isStrongRsa,
  keyHint,
  kindOf,
  readPrivateKey,
  readPublicKey,
  signBytes,
  spkiOf,
  verifyBytes,
} from '../../../src/integrity/envelope/keys.ts';
import { isSignatureError } from '../../../src/integrity/envelope/signature-error.ts';

const DATA = Buffer.from('what is signed');
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const pairs = {
  'P-256': ec('P-256'),
  'P-384': ec('P-384'),
  'P-521': ec('P-521'),
  Ed25519: generateKeyPairSync('ed25519'),
};
const HASHES = { 'P-256': 'sha256', 'P-384': 'sha384', 'P-521': 'sha512', Ed25519: null };
const publicPem = (key: KeyObject) => String(key.export({ type: 'spki', format: 'pem' }));
const privatePem = (key: KeyObject) => String(key.export({ type: 'pkcs8', format: 'pem' }));

describe.each(Object.entries(pairs))('a key of kind %s', (kind, { publicKey, privateKey }) => {
  test('is parsed from PEM with its kind', () => {
    const read = readPublicKey(publicPem(publicKey), 'key.pub');
    expect(read.equals(publicKey)).toBe(true);
    expect(kindOf(read)).toBe(kind);
    expect(readPrivateKey(privatePem(privateKey), 'key.pem').equals(privateKey)).toBe(true);
  });

  test('verifies its own signature and no other', () => {
    const signature = signBytes(privateKey, DATA);
    expect(verifyBytes(publicKey, DATA, signature)).toBe(true);
    expect(verifyBytes(publicKey, Buffer.concat([DATA, DATA]), signature)).toBe(false);
    expect(verifyBytes(publicKey, DATA, signature.subarray(1))).toBe(false);
    expect(verifyBytes(publicKey, DATA, Buffer.alloc(0))).toBe(false);
  });

  test('uses the hash of its curve', () => {
    const hash = Object.entries(HASHES).find(([name]) => name === kind)?.[1] ?? null;
    expect(verifyBytes(publicKey, DATA, sign(hash, DATA, privateKey))).toBe(true);
  });

  test('has a hint that is the SHA-256 of its PEM', () => {
    expect(keyHint(publicKey)).toBe(createHash('sha256').update(publicPem(publicKey)).digest('hex'));
    expect(spkiOf(publicKey)).toEqual(publicKey.export({ type: 'spki', format: 'der' }));
  });
});

test('an old signature of a P-384 key is verified with the hash that it was made with', () => {
  const { publicKey, privateKey } = pairs['P-384'];
  const old = sign('sha256', DATA, privateKey);
  expect(verifyBytes(publicKey, DATA, old)).toBe(false);
  expect(verifyBytes(publicKey, DATA, old, 'sha256')).toBe(true);
});

test('an encrypted private key needs its passphrase', () => {
  const { privateKey } = pairs['P-256'];
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' }));
  expect(readPrivateKey(pem, 'key.pem', 'right').equals(privateKey)).toBe(true);
  expect(() => readPrivateKey(pem, 'key.pem')).toThrow(/is encrypted/);
  expect(() => readPrivateKey(pem, 'key.pem', 'wrong')).toThrow(/not an encrypted private key that can be read/);
});

describe('a key is refused:', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  test.each([
    ['a private key', privatePem(pairs['P-256'].privateKey), /is a private key/],
    ['text', 'hello', /is not a public key that can be read/],
    ['an empty file', '', /is not a public key that can be read/],
    ['RSA', publicPem(rsa.publicKey), /unsupported kind \(RSA 2048\)/],
    ['another curve', publicPem(ec('secp256k1').publicKey), /unsupported kind \(EC secp256k1\)/],
    ['X25519', publicPem(generateKeyPairSync('x25519').publicKey), /unsupported kind \(x25519\)/],
    ['a truncated key', publicPem(pairs['P-256'].publicKey).slice(0, 80), /is not a public key that can be read/],
  ])('%s', (_, pem, message) => {
    const error = thrown(() => readPublicKey(pem, 'key.pub'));
    expect(isAssayError(error) && [error.code, error.subject]).toEqual(['usage', 'key.pub']);
    expect(String(error)).toMatch(message);
  });

  test('an unsupported key that would sign or verify', () => {
    const other = ec('secp256k1');
    const error = thrown(() => signBytes(other.privateKey, DATA));
    expect(isSignatureError(error) && error.problem).toBe('key');
    expect(thrown(() => verifyBytes(other.publicKey, DATA, DATA))).toMatchObject({ problem: 'key' });
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    expect(thrown(() => verifyBytes(weak.publicKey, DATA, DATA))).toMatchObject({ problem: 'key' });
  });
});

test('any text is parsed as a key or gives a usage error', () => {
  const good = publicPem(pairs['P-384'].publicKey);
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .tuple(fc.nat(good.length), fc.string({ maxLength: 3 }))
      .map(([at, text]) => good.slice(0, at) + text + good.slice(at + 1)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const read of [readPublicKey, readPrivateKey]) {
        const error = thrown(() => read(text, 'key.pem'));
        expect(error === undefined || (isAssayError(error) && error.code === 'usage')).toBe(true);
      }
    }),
  );
});

test('any bytes are parsed as a signature or not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const { publicKey } of Object.values(pairs)) expect(verifyBytes(publicKey, DATA, bytes)).toBe(false);
    }),
  );
});

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a key for which anybody can sign is refused:', () => {
  const ed25519 = (hex: string) =>
    createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(hex, 'hex')]),
      format: 'der',
      type: 'spki',
    });

  test.each(['', '80'])('a point of small order of Ed25519, %s', (sign) => {
    const point = `01${'00'.repeat(30)}${sign || '00'}`;
    const key = ed25519(point);
    // Some versions of OpenSSL verify one signature for every text under it.
    expect(() => readPublicKey(publicPem(key), 'key.pub')).toThrow('unsupported kind (Ed25519 of small order)');
  });

  test('RSA with the exponent 1', () => {
    const key = createPublicKey({
      key: { kty: 'RSA', n: Buffer.alloc(256, 0xcf).toString('base64url'), e: 'AQ' },
      format: 'jwk',
    });
    expect(isStrongRsa(key)).toBe(false);
    expect(isStrongRsa(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)).toBe(true);
    expect(kindOf(key)).toBe('RSA 2048 with the exponent 1');
    expect(() => verifyBytes(key, DATA, Buffer.alloc(256))).toThrow('exponent 1');
  });
});
