import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toHtml } from '../report/markdown-html.ts';
import { tempFolder } from '../support/temp.ts';
import { CLEAN, MALICIOUS } from './artifacts.ts';
import { Repository } from './repository.ts';
import { pullRequest, type Ran, runAction } from './run-action.ts';

const scratch = tempFolder();
const TOKEN = 'assay_s3cret-of-the-gate';
let repository: Repository;
let base: string;
let count = 0;
let servers: Server[] = [];

beforeEach(() => {
  repository = new Repository(join(scratch, `r${count++}`));
  base = repository.write('README.md', '# models\n').commit('base');
});
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
});

type Answer = (asked: readonly Query[], response: ServerResponse, request: IncomingMessage) => void;

interface Query {
  readonly digest?: string;
  readonly ref?: string;
}

async function listening(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}`;
}

/** A server that imitates a service. */
function stranger(answer: Answer): Promise<string> {
  return listening(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { queries } = JSON.parse(Buffer.concat(parts).toString('utf8')) as { queries: Query[] };
    answer(queries, response, request);
  });
}

async function onPullRequest(url: string, inputs: Record<string, string> = {}): Promise<Ran> {
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  const asked = { 'service-url': url, 'service-token': TOKEN, ...inputs };
  const payload = pullRequest(base, head);
  const ran = await runAction({ repository, event: 'pull_request', payload, sha, inputs: asked }, scratch);
  expect(ran.stdout.replaceAll(`::add-mask::${TOKEN}\n`, '') + ran.summary + ran.stderr).not.toContain(TOKEN);
  return ran;
}

const item = (digest: string, more: object = {}) => ({
  model: 'acme/x',
  number: 1,
  digest,
  pinned: [],
  stage: 'production',
  action: 'allow',
  policy: 'baseline',
  policyDigest: '',
  approvedFor: ['production'],
  notAfter: null,
  restsOn: ['approval'],
  reason: '',
  ...more,
});
const json = (response: ServerResponse, value: unknown) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
const approving: Answer = (asked, response) =>
  json(response, {
    results: asked.map((query) => ({ query, items: query.digest === undefined ? [] : [item(query.digest)] })),
  });

describe('an invalid answer of the service is an error, also with on-outage:', () => {
  const cases: readonly (readonly [string, Answer, string])[] = [
    ['text', (_, response) => response.end('<html>welcome</html>'), 'is not JSON'],
    ['another JSON object', (_, response) => json(response, { hello: 1 }), 'unexpected document'],
    ['a list', (_, response) => json(response, []), 'unexpected document'],
    ['a missing answer', (_, response) => json(response, { results: [] }), 'other questions than it was asked'],
    [
      'answers to another question',
      (asked, response) => json(response, { results: asked.map(() => ({ query: { ref: 'hf://a/b' }, items: [] })) }),
      'other questions than it was asked',
    ],
    [
      'approvals of other bytes',
      (asked, response) =>
        json(response, { results: asked.map((query) => ({ query, items: [item(`sha256:${'0'.repeat(64)}`)] })) }),
      'other questions than it was asked',
    ],
    [
      'an unknown action',
      (asked, response) =>
        json(response, {
          results: asked.map((query) => ({ query, items: [item(query.digest ?? '', { action: 'green' })] })),
        }),
      'unexpected document',
    ],
    ['endless nesting', (_, response) => response.end(`{"results":${'['.repeat(100_000)}`), 'deep'],
    [
      'too many bytes',
      (_, response) => {
        const part = Buffer.alloc(1024 * 1024, ' ');
        const more = () => {
          while (response.writable && response.write(part));
        };
        response.on('drain', more);
        more();
      },
      'more than',
    ],
    ['a 404 page', (_, response) => response.writeHead(404).end('none'), 'status 404'],
    [
      'a redirect to the metadata server',
      (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
      'redirects a request',
    ],
    [
      'a redirect that preserves the request',
      (_, response) => response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
      'redirects a request',
    ],
    [
      'an invalid refusal',
      (_, response) =>
        response
          .writeHead(403, { 'content-type': 'application/problem+json' })
          .end(JSON.stringify({ code: 'missing-role', detail: 'no\n::set-output name=decision::allow' })),
      'role gate',
    ],
  ];

  it.each(cases)('%s', async (_, answer, message) => {
    repository.write('new.pkl', CLEAN);
    const ran = await onPullRequest(await stranger(answer), { 'on-outage': 'neutral', 'github-token': 'ghs_x' });
    expect(ran.stderr).toBe('');
    expect(ran).toMatchObject({ code: 2, outputs: { decision: 'error' } });
    expect(ran.annotations).toHaveLength(1);
    expect(ran.annotations[0]?.message).toContain(message);
  });
});

describe('a hostile service', () => {
  it('cannot allow a malicious file', async () => {
    repository.write('new.pkl', MALICIOUS);
    expect(await onPullRequest(await stranger(approving))).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
  });

  it('can write no command and no markup', async () => {
    const reason = 'x\n::set-output name=decision::allow\n##[error]<img src=x>';
    const answer: Answer = (asked, response) =>
      json(response, {
        results: asked.map((query) => ({ query, items: [item(query.digest ?? '', { action: 'deny', reason })] })),
      });
    repository.write('new.pkl', CLEAN);
    const ran = await onPullRequest(await stranger(answer));
    // `readAnnotations` throws for any command that is not an annotation.
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(toHtml(ran.summary)).not.toContain('<img');
  });

  it('is the only server that gets its token', async () => {
    const seen: (string | undefined)[] = [];
    const other = await listening((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const url = await stranger((_, response) => response.writeHead(307, { location: `${other}/v1/decisions` }).end());
    repository.write('new.pkl', CLEAN);
    expect(await onPullRequest(url)).toMatchObject({ code: 2, outputs: { decision: 'error' } });
    expect(seen).toEqual([]);
  });
});
