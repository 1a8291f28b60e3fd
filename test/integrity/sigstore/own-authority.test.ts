import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IN_TOTO_PAYLOAD, pae } from '../../../src/integrity/envelope/dsse.ts';
import { signBytes } from '../../../src/integrity/envelope/keys.ts';
import type { SignatureProblem } from '../../../src/integrity/envelope/signature-error.ts';
import { type SigstoreServices, startSigstoreServices } from '../../support/sigstore-services.ts';
import {
  alternativeNames,
  basicConstraints,
  extendedKeyUsage,
  extension,
  type KeyPair,
  keyPair,
  keyUsage,
  makeCertificate,
  OIDS,
  sequence,
  tlv,
} from '../x509/make-certificate.ts';
import { expectRefused, PAYLOAD, trustOf, verifyJson } from './keyless.ts';

/** A certificate authority of the test in place of Fulcio, for unusual certificates. */
const MAIL = 'ann@acme.example';
const ISSUER = 'https://login.acme.example';
const authority = { subject: 'authority', key: keyPair('P-384') };
const root = makeCertificate({ ...authority, extensions: [basicConstraints(true), keyUsage(5)] });

let services: SigstoreServices;
beforeAll(async () => {
  services = await startSigstoreServices();
});
afterAll(() => services.close());

const issuerV1 = (issuer: string) => extension('1.3.6.1.4.1.57264.1.1', Buffer.from(issuer));
const issuerV2 = (issuer: string) => extension('1.3.6.1.4.1.57264.1.8', tlv(0x0c, Buffer.from(issuer)));
const USAGE = [keyUsage(0), extendedKeyUsage(OIDS.codeSigning)];
const NAMES = [alternativeNames({ mail: MAIL }), issuerV1(ISSUER), issuerV2(ISSUER)];

interface Logged {
  /** The content of a `hashedrekord` entry; without it, the entry is of kind `dsse`. */
  readonly hashed?: Buffer;
  readonly certificate?: string;
}

async function signed(extensions: readonly Buffer[], key: KeyPair, logged: Logged = {}): Promise<unknown> {
  const leaf = makeCertificate({ subject: 'none', key, issuer: authority, extensions });
  const signature = signBytes(key.privateKey, pae(IN_TOTO_PAYLOAD, PAYLOAD));
  const certificate = { rawBytes: leaf.raw.toString('base64') };
  const dsseEnvelope = {
    payload: PAYLOAD.toString('base64'),
    payloadType: IN_TOTO_PAYLOAD,
    signatures: [{ sig: signature.toString('base64') }],
  };
  const verifier = { x509Certificate: { rawBytes: logged.certificate ?? certificate.rawBytes } };
  const entry = await post(
    '/api/v2/log/entries',
    logged.hashed === undefined
      ? { dsseRequestV002: { envelope: dsseEnvelope, verifiers: [verifier] } }
      : {
          hashedRekordRequestV002: {
            digest: createHash('sha256').update(logged.hashed).digest('base64'),
            signature: { content: signature.toString('base64'), verifier },
          },
        },
  );
  const stamp = await post('/api/v1/timestamp', {
    artifactHash: createHash('sha256').update(signature).digest('base64'),
    hashAlgorithm: 'sha256',
    certificates: true,
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      certificate,
      tlogEntries: [JSON.parse(entry.toString())],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: stamp.toString('base64') }] },
    },
    dsseEnvelope,
  };
}

async function post(path: string, body: unknown): Promise<Buffer> {
  const answer = await fetch(`${services.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
  expect(answer.status).toBe(201);
  return Buffer.from(await answer.arrayBuffer());
}

function verify(bundle: unknown, identity = MAIL) {
  const [fulcio] = services.trustedRoot.certificateAuthorities;
  const certChain = { certificates: [{ rawBytes: root.raw.toString('base64') }] };
  const certificateAuthorities = [{ ...fulcio, certChain }];
  return verifyJson(bundle, trustOf({ ...services.trustedRoot, certificateAuthorities, ctlogs: [] }, identity, ISSUER));
}

describe('a bundle verifies with a key of kind', () => {
  test.each(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048'] as const)('%s', async (kind) => {
    const bundle = await signed([...USAGE, ...NAMES], keyPair(kind));
    expect(verify(bundle)).toMatchObject({ identity: MAIL, issuer: ISSUER });
  });
});

describe('a signing certificate', () => {
  const key = keyPair('P-256');
  const otherName = (text: string, oid = '2b0601040183bf300107') =>
    tlv(0xa0, tlv(0x06, Buffer.from(oid, 'hex')), tlv(0xa0, tlv(0x0c, Buffer.from(text))));

  test('with a user name in place of an e-mail address verifies', async () => {
    const names = extension('2.5.29.17', sequence(otherName('ann!acme.example')), true);
    const bundle = await signed([...USAGE, names, issuerV2(ISSUER)], key);
    expect(verify(bundle, 'ann!acme.example')).toMatchObject({ identity: 'ann!acme.example' });
  });

  test('with only the old issuer extension verifies', async () => {
    const bundle = await signed([...USAGE, alternativeNames({ mail: MAIL }), issuerV1(ISSUER)], key);
    expect(verify(bundle)).toMatchObject({ issuer: ISSUER });
  });

  test.each<[string, readonly Buffer[], SignatureProblem, string]>([
    [
      'two names',
      [...USAGE, alternativeNames({ mail: MAIL, uri: 'https://evil.example' }), issuerV2(ISSUER)],
      'certificate',
      'has 2 names',
    ],
    ['no name', [...USAGE, issuerV2(ISSUER)], 'certificate', 'has 0 names'],
    [
      'a name of another kind',
      [...USAGE, extension('2.5.29.17', sequence(otherName(MAIL, '2b06'))), issuerV2(ISSUER)],
      'certificate',
      'has 1 names',
    ],
    ['no issuer', [...USAGE, alternativeNames({ mail: MAIL })], 'certificate', 'one issuer'],
    [
      'two issuers',
      [...USAGE, alternativeNames({ mail: MAIL }), issuerV1('https://evil.example'), issuerV2(ISSUER)],
      'certificate',
      'one issuer',
    ],
    [
      'an issuer that is not a string',
      [...USAGE, alternativeNames({ mail: MAIL }), extension('1.3.6.1.4.1.57264.1.8', Buffer.from(ISSUER))],
      'certificate',
      'cannot be read',
    ],
    [
      'an issuer with the high bit set',
      [
        ...USAGE,
        alternativeNames({ mail: MAIL }),
        extension('1.3.6.1.4.1.57264.1.8', tlv(0x0c, Buffer.from(`${ISSUER.slice(0, -1)}\xe5`, 'latin1'))),
      ],
      'certificate',
      'cannot be read',
    ],
    [
      'the key usage of a web server',
      [keyUsage(0), extendedKeyUsage(OIDS.serverAuth), ...NAMES],
      'certificate',
      'signing code',
    ],
    [
      'the key usage of an authority',
      [basicConstraints(true), keyUsage(5), ...NAMES],
      'certificate',
      'belongs to an authority',
    ],
    [
      'another name',
      [...USAGE, alternativeNames({ mail: 'ann@acmeXexample' }), issuerV2(ISSUER)],
      'identity',
      'the signer is',
    ],
    [
      'a longer name',
      [...USAGE, alternativeNames({ mail: `${MAIL}.evil` }), issuerV2(ISSUER)],
      'identity',
      'the signer is',
    ],
    [
      'another issuer',
      [...USAGE, alternativeNames({ mail: MAIL }), issuerV2(`${ISSUER}.evil`)],
      'identity',
      'issued the identity of the signer',
    ],
  ])('with %s is refused', async (_, extensions, problem, why) => {
    const bundle = await signed(extensions, key);
    expectRefused(() => verify(bundle), problem, why);
  });
});

describe('a hashedrekord log entry', () => {
  const key = keyPair('P-256');
  const extensions = [...USAGE, ...NAMES];

  test('proves the signed payload', async () => {
    const bundle = await signed(extensions, key, { hashed: pae(IN_TOTO_PAYLOAD, PAYLOAD) });
    expect(verify(bundle)).toMatchObject({ identity: MAIL });
  });

  test('of another payload is refused', async () => {
    const bundle = await signed(extensions, key, { hashed: Buffer.from('something else') });
    expectRefused(() => verify(bundle), 'log-entry', 'mismatch');
  });

  test('with another certificate is refused', async () => {
    const other = makeCertificate({ subject: 'none', key, issuer: authority, extensions }).raw.toString('base64');
    const bundle = await signed(extensions, key, { hashed: pae(IN_TOTO_PAYLOAD, PAYLOAD), certificate: other });
    expectRefused(() => verify(bundle), 'log-entry', 'with another certificate');
  });
});
