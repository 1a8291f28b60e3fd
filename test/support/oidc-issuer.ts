import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

/** An OpenID Connect provider on loopback: its metadata, its keys, and the code flow with PKCE, over real HTTP. */
export interface OidcIssuer {
  readonly url: string;
  /** A token of this issuer, valid unless `claims`, `header` or `key` make it invalid. */
  token(claims?: JWTPayload & Record<string, unknown>, options?: TokenOptions): Promise<string>;
  /** The claims about the user at the next sign-in. */
  signsIn(claims: JWTPayload & Record<string, unknown>): void;
  /** How the next ID token differs from a valid one; the key `foreign` is not published. */
  nextIdToken(claims: JWTPayload, options: Omit<TokenOptions, 'key'> & { readonly key?: 'foreign' }): void;
  /** The answered requests, by path. */
  readonly asked: Map<string, number>;
  /** Replaces the signing key, and publishes only the new one. */
  rotate(): Promise<void>;
  /** Answers every request with 500 from then on. */
  fail(on: boolean): void;
  close(): Promise<void>;
}

export interface TokenOptions {
  readonly key?: Key | Uint8Array;
  readonly alg?: string;
  readonly kid?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expires?: number | null;
}

export const AUDIENCE = 'assay-api';
export const CLIENT = { id: 'assay-console', secret: 'a client secret' } as const;

const now = () => Math.floor(Date.now() / 1000);

export async function oidcIssuer(): Promise<OidcIssuer> {
  let generation = 0;
  let signing = await newKey();
  const asked = new Map<string, number>();
  const codes = new Map<string, { readonly challenge: string; readonly nonce: string; readonly redirect: string }>();
  let user: JWTPayload = { sub: 'nobody' };
  let failing = false;
  let odd: { readonly claims: JWTPayload; readonly options: Parameters<OidcIssuer['nextIdToken']>[1] } | undefined;

  async function newKey() {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    generation += 1;
    const kid = `k${generation}`;
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin());
    asked.set(url.pathname, (asked.get(url.pathname) ?? 0) + 1);
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (failing) return void json(500, {});
    if (url.pathname === '/.well-known/openid-configuration') {
      return void json(200, {
        issuer: origin(),
        jwks_uri: `${origin()}/keys`,
        authorization_endpoint: `${origin()}/authorize`,
        token_endpoint: `${origin()}/token`,
        id_token_signing_alg_values_supported: ['ES256'],
      });
    }
    if (url.pathname === '/keys') return void json(200, { keys: [signing.jwk] });
    if (url.pathname === '/authorize') {
      const asks = url.searchParams;
      const code = randomUUID();
      const redirect = asks.get('redirect_uri') ?? '';
      codes.set(code, { challenge: asks.get('code_challenge') ?? '', nonce: asks.get('nonce') ?? '', redirect });
      const back = new URL(redirect);
      back.searchParams.set('code', code);
      back.searchParams.set('state', asks.get('state') ?? '');
      return void response.writeHead(302, { location: back.href }).end();
    }
    if (url.pathname === '/token') return void exchange(request, json);
    json(404, {});
  });

  async function exchange(request: IncomingMessage, json: (status: number, body: unknown) => unknown): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const form = new URLSearchParams(Buffer.concat(parts).toString());
    const known = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const [scheme, credentials = ''] = (request.headers.authorization ?? '').split(' ');
    // RFC 6749, 2.3.1: both are form-encoded.
    const [id, secret] = Buffer.from(credentials, 'base64')
      .toString()
      .split(':')
      .map((text) => decodeURIComponent(text.replaceAll('+', ' ')));
    const authorized = scheme === 'Basic' && id === CLIENT.id && secret === CLIENT.secret;
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (
      known === undefined ||
      !authorized ||
      challenge !== known.challenge ||
      form.get('redirect_uri') !== known.redirect
    )
      return void json(400, { error: 'invalid_grant' });
    json(200, {
      token_type: 'Bearer',
      access_token: 'of no use here',
      id_token: await idToken(known.nonce),
    });
  }

  async function idToken(nonce: string): Promise<string> {
    const { claims, options } = odd ?? { claims: {}, options: {} };
    odd = undefined;
    const { key, ...others } = options;
    const foreign = key === undefined ? {} : { key: (await generateKeyPair('ES256')).privateKey };
    return token({ ...user, nonce, ...claims }, { audience: CLIENT.id, ...others, ...foreign });
  }

  async function token(claims: JWTPayload = {}, options: TokenOptions = {}): Promise<string> {
    const jwt = new SignJWT({ sub: 'alice', roles: ['viewer'], tenant: 'acme', ...claims })
      .setProtectedHeader({ alg: options.alg ?? 'ES256', kid: options.kid ?? signing.kid })
      .setIssuer(options.issuer ?? origin())
      .setAudience(options.audience ?? AUDIENCE)
      .setIssuedAt();
    if (options.expires !== null) jwt.setExpirationTime(options.expires ?? now() + 300);
    return jwt.sign(options.key ?? signing.privateKey);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: origin(),
    token,
    asked,
    nextIdToken: (claims, options) => {
      odd = { claims, options };
    },
    signsIn: (claims) => {
      user = claims;
    },
    async rotate() {
      signing = await newKey();
    },
    fail: (on) => {
      failing = on;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
