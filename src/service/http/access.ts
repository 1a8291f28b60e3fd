import type { FastifyReply, FastifyRequest } from 'fastify';
import { AssayError } from '../../core/index.ts';
import { type Principal, ROLES, type Role } from '../../registry/index.ts';
import type { Authenticator } from '../auth/index.ts';
import { OPERATOR_TENANT } from '../config.ts';
import type { Access, AccessRule } from '../context.ts';
import type { App } from '../fastify-app.ts';
import { ServiceError } from '../problems/index.ts';

export const PUBLIC: Access = { kind: 'public' };
/** Everybody who is signed in. */
export const SIGNED_IN: Access = { kind: 'roles', roles: ROLES };
/** Everybody who reads more than decisions. */
export const READERS: Access = {
  kind: 'roles',
  roles: ['viewer', 'submitter', 'reviewer', 'security-approver', 'admin'],
};

export function rolesOnly(...roles: readonly Role[]): Access {
  return { kind: 'roles', roles };
}

const principals = new WeakMap<FastifyRequest, Principal>();

/** Who asks; `undefined` on public routes. */
export function principalOf(request: FastifyRequest): Principal | undefined {
  return principals.get(request);
}

/** How a principal is told from every other one. */
export function principalKey({ tenant, issuer, subject, via }: Principal): string {
  return JSON.stringify([via, tenant, issuer, subject]);
}

/**
 * Refuses principals that the route does not name. Registered before any route, and after the limits.
 * @throws AssayError `internal` from the registration of a route that has no access rule.
 */
export function guardRoutes(app: App, authenticator: Authenticator): void {
  const rules: AccessRule[] = [];
  app.addHook('onRoute', (route) => {
    const { access } = route.config ?? {};
    if (access === undefined) throw defect(`${String(route.method)} ${route.url} has no access rule`);
    if (access.kind === 'roles' && access.roles.length === 0)
      throw defect(`${route.url} has an access rule that admits nobody`);
    for (const method of [route.method].flat()) rules.push({ method, url: route.url, access });
  });
  app.decorate('accessRules', rules);
  app.decorateRequest('principal', {
    getter(this: FastifyRequest): Principal {
      const principal = principals.get(this);
      if (principal === undefined) throw defect('reads the caller of a public route');
      return principal;
    },
  });
  app.decorateRequest('csrf', null);
  const failures = app.createRateLimit();
  /** After too many attempts, the answer states only that there were too many. */
  async function countFailure(request: FastifyRequest, reply: FastifyReply, error: unknown): Promise<void> {
    if (!(error instanceof ServiceError) || error.status !== 401) return;
    const count = await failures(request);
    if (count.isAllowed || !count.isExceeded) return;
    reply.header('retry-after', count.ttlInSeconds);
    throw new ServiceError(429, 'too-many-requests', `too many requests; try again in ${count.ttlInSeconds} seconds`);
  }
  app.addHook('onRequest', async (request, reply) => {
    const { access } = request.routeOptions.config;
    if (request.is404 || access === undefined || access.kind === 'public') return;
    const known = await authenticator.authenticate(request).catch(async (error: unknown) => {
      await countFailure(request, reply, error);
      throw error;
    });
    principals.set(request, known.principal);
    request.csrf = known.csrf;
    checkAccess(known.principal, access);
  });
  app.addHook('preValidation', (request, _reply, done) => {
    authenticator.checkForgery(request);
    done();
  });
}

function checkAccess(principal: Principal, access: Access): void {
  if (access.kind === 'public') return;
  if (access.operator === true && principal.tenant !== OPERATOR_TENANT) {
    throw new ServiceError(403, 'operator-only', 'this needs an operator of the service');
  }
  if (access.roles.some((role) => principal.roles.includes(role))) return;
  const wanted = access.roles.join(', ');
  throw new ServiceError(403, 'missing-role', `this needs one of the roles ${wanted}`);
}

function defect(message: string): AssayError {
  return new AssayError('internal', message);
}
