import { createHash, createVerify, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAssayError } from '../../../../src/core/errors.ts';
import { readBundle } from '../../../../src/integrity/envelope/bundle.ts';
import { IN_TOTO_PAYLOAD, pae } from '../../../../src/integrity/envelope/dsse.ts';
import { readIdentityToken } from '../../../../src/integrity/sign/keyless/identity-token.ts';
import { keylessSigner } from '../../../../src/integrity/sign/keyless/keyless-signer.ts';
import type { ServiceFetch } from '../../../../src/integrity/sign/keyless/service.ts';
import type { SigningServices } from '../../../../src/integrity/sign/keyless/services.ts';
import { readTrustedRoot } from '../../../../src/integrity/sigstore/trusted-root.ts';
import { verifyKeyless } from '../../../../src/integrity/sigstore/verify-keyless.ts';
import {
  type SigstoreServices,
  startSigstoreServices,
  TEST_IDENTITY,
  TEST_ISSUER,
} from '../../../support/sigstore-services.ts';

const PAYLOAD = Buffer.from('{"_type": "https://in-toto.io/Statement/v1"}');
const FULCIO = '/api/v2/signingCert';
const REKOR_V1 = '/api/v1/log/entries';
const REKOR_V2 = '/api/v2/log/entries';
const TSA = '/api/v1/timestamp';

let services: SigstoreServices;
let others: SigstoreServices;
beforeAll(async () => {
  services = await startSigstoreServices();
  others = await startSigstoreServices();
});
afterAll(() => Promise.all([services.close(), others.close()]));

type Kind = 'v1' | 'v1+tsa' | 'v2+tsa';
function servicesOf(kind: Kind, { url } = services): SigningServices {
  return {
    fulcioUrl: url,
    logs: [{ url, version: kind === 'v2+tsa' ? 2 : 1 }],
    timestampUrls: kind === 'v1' ? [] : [`${url}${TSA}`],
  };
}

/** Replaces the answer of a service. */
type Meddle = (body: string, request: string) => { readonly status?: number; readonly body: string | Uint8Array };

function fetchWith(path?: string, meddle?: Meddle): ServiceFetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (meddle === undefined || new URL(url).pathname !== path) return response;
    const { status = response.status, body } = meddle(await response.text(), init.body ?? '');
    return new Response(Buffer.from(body), { status });
  };
}

async function signWith(kind: Kind, path?: string, meddle?: Meddle): Promise<unknown> {
  const signer = keylessSigner({
    services: servicesOf(kind),
    fetch: fetchWith(path, meddle),
    identityToken: async () => readIdentityToken(services.token(), 'the test'),
  });
  return signer.sign(IN_TOTO_PAYLOAD, PAYLOAD);
}

async function problem(kind: Kind, path: string, meddle: Meddle): Promise<string> {
  try {
    await signWith(kind, path, meddle);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
  throw new Error('was signed');
}

describe('a keyless signature', () => {
  it.each<Kind>(['v1', 'v1+tsa', 'v2+tsa'])(
    'of kind %s verifies offline for the identity of the token',
    async (kind) => {
      const bundle = readBundle(Buffer.from(JSON.stringify(await signWith(kind))), 'bundle');
      expect(bundle.envelope.payload.equals(PAYLOAD)).toBe(true);
      const root = readTrustedRoot(Buffer.from(JSON.stringify(services.trustedRoot)), 'root');
      const trust = { kind: 'keyless', root, identity: { identity: TEST_IDENTITY, issuer: TEST_ISSUER } } as const;
      expect(verifyKeyless(bundle, trust)).toMatchObject({
        kind: 'sigstore',
        identity: TEST_IDENTITY,
        issuer: TEST_ISSUER,
      });
      const foreign = readTrustedRoot(Buffer.from(JSON.stringify(others.trustedRoot)), 'root');
      expect(() => verifyKeyless(bundle, { ...trust, root: foreign })).toThrow(/log|authority/);
    },
  );

  it('does not verify with a version 2 log entry of another payload', async () => {
    const bundle = Object(await signWith('v2+tsa'));
    const { canonicalizedBody } = bundle.verificationMaterial.tlogEntries[0];
    const { data, signature } = JSON.parse(Buffer.from(canonicalizedBody, 'base64').toString()).spec.hashedRekordV002;
    expect(data.digest).toBe(createHash('sha256').update(pae(IN_TOTO_PAYLOAD, PAYLOAD)).digest('base64'));
    const log = async (digest: string) => {
      const body = JSON.stringify({ hashedRekordRequestV002: { digest, signature } });
      const entry: unknown = await (await fetch(`${services.url}${REKOR_V2}`, { method: 'POST', body })).json();
      const material = { ...bundle.verificationMaterial, tlogEntries: [entry] };
      return readBundle(Buffer.from(JSON.stringify({ ...bundle, verificationMaterial: material })), 'bundle');
    };
    const root = readTrustedRoot(Buffer.from(JSON.stringify(services.trustedRoot)), 'root');
    const trust = { kind: 'keyless', root, identity: { identity: TEST_IDENTITY, issuer: TEST_ISSUER } } as const;
    expect(verifyKeyless(await log(data.digest), trust)).toMatchObject({ identity: TEST_IDENTITY });
    const another = await log(createHash('sha256').update('another').digest('base64'));
    expect(() => verifyKeyless(another, trust)).toThrow(/log does not prove the signature: digest mismatch/);
  });

  it('reports the subject of the certificate', async () => {
    const heard: unknown[] = [];
    const signer = keylessSigner({
      services: servicesOf('v1'),
      fetch: fetchWith(),
      identityToken: async () => readIdentityToken(services.token({ sub: 'spiffe://acme/trainer' }), 'the test'),
      onSigned: (identity) => void heard.push(identity),
    });
    await signer.sign(IN_TOTO_PAYLOAD, PAYLOAD);
    expect(heard).toEqual([{ identity: 'spiffe://acme/trainer', issuer: TEST_ISSUER }]);
  });

  it('proves possession of the key by signing the subject of the token', async () => {
    let sent: unknown;
    await signWith('v1', FULCIO, (body, request) => {
      sent = JSON.parse(request);
      return { body };
    });
    expect(sent).toMatchObject({
      credentials: { oidcIdentityToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]*$/) },
      publicKeyRequest: {
        publicKey: { algorithm: 'ECDSA', content: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/) },
        proofOfPossession: expect.any(String),
      },
    });
    const { publicKeyRequest } = Object(sent);
    const proof = createVerify('sha256').update(TEST_IDENTITY);
    const signature = Buffer.from(publicKeyRequest.proofOfPossession, 'base64');
    expect(proof.verify(publicKeyRequest.publicKey.content, signature)).toBe(true);
  });

  it('is refused where no service would prove the time', () => {
    const options = { fetch: fetchWith(), identityToken: async () => readIdentityToken('', '') };
    for (const change of [{ logs: [] }, { timestampUrls: [] }]) {
      const given = { ...servicesOf('v2+tsa'), ...change };
      expect(() => keylessSigner({ ...options, services: given })).toThrow(/would prove the time of the signature/);
    }
  });

  it('stops on an abort signal', async () => {
    const stop = new AbortController();
    stop.abort();
    const signer = keylessSigner({
      services: servicesOf('v1'),
      fetch: fetchWith(),
      signal: stop.signal,
      identityToken: async () => readIdentityToken(services.token(), 'the test'),
    });
    await expect(signer.sign(IN_TOTO_PAYLOAD, PAYLOAD)).rejects.toThrow();
  });
});

/** The answer of a service to an earlier request, for another key and another signature. */
async function earlier(kind: Kind, path: string): Promise<string | Uint8Array> {
  let last: string | Uint8Array | undefined;
  const keep: ServiceFetch = async (url, init) => {
    const response = await fetch(url, init);
    if (new URL(url).pathname !== path) return response;
    const bytes = Buffer.from(await response.arrayBuffer());
    last = bytes;
    return new Response(bytes, { status: response.status });
  };
  const identityToken = async () => readIdentityToken(services.token(), 'the test');
  await keylessSigner({ services: servicesOf(kind), fetch: keep, identityToken }).sign(IN_TOTO_PAYLOAD, PAYLOAD);
  if (last === undefined) throw new Error(`${path} was not asked`);
  return last;
}

/** The canonical body of a log entry, with a change. */
const withBody =
  (from: RegExp, to: string): Meddle =>
  (answer) => {
    const changed = answer.replace(/("(?:body|canonicalizedBody)":")([^"]+)/, (_, field: string, base64: string) => {
      const body = Buffer.from(base64, 'base64').toString();
      expect(body).toMatch(from);
      return `${field}${Buffer.from(body.replace(from, to)).toString('base64')}`;
    });
    return { body: changed };
  };

describe('an answer of a service is refused:', () => {
  it.each<[string, Kind, string, string]>([
    ['a certificate', 'v1', FULCIO, 'network: Fulcio answers with a certificate for another key'],
    ['an entry', 'v1', REKOR_V1, 'network: Rekor answers with an entry about another signature'],
    ['an entry of version 2', 'v2+tsa', REKOR_V2, 'network: Rekor answers with an entry about another signature'],
    ['a timestamp', 'v1+tsa', TSA, 'network: the timestamp authority answers with a timestamp of another signature'],
  ])('%s of an earlier signature', async (_, kind, path, message) => {
    const body = await earlier(kind, path);
    expect(await problem(kind, path, () => ({ body }))).toBe(message);
  });

  const another = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
  it.each<[string, Kind, string, Meddle, RegExp]>([
    ['no certificate', 'v1', FULCIO, () => ({ body: '{}' }), /^network: Fulcio does not return a certificate/],
    [
      'a key as the certificate',
      'v1',
      FULCIO,
      (body) => ({ body: body.replace(/-----BEGIN[^"]+/, JSON.stringify(another).slice(1, -1)) }),
      /Fulcio does not return a certificate/,
    ],
    ['an HTML page', 'v1', FULCIO, () => ({ body: '<html>' }), /Fulcio does not return a certificate/],
    ['no entry', 'v1', REKOR_V1, () => ({ body: '{}' }), /^network: Rekor answers with 0 entries/],
    [
      'two entries',
      'v1',
      REKOR_V1,
      (body) => ({ body: body.replace(/^\{"[^"]+":(.*)\}$/, '{"a":$1,"b":$1}') }),
      /Rekor answers with 2 entries/,
    ],
    [
      'an entry without a proof',
      'v1',
      REKOR_V1,
      (body) => ({ body: body.replace('inclusionProof', 'x') }),
      /Rekor answers without an entry that can be read/,
    ],
    ['an entry of another kind', 'v1', REKOR_V1, withBody(/"dsse"/, '"intoto"'), /without an entry that can be read/],
    [
      'an entry about another payload',
      'v1',
      REKOR_V1,
      withBody(/"payloadHash":(\{.*?"value":")[0-9a-f]{64}/, `"payloadHash":$1${'0'.repeat(64)}`),
      /about another signature/,
    ],
    [
      'an entry about another signer',
      'v1',
      REKOR_V1,
      withBody(/"verifier":"[^"]+"/, '"verifier":"eA=="'),
      /about another signature/,
    ],
    [
      'an entry without a proof',
      'v2+tsa',
      REKOR_V2,
      (body) => ({ body: body.replace('inclusionProof', 'x') }),
      /without an entry that can be read/,
    ],
    [
      'an entry about another payload',
      'v2+tsa',
      REKOR_V2,
      withBody(/"digest":"[^"]+"/, '"digest":"AAAA"'),
      /about another signature/,
    ],
    [
      'an entry about another signer',
      'v2+tsa',
      REKOR_V2,
      withBody(/"rawBytes":"[^"]+"/, '"rawBytes":"AAAA"'),
      /about another signature/,
    ],
    [
      'no timestamp',
      'v1+tsa',
      TSA,
      () => ({ body: Buffer.of(0x30, 0x03, 0x02, 0x01, 0x02) }),
      /^network: the timestamp authority answers without a timestamp/,
    ],
    ['an empty answer', 'v1+tsa', TSA, () => ({ body: '' }), /answers without a timestamp/],
  ])('%s (%s)', async (_, kind, path, meddle, message) => {
    expect(await problem(kind, path, meddle)).toMatch(message);
  });

  it.each<[string, string, number, string, RegExp]>([
    [
      'Fulcio',
      FULCIO,
      400,
      '{"code":3,"message":"There was an error\\n processing the identity token","details":[]}',
      /^network: Fulcio answers with the status 400, and says "There was an error processing the identity token"$/,
    ],
    ['Fulcio', FULCIO, 401, '', /^unauthorized: Fulcio answers with the status 401$/],
    [
      'Rekor',
      REKOR_V1,
      409,
      '{"code":409,"message":"an equivalent entry already exists"}',
      /^network: Rekor answers with the status 409, and says "an equivalent/,
    ],
    ['Rekor', REKOR_V1, 307, '', /^network: Rekor answers with the status 307$/],
    [
      'Rekor',
      REKOR_V1,
      502,
      `<html>${'x'.repeat(1000)}`,
      /^network: Rekor answers with the status 502, and says "<html>x{194}\.\.\."$/,
    ],
    [
      'the authority',
      TSA,
      500,
      'broken',
      /^network: the timestamp authority answers with the status 500, and says "broken"$/,
    ],
  ])('%s refuses (%s, %i)', async (_, path, status, body, message) => {
    expect(await problem('v1+tsa', path, () => ({ status, body }))).toMatch(message);
  });

  it('does not reveal the token, even when the service repeats it', async () => {
    const message = await problem('v1', FULCIO, (_, request) => {
      const token: unknown = JSON.parse(request).credentials.oidcIdentityToken;
      return { status: 400, body: `cannot use ${token}!` };
    });
    expect(message).toBe('network: Fulcio answers with the status 400, and says "cannot use ...!"');
  });
});
