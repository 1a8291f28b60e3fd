import { createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { isLoopback } from '../../core/reference/index.ts';
import type { Principal } from '../../registry/index.ts';
import type { ServiceConfig } from '../config.ts';
import { ServiceError } from '../problems/index.ts';
import type { LoginState } from './oidc.ts';

/** A user of the console. A pasted token is kept and checked at each request, so that its revocation ends the session. */
export type Session =
  | { readonly kind: 'token'; readonly secret: string; readonly csrf: string }
  | { readonly kind: 'oidc'; readonly principal: Principal; readonly csrf: string };

/** A sign-in under way at the identity provider. */
export interface Login extends LoginState {
  readonly returnTo: string;
}

/** Sessions live in cookies that only the service can read, and every instance with the same secret knows them. The registry keeps
 * those that were ended before their time. */
export interface Sessions {
  /** A new session in place of any other: an identifier planted before sign-in is worth nothing. */
  start(reply: FastifyReply, session: DistributiveOmit<Session, 'csrf'>): Promise<void>;
  read(request: FastifyRequest): Promise<Session | undefined>;
  end(reply: FastifyReply): void;
  startLogin(reply: FastifyReply, login: Login): Promise<void>;
  /** The sign-in that this browser began with that state, once. One of another state is left to go on, as in another tab. */
  takeLogin(request: FastifyRequest, reply: FastifyReply, state: string | undefined): Promise<Login | undefined>;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A token's roles are looked up at each request; those that an identity provider told are asked for again after an hour. */
const SESSION_SECONDS = { token: 8 * 3600, oidc: 3600 } as const;
const LOGIN_SECONDS = 600;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export function createSessions(config: Pick<ServiceConfig, 'publicUrl' | 'sessionSecret'>): Sessions {
  const secure = isSecure(config.publicUrl);
  const secret = config.sessionSecret ?? randomBytes(32);
  const key = new Uint8Array(hkdfSync('sha256', secret, '', 'assay console session', 32));
  const sessionCookie = secure ? '__Host-assay-session' : 'assay-session';
  const loginCookie = secure ? '__Host-assay-login' : 'assay-login';
  const attributes = { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const;

  async function write(reply: FastifyReply, name: string, content: Session | Login, seconds: number): Promise<void> {
    const sealed = await new EncryptJWT({ content })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(name)
      .setExpirationTime(`${seconds}s`)
      .encrypt(key);
    reply.setCookie(name, sealed, { ...attributes, maxAge: seconds });
  }

  /** The sealed content of that name, or `undefined`: the service's own key sealed it, so its type is known. */
  async function open(request: FastifyRequest, name: string): Promise<unknown> {
    const sealed = request.cookies[name];
    if (sealed === undefined) return undefined;
    try {
      const { payload } = await jwtDecrypt(sealed, key, {
        audience: name,
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      return payload.content;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  return {
    start: (reply, session) =>
      write(
        reply,
        sessionCookie,
        { ...session, csrf: randomBytes(24).toString('base64url') },
        SESSION_SECONDS[session.kind],
      ),
    async read(request) {
      return (await open(request, sessionCookie)) as Session | undefined;
    },
    end: (reply) => void reply.clearCookie(sessionCookie, attributes),
    startLogin: (reply, login) => write(reply, loginCookie, login, LOGIN_SECONDS),
    async takeLogin(request, reply, state) {
      const login = (await open(request, loginCookie)) as Login | undefined;
      if (login === undefined || login.state !== state) return undefined;
      reply.clearCookie(loginCookie, attributes);
      return login;
    },
  };
}

/** Names a session without giving it away: hex SHA-256 of its token against forgery, which only its user has. */
export function idOfSession({ csrf }: Session): string {
  return createHash('sha256').update(`assay session\n${csrf}`).digest('hex');
}

/** By then it has ended by itself. */
export function endOfSession({ kind }: Session, now: Date): Date {
  return new Date(now.getTime() + SESSION_SECONDS[kind] * 1000);
}

/** Whether browsers reach the service over TLS. */
export function isSecure(publicUrl: string): boolean {
  return new URL(publicUrl).protocol === 'https:';
}

/**
 * Refuses a change that another site made the browser ask for.
 * @throws ServiceError 403
 */
export function checkSameOrigin(request: FastifyRequest, publicUrl: string): void {
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  const foreign =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && !isOwnOrigin(request, origin, publicUrl));
  if (foreign)
    throw new ServiceError(
      403,
      'cross-site',
      `the request comes from another site than ${new URL(publicUrl).origin} (ASSAY_PUBLIC_URL)`,
    );
}

/**
 * Whether an origin is this service: the public one; and on the machine itself every name of it, as long as the request names the same
 * one, since `localhost` and `127.0.0.1` are two origins to browsers.
 */
function isOwnOrigin(request: FastifyRequest, origin: string, publicUrl: string): boolean {
  const own = new URL(publicUrl);
  if (origin === own.origin) return true;
  const { host = '' } = request.headers;
  return isLoopback(own.hostname) && isLoopbackHost(host) && origin === `${own.protocol}//${host}`;
}

/** `localhost:8321`, `127.0.0.1`, `[::1]:8321`. */
function isLoopbackHost(host: string): boolean {
  return (
    URL.canParse(`http://${host}/`) &&
    new URL(`http://${host}/`).host === host.replace(/:80$/, '') &&
    isLoopback(new URL(`http://${host}/`).hostname)
  );
}

/**
 * Whether a request names a host that is not that of the service; it then comes by a name that nobody configured, or by one that another
 * site made for its address (DNS rebinding). What a proxy in front sends may name any host.
 */
export function isOtherHost({ headers }: FastifyRequest, publicUrl: string): boolean {
  if (PROXIED.some((name) => headers[name] !== undefined)) return false;
  const own = new URL(publicUrl);
  const { host = '' } = headers;
  if (isLoopback(own.hostname) && isLoopbackHost(host)) return false;
  return !URL.canParse(`${own.protocol}//${host}`) || new URL(`${own.protocol}//${host}`).host !== own.host;
}

/** Headers in which a proxy names the client. */
const PROXIED = ['x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'forwarded'] as const;

/**
 * Browsers send cookies on behalf of any site: a change in a session carries the session's token as well, in the header
 * `x-csrf-token` or the form field `_csrf`, which is taken out before the form is looked at.
 * @throws ServiceError 403
 */
export function checkForgery(request: FastifyRequest, publicUrl: string): void {
  if (request.csrf === null || SAFE_METHODS.has(request.method)) return;
  checkSameOrigin(request, publicUrl);
  const given = request.headers['x-csrf-token'] ?? takeField(request.body);
  if (typeof given !== 'string' || !equal(given, request.csrf))
    throw new ServiceError(403, 'forged-request', 'the form belongs to another session; reload the page');
}

function takeField(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('_csrf' in body)) return undefined;
  const { _csrf } = body;
  delete body._csrf;
  return _csrf;
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
