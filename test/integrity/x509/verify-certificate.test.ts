import { createHash, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { SignedBundle } from '../../../src/integrity/envelope/bundle.ts';
import { IN_TOTO_PAYLOAD, pae } from '../../../src/integrity/envelope/dsse.ts';
import { signBytes } from '../../../src/integrity/envelope/keys.ts';
import { isSignatureError, type SignatureProblem } from '../../../src/integrity/envelope/signature-error.ts';
import type { Trust } from '../../../src/integrity/trust/trust.ts';
import { type CertificateOptions, verifyCertificate } from '../../../src/integrity/x509/verify-certificate.ts';
import {
  alternativeNames,
  basicConstraints,
  type CertificateParts,
  DAY,
  extendedKeyUsage,
  extension,
  type KeyPair,
  keyPair,
  keyUsage,
  makeCertificate,
  OIDS,
  type SignatureAlgorithm,
  sequence,
  tlv,
} from './make-certificate.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 1500);
const FUZZ_TIMEOUT = 60_000 + RUNS * 20;

type CertificateTrust = Extract<Trust, { kind: 'certificate' }>;
type Authority = { readonly subject: string; readonly key: KeyPair; readonly certificate: X509Certificate };

const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const AUTHORITY = [basicConstraints(true), keyUsage(5, 6)];
const SIGNER = [basicConstraints(false), keyUsage(0), extendedKeyUsage(OIDS.codeSigning)];

const keys = {
  root: keyPair('P-384'),
  intermediate: keyPair('P-256'),
  leaf: keyPair('P-256'),
  other: keyPair('P-256'),
};

let root: Authority;
let intermediate: Authority;
let leaf: X509Certificate;

beforeAll(() => {
  root = authority({ subject: 'root', key: keys.root });
  intermediate = authority({ subject: 'intermediate', key: keys.intermediate, issuer: root });
  leaf = makeCertificate({ subject: 'signer', key: keys.leaf, issuer: intermediate, extensions: SIGNER });
});

function authority(parts: CertificateParts): Authority {
  const notBefore = new Date(Date.now() - 60 * DAY);
  const certificate = makeCertificate({ extensions: AUTHORITY, notBefore, ...parts });
  return { subject: parts.subject, key: parts.key, certificate };
}

function bundleOf(
  chain: readonly X509Certificate[],
  key: KeyPair = keys.leaf,
  payload: Buffer = PAYLOAD,
): SignedBundle {
  return rawBundle(
    chain.map(({ raw }) => raw),
    signBytes(key.privateKey, pae(IN_TOTO_PAYLOAD, PAYLOAD)),
    payload,
  );
}

function rawBundle(chain: readonly Buffer[], signature: Buffer, payload: Buffer = PAYLOAD): SignedBundle {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    material: { kind: 'certificate', chain },
    envelope: { payloadType: IN_TOTO_PAYLOAD, payload, signature },
    json: {},
  };
}

function trustOf(...anchors: X509Certificate[]): CertificateTrust {
  return { kind: 'certificate', anchors, validity: 'issued' };
}

function verify(chain: readonly X509Certificate[], trust = trustOf(root.certificate), options?: CertificateOptions) {
  return verifyCertificate(bundleOf(chain), trust, options);
}

function leafWith(parts: Partial<CertificateParts>): X509Certificate {
  return makeCertificate({ subject: 'signer', key: keys.leaf, issuer: intermediate, extensions: SIGNER, ...parts });
}

function refusal(run: () => unknown): { problem: SignatureProblem; message: string } {
  try {
    run();
  } catch (error) {
    if (isSignatureError(error)) return { problem: error.problem, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

function expectRefused(run: () => unknown, problem: SignatureProblem, why: string | RegExp): void {
  const found = refusal(run);
  expect(found.message).toMatch(why);
  expect(found.problem).toBe(problem);
}

describe('a valid chain', () => {
  test('gives the signer', () => {
    expect(verify([leaf, intermediate.certificate])).toEqual({
      kind: 'certificate',
      subject: 'CN=signer',
      names: [],
      issuer: 'CN=intermediate',
      sha256: createHash('sha256').update(leaf.raw).digest('hex'),
      notAfter: new Date(leaf.validTo).toISOString(),
      expired: false,
    });
  });

  test.each(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-4096'] as const)(
    'verifies with %s keys',
    (kind) => {
      const key = keyPair(kind);
      const ca = authority({ subject: 'ca', key: keyPair(kind) });
      const signer = makeCertificate({ subject: 'signer', key, issuer: ca, extensions: SIGNER });
      expect(verifyCertificate(bundleOf([signer], key), trustOf(ca.certificate)).kind).toBe('certificate');
    },
  );

  test('verifies with an issuer from the trust, and with issuers in any order', () => {
    expect(verify([leaf], trustOf(root.certificate, intermediate.certificate)).kind).toBe('certificate');
    expect(verify([leaf, root.certificate, intermediate.certificate]).kind).toBe('certificate');
    expect(verify([leaf, intermediate.certificate, intermediate.certificate]).kind).toBe('certificate');
  });

  test('verifies for a self-signed leaf that is trusted itself', () => {
    const own = makeCertificate({ subject: 'own', key: keys.leaf, extensions: SIGNER });
    expect(verify([own], trustOf(own)).kind).toBe('certificate');
    const twin = makeCertificate({ subject: 'own', key: keys.leaf, extensions: SIGNER });
    expect(refusal(() => verify([own], trustOf(twin))).problem).toBe('certificate-chain');
  });

  test('verifies when it is signed with RSA-PSS over SHA-256', () => {
    const ca = authority({ subject: 'ca', key: keyPair('RSA-2048') });
    const signer = leafWith({ issuer: ca, algorithm: 'pss-sha256' });
    expect(verify([signer], trustOf(ca.certificate)).kind).toBe('certificate');
  });

  test('verifies through one of two issuers of the same name', () => {
    const imposter = authority({ subject: 'intermediate', key: keys.other, issuer: root });
    expect(verify([leaf, imposter.certificate, intermediate.certificate]).kind).toBe('certificate');
    const otherRoot = authority({ subject: 'root', key: keys.other });
    expect(verify([leaf, intermediate.certificate], trustOf(otherRoot.certificate, root.certificate)).kind).toBe(
      'certificate',
    );
  });

  test('verifies through a cross-signed issuer, whichever root is trusted', () => {
    const second = authority({ subject: 'second root', key: keys.other });
    const crossed = authority({ subject: 'intermediate', key: keys.intermediate, issuer: second });
    const chain = [leaf, intermediate.certificate, crossed.certificate];
    expect(verify(chain, trustOf(root.certificate)).kind).toBe('certificate');
    expect(verify(chain, trustOf(second.certificate)).kind).toBe('certificate');
    expect(verify([leaf, crossed.certificate, intermediate.certificate]).kind).toBe('certificate');
  });

  test('verifies through a renewed certificate of an expired issuer', () => {
    const old = authority({
      subject: 'intermediate',
      key: keys.intermediate,
      issuer: root,
      notBefore: new Date(Date.now() - 90 * DAY),
      notAfter: new Date(Date.now() - 60 * DAY),
    });
    expect(verify([leaf, old.certificate, intermediate.certificate]).kind).toBe('certificate');
  });
});

describe('the identity of the signer', () => {
  const uri = 'https://models.acme.example/release';
  const named = () =>
    leafWith({ extensions: [...SIGNER, alternativeNames({ mail: 'ann@acme.example', dns: 'acme.example', uri })] });
  const by = (identity: string, chain = [named(), intermediate.certificate]) =>
    verify(chain, { ...trustOf(root.certificate), identity });

  test.each(['ann@acme.example', '*@acme.example', 'acme.example', uri, 'https://models.acme.example/*', 'signer'])(
    'matches %s',
    (identity) => {
      expect(by(identity)).toMatchObject({ names: ['ann@acme.example', 'acme.example', uri] });
    },
  );

  test.each([
    'bob@acme.example',
    'ann@acmeXexample',
    'ann@acme',
    'n@acme.example',
    '.*',
    'sign',
    'CN=signer',
    'intermediate',
  ])('does not match %s', (identity) => {
    expectRefused(() => by(identity), 'identity', /the model was signed by .*"ann@acme.example"/);
  });

  test.each([
    ['with the high bit set', '\xe1nn@acme.example'],
    ['with a zero byte', 'ann@acme.example\0.evil.example'],
    ['with a newline', 'ann@acme.example\nevil'],
  ])('is refused when it is a name %s', (_, mail) => {
    const odd = leafWith({ extensions: [...SIGNER, alternativeNames({ mail })] });
    expectRefused(() => by('ann@acme.example', [odd, intermediate.certificate]), 'certificate', 'cannot be read');
  });
});

describe('the validity period', () => {
  const past = { notBefore: new Date(Date.now() - 20 * DAY), notAfter: new Date(Date.now() - 10 * DAY) };
  const expired = () => leafWith(past);
  const now = () => ({ ...trustOf(root.certificate), validity: 'now' as const });

  test('of an expired certificate covers its issue, but not the present', () => {
    expect(verify([expired(), intermediate.certificate])).toMatchObject({ expired: true });
    expectRefused(
      () => verify([expired(), intermediate.certificate], now()),
      'certificate-time',
      '"signer" expired on',
    );
    const before = new Date(Date.now() - 15 * DAY);
    expect(verify([expired(), intermediate.certificate], now(), { now: before })).toMatchObject({ expired: false });
  });

  test('of a certificate is checked for its start', () => {
    const future = leafWith({ notBefore: new Date(Date.now() + DAY) });
    expectRefused(() => verify([future, intermediate.certificate]), 'certificate-time', 'is valid from');
    expectRefused(() => verify([future, intermediate.certificate], now()), 'certificate-time', 'is valid from');
  });

  test('of issuers and roots is checked, too', () => {
    const old = authority({ subject: 'intermediate', key: keys.intermediate, issuer: root, notAfter: past.notBefore });
    expectRefused(() => verify([leafWith(past), old.certificate], now()), 'certificate-time', '"signer" expired');
    expectRefused(() => verify([leaf, old.certificate], now()), 'certificate-time', '"intermediate" expired');
    const oldRoot = authority({ subject: 'root', key: keys.root, notAfter: past.notBefore });
    const trust = { ...now(), anchors: [oldRoot.certificate] };
    expectRefused(() => verify([leaf, intermediate.certificate], trust), 'certificate-time', '"root" expired');
  });
});

describe('a leaf certificate is refused:', () => {
  test.each<[string, readonly Buffer[], RegExp]>([
    ['a certificate of an authority', [basicConstraints(true), keyUsage(0, 5)], /belongs to an authority/],
    ['another key usage', [keyUsage(2), extendedKeyUsage(OIDS.codeSigning)], /not meant for signatures/],
    ['a certificate of a web server', [keyUsage(0), extendedKeyUsage(OIDS.serverAuth)], /not meant for signing code/],
    ['no key usage', [basicConstraints(false)], /does not permit its key to sign/],
    ['no extensions', [], /does not permit its key to sign/],
    ['an unknown critical extension', [...SIGNER, extension('1.2.3.4', Buffer.of(5, 0), true)], /not supported/],
    ['name constraints', [...SIGNER, extension('2.5.29.30', sequence())], /name constraints/],
    ['a repeated extension', [...SIGNER, keyUsage(0)], /cannot be read/],
    ['a key usage that is not a bit string', [extension('2.5.29.15', Buffer.of(5, 0))], /cannot be read/],
  ])('%s', (_, extensions, why) => {
    expectRefused(() => verify([leafWith({ extensions }), intermediate.certificate]), 'certificate', why);
  });

  test.each<[string, readonly Buffer[]]>([
    ['key usage alone', [keyUsage(0)]],
    ['code signing alone', [extendedKeyUsage(OIDS.codeSigning)]],
    ['any purpose', [keyUsage(0), extendedKeyUsage(OIDS.any)]],
    ['an unknown extension that is not critical', [...SIGNER, extension('1.2.3.4', Buffer.of(5, 0))]],
  ])('but one with %s is accepted', (_, extensions) => {
    expect(verify([leafWith({ extensions }), intermediate.certificate]).kind).toBe('certificate');
  });

  test('a short RSA key', () => {
    const key = keyPair('RSA-1024');
    const short = makeCertificate({ subject: 'signer', key, issuer: intermediate, extensions: SIGNER });
    expectRefused(() => verify([short, intermediate.certificate]), 'certificate', 'RSA 1024');
  });

  test('one of version 1', () => {
    expectRefused(() => verify([leafWith({ version: 0, extensions: [] })]), 'certificate', 'cannot be read');
  });

  test.each([
    [
      'PEM',
      (der: Buffer) =>
        Buffer.from(`-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`),
    ],
    ['trailing bytes', (der: Buffer) => Buffer.concat([der, Buffer.of(0)])],
    ['an empty file', () => Buffer.alloc(0)],
    ['a truncated certificate', (der: Buffer) => der.subarray(0, der.length / 2)],
    ['too many bytes', () => Buffer.alloc(40_000, 0x30)],
    ['deep nesting', () => Buffer.concat(Array.from({ length: 8000 }, () => Buffer.of(0x30, 0x80)))],
  ])('%s in place of DER', (_, change) => {
    const signature = signBytes(keys.leaf.privateKey, pae(IN_TOTO_PAYLOAD, PAYLOAD));
    const bundle = rawBundle([change(leaf.raw), intermediate.certificate.raw], signature);
    expect(refusal(() => verifyCertificate(bundle, trustOf(root.certificate))).problem).toBe('certificate');
  });
});

describe('a chain is refused:', () => {
  const through = (extensions: readonly Buffer[]) => {
    const ca = authority({ subject: 'intermediate', key: keys.intermediate, issuer: root, extensions });
    return () => verify([leaf, ca.certificate]);
  };

  test.each<[string, readonly Buffer[], SignatureProblem, RegExp]>([
    ['no authority', SIGNER, 'certificate-chain', /"intermediate" may not sign certificates/],
    [
      'no authority, and no key usage',
      [basicConstraints(false)],
      'certificate-chain',
      /does not belong to an authority/,
    ],
    ['no basic constraints', [keyUsage(5)], 'certificate-chain', /does not belong to an authority/],
    ['no keyCertSign', [basicConstraints(true), keyUsage(0)], 'certificate-chain', /may not sign certificates/],
    ['web servers only', [...AUTHORITY, extendedKeyUsage(OIDS.serverAuth)], 'certificate-chain', /signing code/],
    ['name constraints', [...AUTHORITY, extension('2.5.29.30', sequence(), true)], 'certificate', /name constraints/],
    [
      'an unknown critical extension',
      [...AUTHORITY, extension('1.2.3.4', Buffer.of(5, 0), true)],
      'certificate',
      /not supported/,
    ],
  ])('an issuer with %s', (_, extensions, problem, why) => {
    expectRefused(through(extensions), problem, why);
  });

  test('an exceeded path length, which counts the authorities below', () => {
    const short = authority({ subject: 'root', key: keys.root, extensions: [basicConstraints(true, 0), keyUsage(5)] });
    expectRefused(
      () => verify([leaf, intermediate.certificate], trustOf(short.certificate)),
      'certificate-chain',
      '"root" allows 0 authorities below it, but has 1',
    );
    const enough = authority({ subject: 'root', key: keys.root, extensions: [basicConstraints(true, 1), keyUsage(5)] });
    expect(verify([leaf, intermediate.certificate], trustOf(enough.certificate)).kind).toBe('certificate');
  });

  test('another root, of another name or the same name', () => {
    const other = authority({ subject: 'other root', key: keys.other });
    expectRefused(
      () => verify([leaf, intermediate.certificate], trustOf(other.certificate)),
      'certificate-chain',
      'no path to a trusted root',
    );
    const imposter = authority({ subject: 'root', key: keys.other });
    expectRefused(
      () => verify([leaf, intermediate.certificate], trustOf(imposter.certificate)),
      'certificate-chain',
      '"intermediate" names "root" as its issuer, which did not sign it',
    );
  });

  test('a root that only the bundle contains', () => {
    const own = authority({ subject: 'own', key: keys.other });
    const signer = leafWith({ issuer: own });
    expectRefused(() => verify([signer, own.certificate]), 'certificate-chain', 'no path to a trusted root');
  });

  test('an intermediate as the only trust anchor', () => {
    expectRefused(() => verify([leaf], trustOf(intermediate.certificate)), 'certificate-chain', 'no path');
  });

  test('a leaf that issued another leaf', () => {
    const signer = { subject: 'signer', key: keys.leaf };
    const below = makeCertificate({ subject: 'below', key: keys.other, issuer: signer, extensions: SIGNER });
    const bundle = bundleOf([below, leaf, intermediate.certificate], keys.other);
    expectRefused(() => verifyCertificate(bundle, trustOf(root.certificate)), 'certificate-chain', '"signer" may not');
  });

  test.each<[string, 'P-256' | 'RSA-2048', SignatureAlgorithm]>([
    ['SHA-1 and ECDSA', 'P-256', 'sha1'],
    ['SHA-1 and RSA', 'RSA-2048', 'sha1'],
    ['MD5', 'RSA-2048', 'md5'],
    ['SHA-1 and RSA-PSS', 'RSA-2048', 'pss-sha1'],
  ])('signed with %s', (_, kind, algorithm) => {
    const ca = authority({ subject: 'ca', key: keyPair(kind) });
    const signer = leafWith({ issuer: ca, algorithm });
    expectRefused(() => verify([signer], trustOf(ca.certificate)), 'certificate-chain', 'weak or unknown algorithm');
  });

  test('a root with a short key', () => {
    const ca = authority({ subject: 'ca', key: keyPair('RSA-1024') });
    expectRefused(() => verify([leafWith({ issuer: ca })], trustOf(ca.certificate)), 'certificate', 'RSA 1024');
  });

  test('a cycle', () => {
    const first = { subject: 'first', key: keys.intermediate };
    const second = { subject: 'second', key: keys.other };
    const chain = [
      leafWith({ issuer: first }),
      authority({ ...first, issuer: second }).certificate,
      authority({ ...second, issuer: first }).certificate,
    ];
    expectRefused(() => verify(chain), 'certificate-chain', 'no path to a trusted root');
  });

  test('a path of more than eight certificates', () => {
    const chain: X509Certificate[] = [];
    let above: Authority = root;
    for (let depth = 0; depth < 8; depth++) {
      above = authority({ subject: `ca ${depth}`, key: keys.other, issuer: above });
      chain.unshift(above.certificate);
    }
    expectRefused(() => verify([leafWith({ issuer: above }), ...chain]), 'certificate-chain', 'more than 8');
  });

  test('a hundred certificates', () => {
    const many = Array.from({ length: 100 }, () => intermediate.certificate);
    expectRefused(() => verify([leaf, ...many]), 'certificate', '101 certificates');
  });

  test('many issuers of the same name, at a bounded cost', () => {
    const self = { subject: 'tangle', key: keys.other };
    const tangle = Array.from({ length: 15 }, () => authority({ ...self, issuer: self }).certificate);
    const chain = [leafWith({ issuer: self }), ...tangle];
    const verified = vi.spyOn(X509Certificate.prototype, 'verify');
    try {
      expectRefused(() => verify(chain), 'certificate-chain', /no path .* in 200 steps/);
      expect(verified.mock.calls.length).toBeGreaterThan(0);
      expect(verified.mock.calls.length).toBeLessThanOrEqual(200);
    } finally {
      verified.mockRestore();
    }
  });
});

describe('the signature of a bundle', () => {
  test('must cover the payload', () => {
    const changed = bundleOf([leaf, intermediate.certificate], keys.leaf, Buffer.from('{}'));
    expectRefused(() => verifyCertificate(changed, trustOf(root.certificate)), 'signature', 'is not valid');
  });

  test('must be of the key of the leaf', () => {
    const other = bundleOf([leaf, intermediate.certificate], keys.other);
    expectRefused(() => verifyCertificate(other, trustOf(root.certificate)), 'signature', 'is not valid');
  });

  test('must come with a certificate', () => {
    const bare: SignedBundle = { ...bundleOf([leaf]), material: { kind: 'key' } };
    expectRefused(() => verifyCertificate(bare, trustOf(root.certificate)), 'method', 'not signed with a certificate');
    const none: SignedBundle = { ...bundleOf([leaf]), material: { kind: 'certificate', chain: [] } };
    expectRefused(() => verifyCertificate(none, trustOf(root.certificate)), 'certificate', 'has no certificate');
  });
});

describe('a changed certificate', () => {
  test.each(['leaf', 'intermediate'] as const)(
    'with any changed byte of the %s does not verify',
    (which) => {
      const signature = signBytes(keys.leaf.privateKey, pae(IN_TOTO_PAYLOAD, PAYLOAD));
      const originals = [leaf.raw, intermediate.certificate.raw];
      const at = which === 'leaf' ? 0 : 1;
      const length = originals[at]?.length ?? 0;
      const edit = fc.record({ at: fc.nat(length - 1), xor: fc.integer({ min: 1, max: 255 }) });
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
          const chain = originals.map((der) => Buffer.from(der));
          const target = chain[at] ?? Buffer.alloc(0);
          for (const { at: offset, xor } of edits) target[offset] = (target[offset] ?? 0) ^ xor;
          fc.pre(!target.equals(originals[at] ?? Buffer.alloc(0)));
          const bundle = rawBundle(chain, signature);
          expect(refusal(() => verifyCertificate(bundle, trustOf(root.certificate))).problem).toMatch(
            /^(certificate|signature)/,
          );
        }),
        { numRuns: RUNS },
      );
    },
    FUZZ_TIMEOUT,
  );

  test(
    'with any bytes throws only its own error',
    () => {
      const signature = signBytes(keys.leaf.privateKey, pae(IN_TOTO_PAYLOAD, PAYLOAD));
      const piece = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constant(new Uint8Array(leaf.raw)));
      const wrapped = piece.map((bytes) => tlv(0x30, Buffer.from(bytes)));
      fc.assert(
        fc.property(fc.array(fc.oneof(piece.map(Buffer.from), wrapped), { maxLength: 4 }), (chain) => {
          const bundle = rawBundle(chain, signature);
          expect(refusal(() => verifyCertificate(bundle, trustOf(root.certificate))).problem).toBeTruthy();
        }),
        { numRuns: RUNS },
      );
    },
    FUZZ_TIMEOUT,
  );
});
