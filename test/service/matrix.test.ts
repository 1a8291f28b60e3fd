import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Principal, ROLES } from '../../src/registry/index.ts';
import { STORY } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { startTestService, type TestService } from './routes/harness.ts';
import { ended, fixture, register, uploadAll } from './routes/requests.ts';

/**
 * Who can call which route: the table beside this file, kept by hand. A route that is missing from it, or differs, fails; then
 * every caller calls every route.
 */
const TABLE: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('./access-rules.json', import.meta.url), 'utf8'),
);
/** In the table: `public`, or roles separated by spaces, after `operator:` where only the operator's tenant can call. */
type Rule = 'public' | { readonly roles: readonly string[]; readonly operator: boolean };
/** Creates an object of the caller's own, whatever the parameter of the path is called. */
const MAKES_OWN = new Set(['POST /v1/models/{name}/versions']);

/** A name that only the tenant `default` knows; no other tenant can ever see it. */
const SECRET = `secret-${randomUUID().slice(0, 8)}`;
const MODEL = `acme/${SECRET}`;
/** Everybody may see the names of suites: they are of the configuration. */
const SUITE = 'digits';
/** The registry's rules say which of these roles may waive. */
const RULED = new Set(['POST /v1/waivers']);
const DENIED = new Set(['missing-role', 'operator-only', 'not-signed-in', 'invalid-token']);
const BY: Principal = { tenant: 'default', subject: 'owner', issuer: null, roles: ['admin'], via: 'local' };

const folder = tempFolder();
let service: TestService;
/** The value of each path parameter, by the segment before it. */
let objects: Readonly<Record<string, string>>;
let bodies: Readonly<Record<string, unknown>>;
const tokens = new Map<string, string>();

beforeAll(async () => {
  writeFileSync(join(folder, `${SUITE}.yaml`), '{ version: 1, name: digits, data: {}, tests: [] }');
  service = await startTestService(
    { database: `sqlite:${join(folder, 'assay.db')}`, queue: 'embedded' },
    { suites: folder },
  );
  const owner = await service.as('owner', ROLES, 'default');
  const version = await register(owner, MODEL, [fixture('format-probes/st-ok/m.safetensors')]);
  const transition = await owner.call('POST', `/v1/versions/${version.id}/transition-requests`, {
    to: 'staging',
    comment: SECRET,
  });
  const jobs = await owner.call('GET', '/v1/jobs');
  const batch = await owner.call('POST', '/v1/jobs/batch', { jobs: [{ ref: `hf://acme/${SECRET}` }] });
  // This request would end while the log is read.
  await owner.call('POST', `/v1/batches/${batch.body.batch.id}/cancel`);
  const conversion = await owner.call('POST', '/v1/conversions', { version: version.id, to: 'onnx' });
  await ended(owner, conversion.body.id);
  const tested = await owner.call('POST', '/v1/tests', { version: version.id, suite: SUITE });
  await ended(owner, tested.body.id);
  const table = await uploadAll(owner, [{ path: 'rows.csv', bytes: Buffer.from(`label,x\n${SECRET},1\nb,2\n`) }]);
  const checked = await owner.call('POST', '/v1/data-checks', { upload: table, model: MODEL });
  await ended(owner, checked.body.id);
  const waiver = {
    rule: 'pickle.global.unlisted',
    digest: version.digest,
    reason: SECRET,
    owner: SECRET,
    expires: new Date(Date.now() + 86_400_000).toISOString(),
  };
  const waivers = await owner.call('POST', '/v1/waivers', waiver);
  const hook = { url: 'http://127.0.0.1:1/hook', events: ['*'] };
  const webhook = await owner.call('POST', '/v1/webhooks', { ...hook, url: `${hook.url}/${SECRET}` });
  const spare = await service.registry.createToken(BY, { name: `${SECRET}-spare`, roles: ['viewer'] });
  objects = {
    versions: version.id,
    'models/versions': '1',
    models: encodeURIComponent(MODEL),
    aliases: 'champion',
    transitions: transition.body.id,
    requests: transition.body.id,
    jobs: jobs.body.items[0].id,
    batches: batch.body.batch.id,
    conversions: conversion.body.id,
    tests: tested.body.id,
    'data-checks': checked.body.id,
    uploads: await uploadAll(owner, [{ path: SECRET, bytes: Buffer.from('x') }]),
    files: '0',
    waivers: waivers.body.id,
    images: randomUUID(),
    webhooks: webhook.body.id ?? webhook.body.webhook?.id,
    deliveries: randomUUID(),
    approvals: randomUUID(),
    'test-runs': randomUUID(),
    tokens: spare.token.id,
    // The model name that the Hub uses.
    'v1/tenant': 'default',
    'hub/owner': 'acme',
    'hub/name': SECRET,
    'hub/revision': '0'.repeat(40),
  };
  bodies = {
    'POST /v1/tokens': { name: 'x', roles: ['viewer'] },
    'POST /v1/decisions': { queries: [{ digest: version.digest }] },
    'POST /v1/jobs': { ref: 'hf://nobody/nothing@0123456789012345678901234567890123456789' },
    'POST /v1/jobs/batch': { jobs: [{ ref: 'hf://nobody/nothing@0123456789012345678901234567890123456789' }] },
    'PUT /v1/models/{name}/aliases/{alias}': { number: 1 },
    'POST /v1/policies/check': { source: 'version: 1' },
    'POST /v1/versions/{id}/transition-requests': { to: 'staging', comment: 'x' },
    'POST /v1/transitions/{id}/approve': { comment: 'x' },
    'POST /v1/transitions/{id}/reject': { comment: 'x' },
    'POST /v1/approvals/{id}/revoke': { reason: 'x' },
    'POST /v1/versions/{id}/tests': { attestation: '{}' },
    'POST /v1/test-runs/{id}/revoke': { reason: 'x' },
    'POST /v1/conversions': { ref: 'hf://nobody/nothing@0123456789012345678901234567890123456789', to: 'onnx' },
    'POST /v1/tests': { ref: 'hf://nobody/nothing@0123456789012345678901234567890123456789', suite: SUITE },
    'POST /v1/versions/{id}/data-baseline': { job: checked.body.id },
    'POST /v1/data-checks': { dataset: 'none', model: MODEL },
    'POST /v1/uploads': { files: [{ path: 'a', size: 1 }] },
    'POST /v1/models/{name}/versions': { ref: 'hf://nobody/nothing@0123456789012345678901234567890123456789' },
    'POST /v1/versions/{id}/quarantine': { reason: 'x' },
    'POST /v1/versions/{id}/retire': { reason: 'x' },
    'POST /v1/waivers': { ...waiver, reason: 'x', owner: 'x' },
    'POST /v1/images': { attestation: '{}' },
    'POST /v1/images/{id}/revoke': { reason: 'x' },
    'POST /v1/webhooks': hook,
    'POST /v1/adapters/mlflow/{tenant}': { entity: 'model_version', action: 'created', data: {} },
    'POST /v1/adapters/huggingface/{tenant}': { event: { action: 'update', scope: 'repo' }, repo: { type: 'model' } },
    'POST /hub/api/models/{owner}/{name}/paths-info/{revision}': { paths: ['a'] },
    'POST /hub/api/models/{name}/paths-info/{revision}': { paths: ['a'] },
  };
  for (const tenant of ['default', 'rival'])
    for (const role of ROLES) tokens.set(`${role} of ${tenant}`, (await service.as(role, [role], tenant)).token);
  // Created an hour ago, valid for half an hour.
  const ago = Date.now() - 3_600_000;
  vi.setSystemTime(ago);
  try {
    const expiring = { name: 'expiring', roles: ROLES, expiresAt: new Date(ago + 1_800_000) };
    tokens.set('expired', (await service.registry.createToken(BY, expiring)).secret);
  } finally {
    vi.useRealTimers();
  }
  const revoked = await service.registry.createToken(BY, { name: 'revoked', roles: ROLES });
  await service.registry.revokeToken(BY, revoked.token.id);
  tokens.set('revoked', revoked.secret);
  tokens.set('forged', `assay_${'x'.repeat(43)}`);
  tokens.set('of a foreign issuer', `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`);
});
afterAll(() => service.close());

interface Operation {
  readonly key: string;
  readonly method: string;
  /** The path with values for its parameters. */
  readonly path: string;
  readonly rule: Rule;
  /** The route names an object of the tenant `default`. */
  readonly named: boolean;
  /** A route for people: it answers with a page and does not redirect to the sign-in. */
  readonly page: boolean;
  /** A route that speaks the Hub's protocol, and refuses by its own rules what is not approved. */
  readonly hub: boolean;
}

/** Every route, in the OpenAPI document or a page. */
function operations(): Operation[] {
  return rules().map(({ method, url, key }) => {
    const words = url.replace('*', 'nothing').split('/');
    const makesOwn = MAKES_OWN.has(key);
    const hub = url.startsWith('/hub/');
    const path = words
      .map((word, i) => (word.startsWith(':') ? (makesOwn ? 'made-here' : objectOf(words, i)) : word))
      .join('/');
    const named = url.includes(':') && !makesOwn && !hub;
    return { key, method, path, rule: ruleOf(TABLE[key] ?? ''), named, page: !url.startsWith('/v1/') && !hub, hub };
  });
}

/** Every route but the HEAD routes that Fastify adds to a GET. */
function rules() {
  return service.app.accessRules
    .map((rule) => ({ ...rule, key: keyOf(rule.method, rule.url) }))
    .filter(
      ({ method, key }) => method !== 'HEAD' || service.document.paths[key.slice('HEAD '.length)]?.head !== undefined,
    );
}

/** The route's name in the table: parameters as in OpenAPI, without digests of assets. */
function keyOf(method: string, url: string): string {
  return `${method} ${url
    .replaceAll(/:(\w+)/g, '{$1}')
    .replace('*', '{*}')
    .replace(/\.[0-9a-f]{16}\./, '.{digest}.')}`;
}

function ruleOf(text: string): Rule {
  if (text === 'public') return text;
  const operator = text.startsWith('operator: ');
  return { operator, roles: text.replace('operator: ', '').split(' ') };
}

/** The value of the parameter at `i`. */
function objectOf(words: readonly string[], i: number): string {
  const [outer, word] = [words[i - 3], words[i - 1]];
  const known = objects[`${words[1]}/${words[i]?.slice(1)}`] ?? objects[`${outer}/${word}`] ?? objects[`${word}`];
  if (known === undefined) throw new Error(`nothing of the tenant stands for a parameter of ${words.join('/')}`);
  return known;
}

interface Outcome {
  readonly status: number;
  readonly code: string;
  readonly body: string;
}

async function call({ key, method, path }: Operation, token: string | undefined): Promise<Outcome> {
  const stop = new AbortController();
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(method === 'PATCH' ? { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' } : {}),
    ...(bodies[key] === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const body = bodies[key] === undefined ? null : JSON.stringify(bodies[key]);
  const request = { method, headers, body, signal: stop.signal, redirect: 'manual' } as const;
  const response = await fetch(`${service.url}${path}`, request);
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const text = isStream ? await firstOf(response, stop) : await response.text();
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, code: isJson && text !== '' ? String(JSON.parse(text).code) : '', body: text };
}

/** The first bytes of a stream: each begins with its retry time. */
async function firstOf(response: Response, stop: AbortController): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('\n\n')) break;
  }
  stop.abort();
  return text;
}

async function failures(
  who: string,
  outcome: (operation: Operation, outcome: Outcome) => string | undefined,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const operation of operations()) {
    const answer = await call(operation, tokens.get(who));
    const why = outcome(operation, answer);
    if (why !== undefined) wrong.push(`${operation.key} by ${who}: ${why}, not ${answer.status} ${answer.code}`);
  }
  return wrong;
}

/** The Hub cannot be reached from the test. */
function isLetInAtHub(status: number, code: string): boolean {
  return status !== 401 && status !== 500 && !DENIED.has(code);
}

/** Pages report errors without a code. */
function isRefusal(status: number, code: string, page: boolean): boolean {
  return status === 403 && (DENIED.has(code) || (page && code === ''));
}

const seqOf = () => service.registry.auditHead(BY);

// Actions that a role can do start jobs, which write to the audit log: the log is checked for other callers first.
describe('the routes', STORY, () => {
  test('are all in the table, with the roles that they declare', () => {
    const said = rules().map(({ key, access }) => {
      const who = access.kind === 'public' ? 'public' : access.roles.join(' ');
      return [key, access.kind === 'roles' && access.operator === true ? `operator: ${who}` : who];
    });
    expect(Object.fromEntries(said)).toEqual(TABLE);
  });

  test('match the OpenAPI document, and each with a body has an example here', () => {
    for (const [path, methods] of Object.entries(service.document.paths)) {
      for (const [name, operation] of Object.entries(methods)) {
        const method = name.toUpperCase();
        const key = `${method} ${path}`;
        const { 'x-assay-access': access, requestBody } = operation as unknown as Described;
        const who = access.kind === 'public' ? 'public' : (access.roles ?? []).join(' ');
        expect([key, access.operator === true ? `operator: ${who}` : who]).toEqual([key, TABLE[key]]);
        if (requestBody !== undefined && method !== 'PATCH') expect(bodies).toHaveProperty([key]);
      }
    }
  });

  interface Described {
    readonly 'x-assay-access': {
      readonly kind: string;
      readonly roles?: readonly string[];
      readonly operator?: boolean;
    };
    readonly requestBody?: unknown;
  }

  test.each(['anonymous', 'expired', 'revoked', 'forged', 'of a foreign issuer'])(
    'refuse a caller with these credentials: %s',
    async (who) => {
      const before = await seqOf();
      const wrong = await failures(who, ({ rule, page }, { status, code }) => {
        // Incoming webhooks are public and accept only signed bodies.
        if (rule === 'public')
          return (status === 401 || status === 403) && code !== 'bad-signature' ? 'should be open' : undefined;
        return status === 401 || (page && status === 303) ? undefined : 'should be 401';
      });
      expect(wrong).toEqual([]);
      expect(await seqOf()).toBe(before);
    },
  );

  test.each(ROLES)('hide everything from a %s of another tenant, who cannot change anything', async (role) => {
    const before = await seqOf();
    const wrong = await failures(
      `${role} of rival`,
      ({ key, path, rule, named, page, hub }, { status, code, body }) => {
        // What the caller sent is not a leak.
        const told = path.includes(SECRET) ? body.replaceAll(MODEL, '').replaceAll(objects.models ?? '', '') : body;
        if (told.includes(SECRET) && !hub) return 'should not be told';
        if (rule === 'public') return undefined;
        if (rule.operator || !rule.roles.includes(role))
          return isRefusal(status, code, page) ? undefined : 'should be 403';
        if (hub) return isLetInAtHub(status, code) ? undefined : 'should be let in';
        if (RULED.has(key) && code === 'forbidden') return undefined;
        if (status === 401 || status === 403 || status >= 500) return 'should be let in, to his own';
        // An empty form is refused before its object is looked up.
        const isGone = status === 404 || (page && (status === 400 || status === 415));
        return named && !isGone ? 'should be 404' : undefined;
      },
    );
    expect(wrong).toEqual([]);
    expect(await seqOf()).toBe(before);
  });

  test.each(ROLES)('let a %s do what the table says, and nothing more', async (role) => {
    const wrong = await failures(`${role} of default`, ({ rule, page, hub }, { status, code }) => {
      if (rule === 'public') return undefined;
      if (hub && rule.roles.includes(role)) return isLetInAtHub(status, code) ? undefined : 'should be let in';
      if (!rule.roles.includes(role)) return isRefusal(status, code, page) ? undefined : 'should be 403';
      return status === 401 || DENIED.has(code) || status >= 500 ? 'should be let in' : undefined;
    });
    expect(wrong).toEqual([]);
  });
});
