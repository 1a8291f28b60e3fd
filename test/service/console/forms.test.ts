import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../../src/registry/index.ts';
import { ALL_ASSETS } from '../../../src/service/console/assets.ts';
import { openUpload } from '../../../src/service/uploads/artifact.ts';
import { assessment } from '../../report/sample.ts';
import { all, parseHtml } from '../../support/parsed-html.ts';
import { OPERATOR, type TestService, testService } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
let service: TestService;
let origin: string;
beforeAll(async () => {
  service = await testService(join(folder, 'forms'));
  origin = new URL(service.config.publicUrl).origin;
});
afterAll(() => service.close());

/** As long as the boundary of a browser. */
const BOUNDARY = '----WebKitFormBoundary0123456789abcdef';
const HTML = { accept: 'text/html,application/xhtml+xml' };

const sessions = new Map<string, ReturnType<typeof startSession>>();

/** A user with a session, as a browser holds it. Sign-ins of an address are limited per minute, so the tests share users. */
function session(...roles: Role[]) {
  const started = sessions.get(roles.join()) ?? startSession(roles);
  sessions.set(roles.join(), started);
  return started;
}

async function startSession(roles: readonly Role[]) {
  const token = await service.token(roles);
  const signedIn = await service.app.inject({
    method: 'POST',
    url: '/signin',
    headers: { ...HTML, 'content-type': 'application/x-www-form-urlencoded' },
    payload: `token=${token}`,
  });
  expect(signedIn.statusCode).toBe(303);
  const cookie = String(signedIn.headers['set-cookie']).split(';')[0] ?? '';
  const get = (url: string) => service.app.inject({ url, headers: { ...HTML, cookie } });
  const csrf = /name="_csrf" value="([^"]+)"/.exec((await get('/console')).body)?.[1] ?? '';
  expect(csrf).not.toBe('');
  const send = (url: string, payload: string | Buffer, type: string, more = {}) =>
    service.app.inject({
      method: 'POST',
      url,
      headers: { ...HTML, cookie, origin, 'content-type': type, ...more },
      payload,
    });
  return {
    cookie,
    csrf,
    get,
    post: (url: string, fields: Readonly<Record<string, string>> = {}, more = {}) =>
      send(url, new URLSearchParams({ _csrf: csrf, ...fields }).toString(), 'application/x-www-form-urlencoded', more),
    /** A form with files, as a browser encodes it. */
    postFiles: (
      url: string,
      fields: Readonly<Record<string, string>>,
      files: readonly (readonly [string, string | Buffer])[],
    ) => {
      const parts = [
        ...Object.entries({ _csrf: csrf, ...fields }).map(([name, value]) =>
          Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`),
        ),
        ...files.flatMap(([name, bytes]) => [
          Buffer.from(
            `--${BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
          ),
          Buffer.from(bytes),
          Buffer.from('\r\n'),
        ]),
        Buffer.from(`--${BOUNDARY}--\r\n`),
      ];
      return send(url, Buffer.concat(parts), `multipart/form-data; boundary=${BOUNDARY}`);
    },
    send,
  };
}

async function register(model: string, subject = 'maker') {
  const digest = `sha256:${Buffer.from(model).toString('hex').padStart(64, '0').slice(-64)}`;
  const artifact = { ref: 'https://example.org/x', pinned: 'https://example.org/x', digest };
  const by = { ...OPERATOR, subject, roles: ['submitter', 'reviewer'] as const };
  const { version } = await service.registry.register(by, { model, assessment: assessment({ artifact }) });
  return { by, version };
}

describe('the form of a conversion', () => {
  it('takes an upload of rows, and shows itself again for one that there is not', async () => {
    const { context } = service;
    const rows = await context.uploads.create('default', OPERATOR.subject, [
      { path: 'inputs.npz', size: 1, sha256: null },
    ]);
    await context.uploads.append('default', rows.id, 'inputs.npz', 0, Readable.from([Buffer.from('x')]));
    await context.uploads.complete('default', rows.id);
    const { version } = await register('acme/rows');

    // Somebody else's upload: an administrator may use it.
    const sam = await session('admin');
    const url = `/console/versions/${version.id}/convert`;
    expect((await sam.get(url)).body).toContain('Upload with rows');
    const fields = { to: 'onnx', model: 'acme/rows-onnx', verify: 'yes' };
    const none = await sam.post(url, { ...fields, rows: 'no-such-upload' });
    expect(none.statusCode).toBe(422);
    expect(none.body).toContain('value="no-such-upload"');
    expect((await sam.post(url, { ...fields, rows: rows.id })).statusCode).toBe(303);
    const [job] = (await service.registry.jobs.list(OPERATOR, { kind: 'convert' })).items;
    expect(job?.conversion).toMatchObject({ to: 'onnx', verify: true, rows: rows.id });
  });
});

describe('a form', () => {
  it.each([
    ['without the forgery token of the session', { _csrf: '' }, {}, 'forged-request'],
    ['with the forgery token of another session', { _csrf: 'x'.repeat(32) }, {}, 'forged-request'],
    ['from another site by its Origin', {}, { origin: 'https://evil.example' }, 'cross-site'],
    ['from another site by Sec-Fetch-Site', {}, { 'sec-fetch-site': 'cross-site' }, 'cross-site'],
  ])('changes nothing: %s', async (_, fields, headers, code) => {
    const { post } = await session('admin');
    const before = (await service.registry.tokens(OPERATOR)).length;
    const { statusCode, body } = await post(
      '/console/tokens',
      { name: 'forged', roles: 'viewer', expires: '', ...fields },
      headers,
    );
    expect([statusCode, body.includes(code)]).toEqual([403, true]);
    expect(await service.registry.tokens(OPERATOR)).toHaveLength(before);
  });

  it.each([
    ['/console/tokens', { name: 'bad name', roles: 'viewer' }],
    ['/console/tokens', { name: 'good', roles: 'emperor' }],
    ['/console/tokens', { name: 'good', roles: 'viewer', more: 'x' }],
    ['/console/tokens', { name: 'good', roles: 'viewer', expires: '2001-01-01' }],
    ['/console/submit', { ref: '/etc/passwd', model: 'a/b' }],
    ['/console/submit', { ref: 'http://169.254.169.254/latest', model: 'a/b' }],
    ['/console/submit', { ref: 'https://example.org/x', model: '../..' }],
    ['/console/submit', { ref: 'x'.repeat(2000) }],
    [
      '/console/waivers/new',
      { rule: 'verdict.malicious', digest: `sha256:${'0'.repeat(64)}`, reason: 'x', owner: 'x', expires: '2099-01-01' },
    ],
    ['/console/waivers/new', { rule: 'a.b', digest: 'x', reason: 'x', owner: 'x', expires: '2099-01-01' }],
  ])('posted to %s is refused with a page that gives the reason (%#)', async (url, fields) => {
    const { post } = await session('admin');
    const { statusCode, body, headers } = await post(url, fields);
    expect([400, 409, 422]).toContain(statusCode);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(parseHtml(body).errors).toEqual([]);
    expect(body).toContain('Nothing was changed.');
  });

  it('with files creates an upload with the same bytes, and a job', async () => {
    const { postFiles, get } = await session('submitter');
    const { statusCode, headers } = await postFiles('/console/submit/files', { upload_model: 'acme/files' }, [
      ['a.bin', Buffer.from([0, 255, 13, 10, 45, 45, 98])],
      ['empty.txt', ''],
    ]);
    expect(statusCode).toBe(303);
    const job = await get(String(headers.location));
    const id = /upload:([0-9a-z-]+)/.exec(job.body)?.[1] ?? '';
    const { state, files } = await service.context.uploads.get('default', id);
    expect(state).toBe('complete');
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ['a.bin', 7],
      ['empty.txt', 0],
    ]);
    const artifact = openUpload(join(service.context.config.dataFolder, 'uploads'), 'default', id);
    const source = await artifact.files[0]?.open();
    expect([...((await source?.read(0, 7)) ?? [])]).toEqual([0, 255, 13, 10, 45, 45, 98]);
    await source?.close();
  });

  it.each([
    ['no files', { upload_model: 'a/b' }, [], 400],
    ['no model', { upload_model: '' }, [['a', 'x']], 400],
    ['an invalid model', { upload_model: '../x' }, [['a', 'x']], 400],
    ['a name that leaves the folder', { upload_model: 'a/b' }, [['../../etc/passwd', 'x']], 422],
    ['a device name', { upload_model: 'a/b' }, [['NUL', 'x']], 422],
    [
      'the same name twice',
      { upload_model: 'a/b' },
      [
        ['a', 'x'],
        ['a', 'y'],
      ],
      422,
    ],
    ['more bytes than a form may have', { upload_model: 'a/b' }, [['a', 'x'.repeat(17 * 1024 * 1024)]], 413],
  ] as const)('with files is refused and nothing is stored: %s', async (_, fields, files, status) => {
    const { postFiles } = await session('submitter');
    const jobs = (await service.registry.jobs.list(OPERATOR)).items.length;
    const { statusCode, body } = await postFiles('/console/submit/files', fields, files);
    expect([statusCode, body.includes('Nothing was changed.')]).toEqual([status, true]);
    expect((await service.registry.jobs.list(OPERATOR)).items).toHaveLength(jobs);
  });

  const waiver = { rule: 'a.b', digest: 'x', file: 'f.bin', reason: 'read <it>', owner: 'me', expires: '2099-01-01' };
  it.each([
    ['/console/submit', { ref: '/etc/passwd', model: 'acme/kept' }, ['/etc/passwd', 'acme/kept']],
    ['/console/waivers/new', waiver, Object.values({ ...waiver, reason: 'read &lt;it&gt;' })],
    ['/console/tokens', { name: 'bad name', roles: 'gate', expires: '2099-01-01' }, ['bad name', '2099-01-01']],
  ])('posted to %s and refused comes back with its input and the reason', async (url, fields, kept) => {
    const { post } = await session('admin');
    const { body } = await post(url, fields);
    expect(all(parseHtml(body), 'form').length).toBeGreaterThan(1);
    expect(body).toMatch(/role="alert"><p class="note bad"><bdi>[^<]{10,}<\/bdi> Nothing was changed\./);
    for (const value of kept) expect(body).toContain(`value="${value}"`);
    if (url.endsWith('tokens')) expect(body).toContain('value="gate" checked');
  });

  it.each([
    ['/console/tokens', { name: 'a' }, 'The form has no roles.'],
    ['/console/tokens', { name: 'a b', roles: 'viewer' }, 'The field name must match'],
    [
      '/console/waivers/new',
      { ...waiver, rule: 'verdict.malicious', digest: `sha256:${'0'.repeat(64)}` },
      '<bdi>verdict.malicious cannot be waived',
    ],
  ])('posted to %s gets a readable error (%#)', async (url, fields, says) => {
    const { post } = await session('admin');
    expect((await post(url, fields)).body).toContain(says);
  });

  it('with files that is refused keeps the name of the model', async () => {
    const { postFiles } = await session('submitter');
    const { statusCode, body } = await postFiles('/console/submit/files', { upload_model: 'acme/kept' }, [
      ['NUL', 'x'],
    ]);
    expect([statusCode, body.includes('value="acme/kept"')]).toEqual([422, true]);
  });

  it('keeps the reason that a user entered', async () => {
    const { version } = await register('acme/said');
    const admin = await session('admin');
    const reason = `\r\nfirst line\r\n</textarea><b>second ${'x'.repeat(1500)}\x01`;
    for (const [path, fields] of [
      ['request', { to: 'production', comment: reason }],
      ['quarantine', { reason }],
      ['retire', { reason }],
    ] as const) {
      const { statusCode, body } = await admin.post(`/console/versions/${version.id}/${path}`, fields);
      expect([path, statusCode]).toEqual([path, 400]);
      expect(parseHtml(body).errors).toEqual([]);
      expect(body).toContain(`>\n\nfirst line\n&lt;/textarea&gt;&lt;b&gt;second ${'x'.repeat(1500)}`);
    }
    expect((await service.registry.version(OPERATOR, { id: version.id })).stage).toBe('candidate');
  });

  it('posted after the session ended says so and returns to the form after sign-in', async () => {
    const { statusCode, body } = await service.app.inject({
      method: 'POST',
      url: '/console/requests/x/approve',
      headers: { ...HTML, origin, referer: `${origin}/console/requests/x/approve`, 'content-type': 'text/plain' },
    });
    expect(statusCode).toBe(401);
    expect(body).toContain('or the session has expired');
    expect(body).toContain('href="/signin?return_to=%2Fconsole%2Frequests%2Fx%2Fapprove"');
  });

  it.each([
    '',
    `--${BOUNDARY}`,
    `--${BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx`,
    `--${BOUNDARY}\r\n${'x: y\r\n'.repeat(5000)}`,
  ])('with files that cannot be parsed (%#) is refused', async (body) => {
    const { send } = await session('submitter');
    const { statusCode } = await send('/console/submit/files', body, `multipart/form-data; boundary=${BOUNDARY}`);
    expect([400, 403]).toContain(statusCode);
  });
});

describe('the approval form', () => {
  it('approves only what the user saw: after a change of policy or ruleset nothing is signed', async () => {
    const { by, version } = await register('acme/seen');
    const request = await service.registry.requestTransition(by, version.id, 'staging', 'x');
    const reviewer = await session('reviewer');
    const page = await reviewer.get(`/console/requests/${request.id}/approve`);
    expect(page.body).toContain(version.digest);
    const decision = (await service.registry.decisions(OPERATOR, version.id)).find(({ stage }) => stage === 'staging');
    const seen = {
      role: 'reviewer',
      comment: 'x',
      until: '',
      digest: version.digest,
      decision: decision?.id ?? '',
      policy_digest: decision?.decision.policyDigest ?? '',
      ruleset_digest: decision?.ruleset.digest ?? '',
    };
    for (const [name, value] of Object.entries(seen)) {
      if (['role', 'comment', 'until'].includes(name)) continue;
      // The form itself carries the ids of what the user saw.
      expect(page.body).toContain(`name="${name}" value="${value}"`);
    }
    for (const other of ['digest', 'decision', 'policy_digest', 'ruleset_digest']) {
      const { statusCode, body } = await reviewer.post(`/console/requests/${request.id}/approve`, {
        ...seen,
        [other]: `sha256:${'f'.repeat(64)}`,
      });
      expect([other, statusCode, body.includes('read it again')]).toEqual([other, 409, true]);
    }
    expect((await service.registry.transition(OPERATOR, request.id)).votes).toEqual([]);
  });

  it('of an outdated page is shown again with the current state and the typed text', async () => {
    const { by, version } = await register('acme/stale');
    const request = await service.registry.requestTransition(by, version.id, 'staging', 'x');
    const reviewer = await session('reviewer');
    const old = { digest: version.digest, decision: 'another', policy_digest: 'x', ruleset_digest: 'x' };
    const path = `/console/requests/${request.id}/approve`;
    const stale = await reviewer.post(path, { role: 'reviewer', comment: 'read it all', until: '2099-01-01', ...old });
    expect([stale.statusCode, stale.body.includes('>\nread it all</textarea>')]).toEqual([409, true]);
    expect(stale.body).toContain('value="2099-01-01"');
    for (const value of [version.digest, 'reviewer']) expect(stale.body).toContain(`value="${value}"`);
    expect(stale.body).not.toContain('value="another"');
  });

  it('counts a rejection that is sent twice once', async () => {
    const { by, version } = await register('acme/twice');
    const request = await service.registry.requestTransition(by, version.id, 'staging', 'x');
    const reviewer = await session('reviewer');
    for (let i = 0; i < 2; i++) {
      const path = `/console/requests/${request.id}/reject`;
      const { headers } = await reviewer.post(path, { role: 'reviewer', comment: 'no' });
      expect(headers.location).toBe(`/console/requests/${request.id}?said=voted`);
    }
    expect((await service.registry.transition(OPERATOR, request.id)).votes).toHaveLength(1);
  });

  it('is refused to the requester, on the page and in the route', async () => {
    const token = await service.token(['submitter', 'reviewer']);
    const headers = { ...HTML, authorization: `Bearer ${token}` };
    const { version } = await register('acme/own');
    const asked = await service.app.inject({
      method: 'POST',
      url: `/console/versions/${version.id}/request`,
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'to=staging&comment=mine',
    });
    const path = String(asked.headers.location).split('?')[0];
    const form = 'role=reviewer&comment=x&until=&digest=x&decision=x&policy_digest=x&ruleset_digest=x';
    const vote = {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    } as const;
    const answers = [
      await service.app.inject({ url: `${path}/approve`, headers }),
      await service.app.inject({ ...vote, url: `${path}/approve`, payload: form }),
      await service.app.inject({ ...vote, url: `${path}/reject`, payload: 'role=reviewer&comment=x' }),
    ];
    for (const { statusCode, body } of answers) expect([statusCode, body.includes('own-request')]).toEqual([403, true]);
  });
});

describe('errors', () => {
  it('are shown to people as a page and to programs as a problem document', async () => {
    const { get, cookie } = await session('viewer');
    for (const [url, status, text] of [
      ['/console/nowhere', 404, 'his address does not exist'],
      ['/nowhere', 404, 'his address does not exist'],
      ['/console/versions/none', 404, 'The version does not exist'],
      ['/console/tokens', 403, 'You have viewer'],
      ['/console?stage=moon', 400, 'stage'],
      ['/console/models/%E0%A4%A', 400, ''],
    ] as const) {
      const { statusCode, body, headers } = await get(url);
      expect([url, statusCode, headers['content-type']]).toEqual([url, status, 'text/html; charset=utf-8']);
      expect(body).toContain(text);
      expect(parseHtml(body).errors).toEqual([]);
      const other = await service.app.inject({ url, headers: { cookie } });
      expect([other.statusCode, other.headers['content-type']]).toEqual([
        status,
        'application/problem+json; charset=utf-8',
      ]);
    }
  });

  it('show no internals of a defect, and state the retry time after too many requests', async () => {
    const broken = await testService(join(folder, 'broken'), {
      config: { limits: { ...service.config.limits, requestsPerMinute: 3 } },
    });
    const authorization = `Bearer ${await broken.token(['admin'])}`;
    const get = (url: string) => broken.app.inject({ url, headers: { ...HTML, authorization } });
    broken.registry.waivers = async () => {
      throw new TypeError('secret at /srv/assay/key.pem');
    };
    const failed = await get('/console/waivers');
    expect([failed.statusCode, failed.body.includes('500 <code>internal</code>')]).toEqual([500, true]);
    expect(failed.body).not.toMatch(/TypeError|secret|key\.pem|\.ts:|at Object/);
    await get('/console');
    await get('/console');
    const many = await get('/console');
    expect([many.statusCode, many.body.includes('too-many-requests')]).toEqual([429, true]);
    expect(Number(many.headers['retry-after'])).toBeGreaterThan(0);
    await broken.close();
  });

  it('send a user who is not signed in to the sign-in page, and back afterwards', async () => {
    const { statusCode, headers } = await service.app.inject({ url: '/console/jobs?state=done', headers: HTML });
    expect([statusCode, headers.location]).toEqual([303, '/signin?return_to=%2Fconsole%2Fjobs%3Fstate%3Ddone']);
    const page = await service.app.inject({ url: String(headers.location), headers: HTML });
    expect(page.body).toContain('value="/console/jobs?state=done"');
  });
});

describe('pages', () => {
  it.each(ALL_ASSETS)('load $path, which browsers cache permanently', async ({ path, type, body }) => {
    const answer = await service.app.inject({ url: path });
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([200, type, body]);
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  it('load nothing but the assets, and are never cached themselves', async () => {
    const { get } = await session('viewer');
    const { headers } = await get('/console');
    expect(headers['content-security-policy']).toBe(
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'",
    );
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe('the audit log page', () => {
  it('lists entries from the newest to the oldest, each once', async () => {
    for (let i = 0; i < 60; i++) await service.token(['viewer']);
    const { get } = await session('viewer');
    const seen: number[] = [];
    for (let url: string | undefined = '/console/audit'; url !== undefined; ) {
      const { body } = await get(url);
      seen.push(...[...body.matchAll(/role="rowheader">(\d+)</g)].map(([, seq]) => Number(seq)));
      url = /href="([^"]+)">Older entries/.exec(body)?.[1]?.replaceAll('&amp;', '&');
    }
    const head = await service.registry.auditHead(OPERATOR);
    expect(seen).toEqual(Array.from({ length: head }, (_, i) => head - i));
  });
});
