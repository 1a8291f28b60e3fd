import formbody from '@fastify/formbody';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { literal, objectOf, optionalOf, string } from '../../../core/schema/index.ts';
import { nameOf } from '../../../registry/index.ts';
import { checkSameOrigin, endOfSession, idOfSession } from '../../auth/index.ts';
import type { Routes } from '../../context.ts';
import { PUBLIC, SIGNED_IN } from '../../http/index.ts';
import { ServiceError } from '../../problems/index.ts';
import { sendPage } from '../layout.ts';
import { signInPage } from '../pages/index.ts';
import { isForPeople } from '../problem.ts';
import { sentence } from '../words.ts';

const ReturnTo = string({ maxLength: 2000 });
const SignInQuery = objectOf({ return_to: optionalOf(ReturnTo) }, { more: false });
const PageQuery = objectOf(
  { return_to: optionalOf(ReturnTo), said: optionalOf(literal('signed-out')) },
  { more: false },
);
const SignInForm = objectOf(
  { token: string({ minLength: 1, maxLength: 200 }), return_to: optionalOf(ReturnTo) },
  { more: false },
);
const CallbackQuery = objectOf(
  {
    code: optionalOf(string({ maxLength: 4096 })),
    state: optionalOf(string({ maxLength: 512 })),
    error: optionalOf(string({ maxLength: 200 })),
  },
  // Issuers add parameters of their own (iss, session_state).
  { more: true },
);
const HIDDEN = { hide: true } as const;
/** Sign-ins a minute from one address. */
const ATTEMPTS = { max: 30, timeWindow: 60_000 };

/** Signing in to the console, at the identity provider or with an API token, and out. */
export const sessionRoutes: Routes = async (app, { config, registry }) => {
  const { oidc, sessions, authenticator } = app.signIn;
  const redirectUri = new URL('/signin/callback', config.publicUrl).href;
  const byIssuer = oidc !== null && config.oidc?.clientId != null;
  await app.register(formbody, { bodyLimit: 8 * 1024 });
  const open = { access: PUBLIC, rateLimit: ATTEMPTS };

  /** After a failed sign-in, the sign-in page shows the reason, and still leads to the requested page. */
  function tryAgain(request: FastifyRequest, reply: FastifyReply, error: unknown, returnTo: string): FastifyReply {
    if (!(error instanceof ServiceError) || !isForPeople(request)) throw error;
    if (error.status >= 500) request.log.error({ err: error.cause ?? error.message }, 'sign-in is not available');
    return sendPage(reply, signInPage({ byIssuer, returnTo, problem: sentence(error.message) }), error.status);
  }

  app.get(
    '/signin',
    { config: { access: PUBLIC }, schema: { ...HIDDEN, querystring: PageQuery } },
    ({ query: { return_to: returnTo, said } }, reply) =>
      sendPage(reply, signInPage({ byIssuer, returnTo: localPath(returnTo), isSignedOut: said !== undefined })),
  );
  app.post('/signin', { config: open, schema: { ...HIDDEN, body: SignInForm } }, async (request, reply) => {
    checkSameOrigin(request, config.publicUrl);
    const secret = request.body.token.trim();
    const returnTo = localPath(request.body.return_to);
    try {
      const owner = await authenticator.tokenOwner(secret);
      await registry.note(owner, 'session.started', nameOf(owner), { by: 'token' });
    } catch (error) {
      return tryAgain(request, reply, error, returnTo);
    }
    await sessions.start(reply, { kind: 'token', secret });
    return reply.redirect(returnTo, 303);
  });
  app.get('/signin/oidc', { config: open, schema: { ...HIDDEN, querystring: SignInQuery } }, async (request, reply) => {
    if (oidc === null || !byIssuer) throw new ServiceError(404, 'no-such-route', 'no identity provider is configured');
    const returnTo = localPath(request.query.return_to);
    try {
      const { url, login } = await oidc.begin(redirectUri);
      await sessions.startLogin(reply, { ...login, returnTo });
      return reply.redirect(url, 303);
    } catch (error) {
      return tryAgain(request, reply, error, returnTo);
    }
  });
  app.get(
    '/signin/callback',
    { config: open, schema: { ...HIDDEN, querystring: CallbackQuery } },
    async (request, reply) => {
      const { code, state, error: refusal } = request.query;
      const login = await sessions.takeLogin(request, reply, state);
      const returnTo = localPath(login?.returnTo);
      try {
        if (oidc === null || login === undefined) throw invalidSignIn('this sign-in was started in another browser');
        if (code === undefined) throw invalidSignIn(`the identity provider refused the sign-in${named(refusal)}`);
        const callback = new URL(redirectUri);
        callback.search = new URL(request.url, redirectUri).search;
        const principal = await oidc.finish(callback, login);
        await registry.note(principal, 'session.started', nameOf(principal), { by: 'oidc', roles: principal.roles });
        await sessions.start(reply, { kind: 'oidc', principal });
      } catch (error) {
        return tryAgain(request, reply, error, returnTo);
      }
      return reply.redirect(returnTo, 303);
    },
  );
  app.post('/signout', { config: { access: SIGNED_IN }, schema: HIDDEN }, async (request, reply) => {
    const session = await sessions.read(request);
    // A copy of the cookie is worth nothing from now on.
    if (session !== undefined) {
      await registry.endSession(idOfSession(session), endOfSession(session, new Date()));
      await registry.note(request.principal, 'session.ended', nameOf(request.principal));
    }
    sessions.end(reply);
    return reply.redirect('/signin?said=signed-out', 303);
  });
};

function invalidSignIn(detail: string): ServiceError {
  return new ServiceError(400, 'invalid-sign-in', `${detail}; sign in again`);
}

/** Errors have names (RFC 6749, 4.1.2.1); what is none is not shown. */
function named(refusal: string | undefined): string {
  return refusal !== undefined && /^[a-z_]{1,40}$/.test(refusal) ? ` (${refusal})` : '';
}

/** A page of this service to continue to, never of another site. */
function localPath(given: string | undefined): string {
  const here = 'http://service.invalid';
  if (given === undefined || !given.startsWith('/') || !URL.canParse(given, here)) return '/';
  const url = new URL(given, here);
  // What `..` and `.` leave may begin with two slashes, which browsers read as a host.
  return url.origin === here && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
}
