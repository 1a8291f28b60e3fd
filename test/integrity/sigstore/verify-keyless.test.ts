import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyKeyless } from '../../../src/integrity/sigstore/verify-keyless.ts';
import {
  type SigstoreServices,
  startSigstoreServices,
  TEST_IDENTITY,
  TEST_ISSUER,
  type TrustedRootJson,
} from '../../support/sigstore-services.ts';
import {
  type BundleJson,
  changed,
  expectRefused,
  flipped,
  type KeylessTrust,
  PAYLOAD,
  readJson,
  signKeyless,
  trustOf,
  verifyJson,
  type WitnessKind,
} from './keyless.ts';

let services: SigstoreServices;
let others: SigstoreServices;
let late: SigstoreServices;
let trust: KeylessTrust;
let v1: BundleJson;
let v2: BundleJson;
/** A time before any signature of this test. */
let before: string;

beforeAll(async () => {
  before = new Date(Date.now() - 5_000).toISOString();
  services = await startSigstoreServices();
  others = await startSigstoreServices();
  late = await startSigstoreServices({ fulcioClock: new Date(Date.now() - 60 * 60 * 1000) });
  trust = trustOf(services.trustedRoot);
  v1 = await signKeyless(services, ['rekor1']);
  v2 = await signKeyless(services, ['rekor2', 'tsa']);
});
afterAll(() => Promise.all([services.close(), others.close(), late.close()]));

describe('a bundle with', () => {
  const kinds: WitnessKind[][] = [
    ['rekor1'],
    ['rekor1-intoto'],
    ['rekor1', 'tsa'],
    ['rekor2', 'tsa'],
    ['rekor1', 'rekor2'],
    ['rekor1', 'rekor2', 'tsa'],
  ];
  test.each(kinds)('%s %s %s verifies', async (...witnesses) => {
    const begun = Date.now();
    const bundle = await signKeyless(services, witnesses.filter(Boolean));
    const ended = Date.now();
    const signer = verifyJson(bundle, trust);
    expect(signer).toMatchObject({ kind: 'sigstore', identity: TEST_IDENTITY, issuer: TEST_ISSUER });
    const signedAt = signer.kind === 'sigstore' ? Date.parse(signer.signedAt) : 0;
    // A log has a resolution of one second.
    expect(signedAt).toBeGreaterThan(begun - 1_000);
    expect(signedAt).toBeLessThanOrEqual(ended);
  });

  test('version 0.1 and the certificate in a chain verifies', () => {
    const old = changed(v1, ({ verificationMaterial: material }) => {
      material.x509CertificateChain = {
        certificates: material.certificate === undefined ? [] : [material.certificate],
      };
      delete material.certificate;
    });
    old.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
    expect(verifyJson(old, trust)).toMatchObject({ identity: TEST_IDENTITY });
  });
});

describe('the identity of the signer', () => {
  const as = (identity: string, issuer = TEST_ISSUER) =>
    verifyJson(v1, trustOf(services.trustedRoot, identity, issuer));

  test.each([
    'https://github.com/acme/models/.github/workflows/*@refs/heads/main',
    'https://github.com/acme/**',
    'https://github.com/acme/*/.github/workflows/release.yml@refs/**',
  ])('matches %s', (pattern) => {
    expect(as(pattern)).toMatchObject({ identity: TEST_IDENTITY });
  });

  test.each([
    ['another identity', TEST_IDENTITY.replace('acme', 'evil')],
    ['a prefix', 'https://github.com/acme/models/'],
    ['a suffix', '/.github/workflows/release.yml@refs/heads/main'],
    ['a longer identity', `${TEST_IDENTITY}2`],
    ['another character for a dot', TEST_IDENTITY.replace('github.com', 'githubXcom')],
    ['a regular expression', '.*'],
    ['an anchored regular expression', `^${TEST_IDENTITY}$`],
    ['an alternation', `${TEST_IDENTITY}|x`],
    ['another letter case', TEST_IDENTITY.toUpperCase()],
    ['a trailing newline', `${TEST_IDENTITY}\n`],
    ['a star across a slash', 'https://github.com/acme/*'],
    ['an empty text', ''],
  ])('does not match %s', (_, identity) => {
    expectRefused(() => as(identity), 'identity', /^the signer is /);
  });

  test('does not match another issuer or a part of the issuer', () => {
    for (const issuer of ['https://accounts.google.com', 'https://token.actions', `${TEST_ISSUER}/evil`, '.*', '']) {
      expectRefused(() => as(TEST_IDENTITY, issuer), 'identity', 'issued the identity of the signer, not "');
    }
  });

  test('does not match when it only contains the trusted identity', async () => {
    const names = [`${TEST_IDENTITY}\n`, `evil ${TEST_IDENTITY}`, `${TEST_IDENTITY}.evil`, 'https://githubXcom/acme/x'];
    for (const sub of names.slice(1)) {
      const bundle = await signKeyless(services, ['rekor1'], { sub });
      expectRefused(() => verifyJson(bundle, trust), 'identity', /^the signer is /);
    }
    const lines = await signKeyless(services, ['rekor1'], { sub: names[0] });
    expectRefused(() => verifyJson(lines, trust), 'certificate', 'cannot be read');
  });
});

describe('a bundle is refused by a trusted root', () => {
  const withRoot = (part: Partial<TrustedRootJson>) => trustOf({ ...services.trustedRoot, ...part });

  test('with another authority', () => {
    const { certificateAuthorities } = others.trustedRoot;
    expectRefused(
      () => verifyJson(v1, withRoot({ certificateAuthorities })),
      'certificate-chain',
      'no authority of the trusted root issued',
    );
  });

  test('with another certificate log', () => {
    const { ctlogs } = others.trustedRoot;
    expectRefused(() => verifyJson(v1, withRoot({ ctlogs })), 'certificate-chain', 'no trusted certificate log');
  });

  test('with another transparency log', () => {
    const { tlogs } = others.trustedRoot;
    expectRefused(() => verifyJson(v1, withRoot({ tlogs })), 'log-entry', 'a log that is not trusted');
    expectRefused(() => verifyJson(v2, withRoot({ tlogs })), 'log-entry', 'a log that is not trusted');
  });

  test('with the key of another log under the same name', () => {
    const tlogs = services.trustedRoot.tlogs.map((log, at) => {
      const other = others.trustedRoot.tlogs[at];
      return { ...log, publicKey: other?.publicKey ?? log.publicKey };
    });
    expectRefused(() => verifyJson(v1, withRoot({ tlogs })), 'log-entry', 'does not prove');
    expectRefused(() => verifyJson(v2, withRoot({ tlogs })), 'log-entry', 'does not prove');
  });

  test('with another timestamp authority, or none', () => {
    const { timestampAuthorities } = others.trustedRoot;
    expectRefused(() => verifyJson(v2, withRoot({ timestampAuthorities })), 'timestamp', 'is not valid');
    expectRefused(() => verifyJson(v2, withRoot({ timestampAuthorities: [] })), 'timestamp', 'is not valid');
  });

  test('with logs that ended before', () => {
    const tlogs = services.trustedRoot.tlogs.map((log) => {
      const { publicKey } = log;
      return { ...log, publicKey: { ...publicKey, validFor: { ...publicKey.validFor, end: before } } };
    });
    expectRefused(() => verifyJson(v1, withRoot({ tlogs })), 'log-entry', 'does not prove');
    expectRefused(() => verifyJson(v2, withRoot({ tlogs })), 'log-entry', 'does not prove');
  });

  test('with an authority that ended before', () => {
    const certificateAuthorities = services.trustedRoot.certificateAuthorities.map((authority) => ({
      ...authority,
      validFor: { ...authority.validFor, end: before },
    }));
    expectRefused(
      () => verifyJson(v1, withRoot({ certificateAuthorities })),
      'certificate-chain',
      'no authority of the trusted root issued',
    );
  });

  test('for a certificate that had expired when it was used', async () => {
    const expired = await signKeyless(late, ['rekor1']);
    expectRefused(
      () => verifyJson(expired, trustOf(late.trustedRoot)),
      'certificate-time',
      'but the signature was made at',
    );
    const stamped = await signKeyless(late, ['rekor2', 'tsa']);
    expectRefused(
      () => verifyJson(stamped, trustOf(late.trustedRoot)),
      'certificate-time',
      'but the signature was made at',
    );
  });
});

describe('an envelope is refused', () => {
  test('with another payload', () => {
    const other = changed(v1, ({ dsseEnvelope }) => {
      dsseEnvelope.payload = Buffer.from(PAYLOAD.toString().replace('[]', '{}')).toString('base64');
    });
    expectRefused(() => verifyJson(other, trust), 'signature', 'this key did not make the signature');
  });

  test('with another signature', () => {
    const other = changed(v1, ({ dsseEnvelope }) => {
      dsseEnvelope.signatures = dsseEnvelope.signatures.map(({ sig }) => ({ sig: flipped(sig, -1) }));
    });
    expectRefused(() => verifyJson(other, trust), 'signature', 'this key did not make the signature');
  });

  test('that readers parse in two ways', () => {
    const signed = readJson(v1);
    const twice = { ...signed, envelope: { ...signed.envelope, payload: Buffer.from('{}') } };
    expectRefused(() => verifyKeyless(twice, trust), 'bundle', 'in two ways');
  });

  test('with a bare key', () => {
    const bare = { ...readJson(v1), material: { kind: 'key' } } as const;
    expectRefused(() => verifyKeyless(bare, trust), 'method', 'not made through Sigstore');
  });
});

describe('a certificate is refused', () => {
  const withCertificate = (bundle: BundleJson, rawBytes: string) =>
    changed(bundle, ({ verificationMaterial }) => {
      verificationMaterial.certificate = { rawBytes };
    });

  test('with a changed name', () => {
    const der = Buffer.from(v1.verificationMaterial.certificate?.rawBytes ?? '', 'base64');
    der[der.indexOf('acme')] = 'e'.charCodeAt(0);
    const other = withCertificate(v1, der.toString('base64'));
    expectRefused(() => verifyJson(other, trust), 'certificate-chain', 'no authority of the trusted root issued');
  });

  test('with a changed signature', () => {
    const other = withCertificate(v1, flipped(v1.verificationMaterial.certificate?.rawBytes ?? '', -1));
    expectRefused(() => verifyJson(other, trust), 'certificate-chain', 'no authority of the trusted root issued');
  });

  test('of another signature', () => {
    const other = withCertificate(v1, v2.verificationMaterial.certificate?.rawBytes ?? '');
    expectRefused(() => verifyJson(other, trust), 'signature', 'this key did not make the signature');
  });

  test('of another signature, with its log entry', () => {
    const other = changed(v1, (copy) => {
      copy.dsseEnvelope = structuredClone(v2.dsseEnvelope);
      copy.verificationMaterial.certificate = structuredClone(v2.verificationMaterial.certificate) ?? { rawBytes: '' };
    });
    expectRefused(() => verifyJson(other, trust), 'log-entry', 'signature mismatch');
  });

  test('that is invalid', () => {
    expectRefused(() => verifyJson(withCertificate(v1, 'AAAA'), trust), 'certificate', 'cannot be read');
  });
});
