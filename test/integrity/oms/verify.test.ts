import { createPublicKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBundle } from '../../../src/integrity/envelope/bundle.ts';
import { legacyPae } from '../../../src/integrity/envelope/legacy-pae.ts';
import { verifyBundle } from '../../../src/integrity/oms/verify.ts';
import { bundledRoot } from '../../../src/integrity/sigstore/trusted-root.ts';
import type { Trust } from '../../../src/integrity/trust/trust.ts';
import { ROOT } from '../../cli/run-cli.ts';
import {
  bundleOf,
  bytesOf,
  IN_TOTO,
  keyPair,
  problemOf,
  resource,
  sha256,
  signingKey,
  statement,
  trustedKey,
} from './signed.ts';

const KEYS: readonly [string, KeyObject][] = [
  ['P-256', keyPair('P-256').privateKey],
  ['P-384', keyPair('P-384').privateKey],
  ['P-521', keyPair('P-521').privateKey],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
];
const trustOf = (key: KeyObject): Trust => ({ kind: 'key', key: key.type === 'private' ? createPublicKey(key) : key });
const verify = (json: unknown, trust = trustOf(trustedKey)) =>
  verifyBundle(readBundle(bytesOf(json), 'model.sig'), trust);
const withPublicKey = (publicKey: object) => ({ ...bundleOf(), verificationMaterial: { publicKey } });

describe.each(KEYS)('a bundle of a %s key', (kind, key) => {
  test('verifies with this key alone', async () => {
    const { signer, manifest } = await verify(bundleOf(statement(), key), trustOf(key));
    expect(signer).toMatchObject({ kind: 'key', keyType: kind, keyHint: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(manifest.resources.map(({ path }) => path)).toEqual(['config.json', 'weights/model.bin']);
    for (const [, other] of KEYS.filter(([name]) => name !== kind)) {
      const bundle = bundleOf(statement(), key);
      expect(await problemOf(() => verify(bundle, trustOf(other)))).toMatchObject({ problem: 'key' });
      const unnamed = { ...bundle, verificationMaterial: { publicKey: {} } };
      expect(await problemOf(() => verify(unnamed, trustOf(other)))).toMatchObject({ problem: 'signature' });
    }
  });
});

describe('the key hint in a bundle', () => {
  const pem = String(trustedKey.export({ type: 'spki', format: 'pem' }));
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  test('can be absent', async () => {
    expect((await verify(withPublicKey({}))).signer.kind).toBe('key');
  });

  test('can be the whole key', async () => {
    expect((await verify(withPublicKey({ rawBytes: base64(pem) }))).signer.kind).toBe('key');
  });

  test.each([
    [
      'another hint',
      { hint: sha256('another') },
      'key',
      /signed with another key: the signature names [0-9a-f]{16}\.\.\./,
    ],
    ['a hint in another format', { hint: 'my key' }, 'key', /names "my key"/],
    ['another key', { rawBytes: base64(otherPem()) }, 'key', /not signed with the given key/],
    ['an invalid key', { rawBytes: base64('hello') }, 'bundle', /that the bundle holds cannot be read/],
  ])('is refused when it is %s', async (_, publicKey, problem, message) => {
    const refused = await problemOf(() => verify(withPublicKey(publicKey)));
    expect(refused.problem).toBe(problem);
    expect(refused.message).toMatch(message);
  });

  function otherPem(): string {
    return String(keyPair('P-256').publicKey.export({ type: 'spki', format: 'pem' }));
  }
});

describe('a model is refused when it was signed', () => {
  const root = new X509Certificate(readFileSync(join(ROOT, 'fixtures/signatures/trust/root-ec.pem')));
  const material = {
    key: { publicKey: {} },
    certificate: { x509CertificateChain: { certificates: [{ rawBytes: root.raw.toString('base64') }] } },
    keyless: { certificate: { rawBytes: root.raw.toString('base64') } },
  };
  const trusts: Record<Trust['kind'], () => Promise<Trust>> = {
    key: async () => trustOf(trustedKey),
    certificate: async () => ({ kind: 'certificate', anchors: [root], validity: 'issued' }),
    keyless: async () => ({ kind: 'keyless', root: await bundledRoot(), identity: { identity: 'a@b', issuer: 'c' } }),
  };

  test.each([
    ['key', 'certificate', 'signed with a key, which --certificate-chain cannot verify: give --public-key'],
    ['key', 'keyless', 'signed with a key, which --identity and --issuer cannot verify: give --public-key'],
    ['certificate', 'key', 'signed with a certificate, which --public-key cannot verify: give --certificate-chain'],
    ['certificate', 'keyless', 'which --identity and --issuer cannot verify: give --certificate-chain'],
    ['keyless', 'key', 'keyless, through Sigstore, which --public-key cannot verify: give --identity and --issuer'],
    ['keyless', 'certificate', 'which --certificate-chain cannot verify: give --identity and --issuer'],
  ] as const)('with %s, but the trust is for %s', async (signed, trusted, message) => {
    const bundle = { ...bundleOf(), verificationMaterial: material[signed] };
    const refused = await problemOf(async () => verify(bundle, await trusts[trusted]()));
    expect(refused.problem).toBe('method');
    expect(refused.message).toContain(message);
  });
});

describe('a bundle of release 0.2', () => {
  const old = JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'it\'s \\ a "name"\t\u00e9', digest: { sha256: sha256('a') } }],
    predicateType: 'https://model_signing/Digests/v0.1',
  });
  const signedOldWay = (payload: string, key: KeyObject, hash = 'sha256') => {
    const bundle = bundleOf(payload, key);
    const sig = sign(hash, legacyPae(IN_TOTO, Buffer.from(payload)), key).toString('base64');
    return { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, signatures: [{ sig }] } };
  };

  test('signs the bytes as Python prints them', () => {
    const payload = (bytes: string) => legacyPae('t', Buffer.from(bytes, 'latin1')).toString('latin1');
    // python3 -c "print(bytes([...]))"
    expect(payload('a\tb\n\r\\\0\x7f\xe9')).toBe("DSSEV1 1 t 9 b'a\\tb\\n\\r\\\\\\x00\\x7f\\xe9'");
    expect(payload("it's")).toBe('DSSEV1 1 t 4 b"it\'s"');
    expect(payload('say "hi"')).toBe('DSSEV1 1 t 8 b\'say "hi"\'');
    expect(payload('it\'s "both"')).toBe("DSSEV1 1 t 11 b'it\\'s \"both\"'");
  });

  test.each(KEYS.filter(([kind]) => kind !== 'Ed25519'))('verifies with a %s key and SHA-256', async (_, key) => {
    expect((await verify(signedOldWay(old, key), trustOf(key))).manifest.version).toBe('v0.2');
  });

  test('can be signed with standard DSSE', async () => {
    expect((await verify(bundleOf(old))).manifest.version).toBe('v0.2');
  });

  test.each([
    ['a statement of v1.0', statement(), 'sha256'],
    [
      'a statement of v1.0 that mentions 0.2',
      statement({ resources: [resource('https://model_signing/Digests/v0.1', 'a')] }),
      'sha256',
    ],
    ['a statement of 0.2 with the hash of the curve', old, 'sha384'],
  ])('is refused for %s with the old encoding', async (_, payload, hash) => {
    const key = KEYS.find(([kind]) => kind === 'P-384')?.[1] ?? signingKey;
    const refused = await problemOf(() => verify(signedOldWay(payload, key, hash), trustOf(key)));
    expect(refused.problem).toBe('signature');
  });
});

test('the signature is verified before the payload is read', async () => {
  const nonsense = bundleOf('not a statement');
  expect(await problemOf(() => verify(nonsense))).toMatchObject({ problem: 'statement' });
  const forged = {
    ...nonsense,
    dsseEnvelope: { ...nonsense.dsseEnvelope, payload: Buffer.from('[').toString('base64') },
  };
  expect(await problemOf(() => verify(forged))).toMatchObject({ problem: 'signature' });
});
