import { describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { readBundle, type VerificationMaterial } from '../../../src/integrity/envelope/bundle.ts';
import { keyHint } from '../../../src/integrity/envelope/keys.ts';
import { isSignatureError } from '../../../src/integrity/envelope/signature-error.ts';
import { bundleOf, bytesOf, IN_TOTO, MEDIA_TYPE, statement, trustedKey } from '../oms/signed.ts';

const good = bundleOf();
const { dsseEnvelope, verificationMaterial } = good;
const read = (json: unknown) => readBundle(bytesOf(json), 'model.sig');
const OLD = 'application/vnd.dev.sigstore.bundle+json;version=';
const der = Buffer.from('a certificate').toString('base64');

test('a bundle is parsed into its material, its payload and its one signature', () => {
  const bundle = read(good);
  expect(bundle.mediaType).toBe(MEDIA_TYPE);
  expect(bundle.material).toEqual({ kind: 'key', hint: keyHint(trustedKey) });
  expect(bundle.envelope.payloadType).toBe(IN_TOTO);
  expect(bundle.envelope.payload.toString()).toBe(statement());
  expect(bundle.envelope.signature.toString('base64')).toBe(dsseEnvelope.signatures[0]?.sig);
  expect(bundle.json).toEqual(JSON.parse(JSON.stringify(good)));
});

describe('the verification material is parsed from', () => {
  const pem = '-----BEGIN PUBLIC KEY-----\n';
  const rawBytes = Buffer.from(pem).toString('base64');
  test.each<[string, string, unknown, VerificationMaterial]>([
    ['a hint', MEDIA_TYPE, { publicKey: { hint: 'abc' } }, { kind: 'key', hint: 'abc' }],
    ['no hint', MEDIA_TYPE, { publicKey: {} }, { kind: 'key' }],
    ['an empty hint', MEDIA_TYPE, { publicKey: { hint: '' } }, { kind: 'key' }],
    ['a null hint', MEDIA_TYPE, { publicKey: { hint: null } }, { kind: 'key' }],
    ['a key', MEDIA_TYPE, { publicKey: { rawBytes, keyDetails: 'PKIX_ECDSA_P256_SHA_256' } }, { kind: 'key', pem }],
    [
      'a chain',
      MEDIA_TYPE,
      { x509CertificateChain: { certificates: [{ rawBytes: der }] } },
      { kind: 'certificate', chain: [Buffer.from('a certificate')] },
    ],
    ['a Sigstore certificate', MEDIA_TYPE, { certificate: { rawBytes: der } }, { kind: 'keyless' }],
    [
      'a Sigstore certificate with the older media type',
      `${OLD}0.3`,
      { certificate: { rawBytes: der } },
      { kind: 'keyless' },
    ],
    [
      'a Sigstore chain of version 0.1',
      `${OLD}0.1`,
      { x509CertificateChain: { certificates: [] } },
      { kind: 'keyless' },
    ],
    [
      'a Sigstore chain of version 0.2',
      `${OLD}0.2`,
      { x509CertificateChain: { certificates: [] } },
      { kind: 'keyless' },
    ],
  ])('%s', (_, mediaType, material, expected) => {
    expect(read({ ...good, mediaType, verificationMaterial: material }).material).toEqual(expected);
  });
});

test.each([
  ['unknown fields', { ...good, more: { a: 1 }, dsseEnvelope: { ...dsseEnvelope, other: [] } }],
  ['a missing key id', withSignatures([{ sig: sigOf() }])],
  ['an empty key id', withSignatures([{ sig: sigOf(), keyid: '' }])],
  ['a null key id', withSignatures([{ sig: sigOf(), keyid: null }])],
])('%s in a bundle: ignored', (_, json) => {
  expect(read(json).envelope).toEqual(read(good).envelope);
});

describe('a file that is not a bundle is malformed:', () => {
  test.each<[string, Uint8Array, string, RegExp]>([
    ['an empty file', Buffer.from(''), 'malformed', /not a signature: it is not JSON/],
    ['text', Buffer.from('hello'), 'malformed', /not a signature: it is not JSON/],
    ['random bytes', Buffer.from([0x22, 0xff, 0x22]), 'malformed', /not a signature: it is not UTF-8/],
    ['a number', Buffer.from('1'), 'malformed', /is not a Sigstore bundle/],
    ['null', Buffer.from('null'), 'malformed', /is not a Sigstore bundle/],
    ['a list', bytesOf([good]), 'malformed', /is not a Sigstore bundle/],
    ['an envelope alone', bytesOf(dsseEnvelope), 'malformed', /is not a Sigstore bundle/],
    ['no media type', bytesOf({ ...good, mediaType: undefined }), 'malformed', /is not a Sigstore bundle/],
    [
      'another media type',
      bytesOf({ ...good, mediaType: 'application/json' }),
      'malformed',
      /is not a Sigstore bundle/,
    ],
    ['a media type as a list', bytesOf({ ...good, mediaType: [MEDIA_TYPE] }), 'malformed', /is not a Sigstore bundle/],
    ['deep nesting', Buffer.from('['.repeat(100_000)), 'limit', /deep/],
  ])('%s', (_, bytes, code, message) => {
    const error = thrown(() => readBundle(bytes, 'model.sig'));
    expect(isAssayError(error) && [error.code, error.subject]).toEqual([code, 'model.sig']);
    expect(isAssayError(error) && (code === 'limit' || error.hint !== undefined)).toBe(true);
    expect(String(error)).toMatch(message);
  });
});

describe('a bundle that cannot verify is a failed check:', () => {
  const publicKey = verificationMaterial.publicKey;
  const certificate = { rawBytes: der };
  const x509CertificateChain = { certificates: [certificate] };
  const material = (more: object) => ({ ...good, verificationMaterial: more });
  const envelope = (more: object) => ({ ...good, dsseEnvelope: { ...dsseEnvelope, ...more } });
  const sig = sigOf();

  test.each<[string, unknown, string, RegExp]>([
    ['another version', { ...good, mediaType: `${OLD}0.4` }, 'bundle', /version 0\.4/],
    ['a later version', { ...good, mediaType: MEDIA_TYPE.replace('0.3', '0.9') }, 'bundle', /version 0\.9/],
    [
      'version 0.1 in the newer spelling of the media type',
      { ...good, mediaType: MEDIA_TYPE.replace('0.3', '0.1') },
      'bundle',
      /version 0\.1/,
    ],
    ['a key in a version without keys', { ...good, mediaType: `${OLD}0.2` }, 'bundle', /0\.2 can hold only cert/],
    ['no material', { ...good, verificationMaterial: undefined }, 'bundle', /verificationMaterial is missing/],
    ['empty material', material({}), 'bundle', /neither a key nor a certificate/],
    ['a null key', material({ publicKey: null }), 'bundle', /neither a key nor a certificate/],
    ['a key and a certificate', material({ publicKey, certificate }), 'bundle', /holds more than one of/],
    ['a key and a chain', material({ publicKey, x509CertificateChain }), 'bundle', /holds more than one of/],
    ['a certificate and a chain', material({ certificate, x509CertificateChain }), 'bundle', /holds more than one of/],
    ['an empty chain', material({ x509CertificateChain: { certificates: [] } }), 'bundle', /has 0 certificates/],
    [
      'a chain of hundreds of certificates',
      material({ x509CertificateChain: { certificates: Array(200).fill(certificate) } }),
      'bundle',
      /has 200 certificates/,
    ],
    [
      'a certificate that is not base64',
      material({ x509CertificateChain: { certificates: [certificate, { rawBytes: '*' }] } }),
      'bundle',
      /certificate 2 of the chain is not base64/,
    ],
    ['a key that is not base64', material({ publicKey: { rawBytes: 'a' } }), 'bundle', /public key is not base64/],
    [
      'a hint that is not a string',
      material({ publicKey: { hint: 1 } }),
      'bundle',
      /publicKey\.hint is of the wrong kind/,
    ],
    ['no envelope', { ...good, dsseEnvelope: undefined }, 'bundle', /dsseEnvelope is missing/],
    [
      'a message signature',
      { ...good, dsseEnvelope: undefined, messageSignature: { signature: sig } },
      'bundle',
      /signs a blob/,
    ],
    ['no payload', envelope({ payload: undefined }), 'bundle', /payload is missing/],
    ['no signatures', envelope({ signatures: [] }), 'no-signature', /has no signature/],
    ['signatures that are not a list', envelope({ signatures: undefined }), 'no-signature', /has no signature/],
    ['an empty signature', envelope({ signatures: [{ sig: '' }] }), 'no-signature', /is empty/],
    ['a second signature', envelope({ signatures: [{ sig }, { sig: der }] }), 'many-signatures', /has 2 signatures/],
    ['the same signature twice', envelope({ signatures: [{ sig }, { sig }] }), 'many-signatures', /has 2 signatures/],
    ['another payload type', envelope({ payloadType: 'text/plain' }), 'payload-type', /holds "text\/plain"/],
    ['a payload type in capitals', envelope({ payloadType: IN_TOTO.toUpperCase() }), 'payload-type', /holds "APPL/],
    ['a payload that is not base64', envelope({ payload: 'a b' }), 'bundle', /the payload is not base64/],
    ['a payload without base64 padding', envelope({ payload: 'YQ' }), 'bundle', /the payload is not base64/],
    ['a payload with stray base64 bits', envelope({ payload: 'YR==' }), 'bundle', /the payload is not base64/],
    ['a payload in URL-safe base64', envelope({ payload: '_-__' }), 'bundle', /the payload is not base64/],
    [
      'a signature with a newline',
      envelope({ signatures: [{ sig: `${sig}\n` }] }),
      'bundle',
      /signature is not base64/,
    ],
    [
      'a signature with trailing data',
      envelope({ signatures: [{ sig: `${sig}=` }] }),
      'bundle',
      /signature is not bas/,
    ],
  ])('%s', (_, json, problem, message) => {
    const error = thrown(() => read(json));
    expect(isSignatureError(error) && error.problem).toBe(problem);
    expect(String(error)).toMatch(message);
  });
});

function sigOf(): string {
  return dsseEnvelope.signatures[0]?.sig ?? '';
}

function withSignatures(signatures: unknown) {
  return { ...good, dsseEnvelope: { ...dsseEnvelope, signatures } };
}

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a bundle with a duplicate key is refused, since readers would verify different parts', () => {
  const text = JSON.stringify(good);
  const other = '"dsseEnvelope":{"payload":"e30=","payloadType":"x","signatures":[]}';
  for (const twice of [
    `{${other},${text.slice(1)}`,
    `${text.slice(0, -1)},${other}}`,
    `${text.slice(0, -1)},${other.replace('E', '\\u0045')}}`,
  ]) {
    expect(() => readBundle(Buffer.from(twice), 'model.sig')).toThrow(/dsseEnvelope/);
  }
});
