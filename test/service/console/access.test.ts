import { join } from 'node:path';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../../../src/registry/index.ts';
import { consoleRoutes } from '../../../src/service/console/routes.ts';
import type { Access } from '../../../src/service/context.ts';
import type { App } from '../../../src/service/fastify-app.ts';
import { openServiceRegistry } from '../../../src/service/open-registry.ts';
import { assessment } from '../../report/sample.ts';
import { daysFromNow } from '../../support/days.ts';
import { OPERATOR, type TestService, testService } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';

const READERS: readonly Role[] = ['viewer', 'submitter', 'reviewer', 'security-approver', 'admin'];
const SUBMITTERS: readonly Role[] = ['submitter', 'admin'];
const REQUESTERS: readonly Role[] = ['submitter', 'reviewer', 'security-approver', 'admin'];
const REVIEWERS: readonly Role[] = ['reviewer', 'security-approver', 'admin'];
const WAIVER_ROLES: readonly Role[] = ['security-approver', 'admin'];

/** Who can call which route: a route that is not in this table, or that admits other roles, fails the test. */
const MAY: Readonly<Record<string, readonly Role[] | 'public'>> = {
  'GET /': ROLES,
  'GET /console/*': ROLES,
  'GET /console': READERS,
  'GET /console/models/:name': READERS,
  'GET /console/versions/:id': READERS,
  'GET /console/versions/:id/assessment': READERS,
  'GET /console/versions/:id/changes': READERS,
  'GET /console/versions/:id/request': REQUESTERS,
  'POST /console/versions/:id/request': REQUESTERS,
  'GET /console/versions/:id/quarantine': REVIEWERS,
  'POST /console/versions/:id/quarantine': REVIEWERS,
  'GET /console/versions/:id/retire': REVIEWERS,
  'POST /console/versions/:id/retire': REVIEWERS,
  'GET /console/versions/:id/approvals/:approval/revoke': REVIEWERS,
  'POST /console/versions/:id/approvals/:approval/revoke': REVIEWERS,
  'GET /console/versions/:id/tests/:run/revoke': ['security-approver', 'admin'],
  'POST /console/versions/:id/tests/:run/revoke': ['security-approver', 'admin'],
  'GET /console/jobs': READERS,
  'GET /console/jobs/events': READERS,
  'GET /console/jobs/:id': READERS,
  'GET /console/jobs/:id/events': READERS,
  'POST /console/jobs/:id/cancel': SUBMITTERS,
  'GET /console/versions/:id/convert': SUBMITTERS,
  'POST /console/versions/:id/convert': SUBMITTERS,
  'GET /console/conversions/:id': READERS,
  'POST /console/conversions/:id/remove': SUBMITTERS,
  'GET /console/data-checks/:id': READERS,
  'POST /console/data-checks/:id/remove': SUBMITTERS,
  'GET /console/versions/:id/test': SUBMITTERS,
  'POST /console/versions/:id/test': SUBMITTERS,
  'GET /console/tests/:id': READERS,
  'POST /console/tests/:id/remove': SUBMITTERS,
  'GET /console/submit': SUBMITTERS,
  'POST /console/submit': SUBMITTERS,
  'POST /console/submit/files': SUBMITTERS,
  'GET /console/requests': READERS,
  'GET /console/requests/:id': READERS,
  'GET /console/requests/:id/approve': REVIEWERS,
  'POST /console/requests/:id/approve': REVIEWERS,
  'GET /console/requests/:id/reject': REVIEWERS,
  'POST /console/requests/:id/reject': REVIEWERS,
  'POST /console/requests/:id/withdraw': REQUESTERS,
  'GET /console/usage': READERS,
  'GET /console/audit': READERS,
  'GET /console/audit/verify': REVIEWERS,
  'GET /console/policies': READERS,
  'GET /console/waivers': READERS,
  'GET /console/waivers/new': WAIVER_ROLES,
  'POST /console/waivers/new': WAIVER_ROLES,
  'POST /console/waivers/:id/revoke': WAIVER_ROLES,
  'GET /console/tokens': ['admin'],
  'POST /console/tokens': ['admin'],
  'POST /console/tokens/:id/revoke': ['admin'],
};

interface Route {
  readonly method: string;
  readonly url: string;
  readonly access: Access | undefined;
  readonly hidden: boolean;
}

const folder = tempFolder();
let service: TestService;
let routes: readonly Route[];
/** Ids of the other tenant. */
let theirs: {
  readonly version: string;
  readonly job: string;
  readonly request: string;
  readonly waiver: string;
  readonly token: string;
};

beforeAll(async () => {
  service = await testService(join(folder, 'access'));
  routes = await routesOfConsole();
  theirs = await plantOther();
});
afterAll(() => service.close());

/** The routes that the console registers with Fastify. */
async function routesOfConsole(): Promise<Route[]> {
  const found: Route[] = [];
  const bare = Fastify();
  bare.addHook('onRoute', ({ method, url, config, schema }) => {
    for (const one of [method].flat()) {
      const isHidden = (schema as { readonly hide?: boolean } | undefined)?.hide === true;
      if (one !== 'HEAD') found.push({ method: one, url, access: config?.access, hidden: isHidden });
    }
  });
  await consoleRoutes(bare as unknown as App, service.context);
  await bare.close();
  return found;
}

async function plantOther() {
  const { registry } = service;
  const by = { ...OPERATOR, tenant: 'other', roles: [...ROLES] };
  const digest = `sha256:${'c'.repeat(64)}`;
  const artifact = { ref: 'https://example.org/x', pinned: 'https://example.org/x', digest };
  const { version } = await registry.register(by, { model: 'their/model', assessment: assessment({ artifact }) });
  const { job } = await registry.jobs.create(by, { target: 'hf://their/model', model: 'their/model', ruleset: 'none' });
  const request = await registry.requestTransition(by, version.id, 'staging', 'x');
  const waiverRequest = { rule: 'verdict.suspicious', digest, reason: 'x', owner: 'x', expires: daysFromNow(100) };
  // A service with a signing key signs the waivers of its users.
  const signing = await openServiceRegistry(service.config);
  const waiver = await signing.addWaiver(by, waiverRequest);
  await signing.close();
  const { token } = await registry.createToken(by, { name: 'their-token', roles: ['viewer'] });
  return { version: version.id, job: job.id, request: request.id, waiver: waiver.id, token: token.id };
}

/** A request that names an object of the other tenant. */
function call({ method, url }: Route, secret: string | undefined) {
  const kind = /^\/console\/(\w+)/.exec(url)?.[1] ?? '';
  const ids: Readonly<Record<string, string>> = {
    versions: theirs.version,
    jobs: theirs.job,
    requests: theirs.request,
    waivers: theirs.waiver,
    tokens: theirs.token,
  };
  const path = url
    .replace(':id', ids[kind] ?? 'none')
    .replace(':name', 'their%2Fmodel')
    .replace(':approval', 'none')
    .replace(':run', 'none')
    .replace('*', 'nowhere');
  return service.app.inject({
    method: method as 'GET',
    url: path + (QUERIES[`${method} ${url}`] ?? ''),
    headers: { accept: 'text/html', ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }) },
    ...(FORMS[url] === undefined || method === 'GET'
      ? {}
      : {
          payload: FORMS[url],
          headers: {
            accept: 'text/html',
            authorization: `Bearer ${secret}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
        }),
  });
}

const QUERIES: Readonly<Record<string, string>> = { 'GET /console/versions/:id/request': '?to=staging' };
const FORMS: Readonly<Record<string, string>> = {
  '/console/versions/:id/request': 'to=staging&comment=x',
  '/console/versions/:id/quarantine': 'reason=x',
  '/console/versions/:id/retire': 'reason=x',
  '/console/versions/:id/approvals/:approval/revoke': 'reason=x',
  '/console/versions/:id/tests/:run/revoke': 'reason=x',
  '/console/requests/:id/approve':
    'role=reviewer&comment=x&until=&digest=x&decision=x&policy_digest=x&ruleset_digest=x',
  '/console/requests/:id/reject': 'role=reviewer&comment=x',
};

const isAsset = ({ url }: Route) => url.startsWith('/console/assets/');
const nameOf = ({ method, url }: Route) => `${method} ${url}`;

describe('the routes of the console', () => {
  it('are those of the table, with its roles, and absent from the OpenAPI document', () => {
    const said = Object.fromEntries(
      routes
        .filter((route) => !isAsset(route))
        .map((route) => [nameOf(route), route.access?.kind === 'roles' ? route.access.roles : 'public']),
    );
    expect(said).toEqual(MAY);
    expect(routes.filter(isAsset).map(({ access }) => access?.kind)).toEqual(['public', 'public', 'public']);
    expect(routes.every(({ hidden }) => hidden)).toBe(true);
    expect(JSON.stringify(service.app.swagger())).not.toContain('/console');
  });

  it('refuse a role that the table does not name and a caller who is not signed in', async () => {
    const wrong: string[] = [];
    for (const role of ROLES) {
      const secret = await service.token([role]);
      for (const route of routes.filter((one) => !isAsset(one) && !one.url.endsWith('/events'))) {
        const { statusCode, body } = await call(route, secret);
        const isRefused = statusCode === 403 && body.includes('missing-role');
        if (isRefused === MAY[nameOf(route)]?.includes(role))
          wrong.push(`${role}: ${nameOf(route)} answers ${statusCode}`);
      }
    }
    for (const route of routes.filter((one) => !isAsset(one))) {
      const { statusCode, headers } = await call(route, undefined);
      const expected = route.method === 'GET' ? 303 : 401;
      if (statusCode !== expected) wrong.push(`nobody: ${nameOf(route)} answers ${statusCode}`);
      if (expected === 303 && !String(headers.location).startsWith('/signin'))
        wrong.push(`${nameOf(route)} leads to ${headers.location}`);
    }
    expect(wrong).toEqual([]);
  });

  it('reveal nothing of another tenant', async () => {
    const all = await service.token([...ROLES]);
    const wrong: string[] = [];
    for (const route of routes.filter(({ url }) => /:(id|name)/.test(url))) {
      const { statusCode, body } = await call(route, all);
      // The page repeats an unknown name as the caller wrote it.
      const isEcho = route.url.includes(':name');
      if (statusCode !== 404 || (!isEcho && body.includes('their')))
        wrong.push(`${nameOf(route)} answers ${statusCode}`);
    }
    for (const url of [
      '/console',
      '/console/jobs',
      '/console/requests?state=all',
      '/console/waivers',
      '/console/audit',
      '/console/tokens',
    ]) {
      const { statusCode, body } = await service.app.inject({ url, headers: { authorization: `Bearer ${all}` } });
      if (statusCode !== 200 || body.includes('their')) wrong.push(`${url} tells of them`);
    }
    expect(wrong).toEqual([]);
  });
});
