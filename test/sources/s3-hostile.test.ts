import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAssayError } from '../../src/core/errors.ts';
import { openArtifact } from '../../src/sources/open-artifact.ts';
import { s3Settings } from '../../src/sources/s3/settings.ts';
import { environment } from '../support/s3-server.ts';
import { tempFolder } from '../support/temp.ts';

const KEYS = { accessKeyId: 'AKID', secretAccessKey: 's3cret' };
const folder = tempFolder();
let answer: { status: number; headers: Record<string, string>; body: string };
let server: Server;
let endpoint: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    response.writeHead(answer.status, answer.headers);
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  endpoint = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Opens and reads a prefix with one answer of the server; only an AssayError can result. */
async function outcome(ref: string): Promise<string> {
  try {
    const artifact = await openArtifact(ref, {
      env: environment(endpoint, KEYS),
      egress: { retry: { retries: 0, firstDelayMs: 1 } },
    });
    try {
      for (const file of artifact.files) expect(file.path).not.toMatch(/^\/|(?:^|\/)\.\.(?:\/|$)|\0/);
      for (const file of artifact.files.slice(0, 2)) await (await file.open()).close();
      return 'read';
    } finally {
      await artifact.close();
    }
  } catch (error) {
    if (!isAssayError(error)) throw error;
    expect(error.code).not.toBe('internal');
    expect(`${error.message} ${error.hint}`).not.toMatch(/s3cret|Deserialization/);
    return error.code;
  }
}

const word = fc.constantFrom(
  'ListBucketResult',
  'ListVersionsResult',
  'Contents',
  'Version',
  'Key',
  'Size',
  'ETag',
  'VersionId',
  'IsLatest',
  'IsTruncated',
  'NextContinuationToken',
  'Error',
  'Code',
  'Region',
  '__proto__',
);
const value = fc.oneof(
  fc.constantFrom(
    'p/a',
    'p/../b',
    'p//',
    'p/',
    '',
    '1',
    '-1',
    '1e99',
    'NaN',
    'true',
    'NoSuchKey',
    '&#x1;',
    '&lt;',
    '"e"',
  ),
  fc.string(),
);
const { tree: document } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    value,
    fc
      .tuple(word, fc.array(tie('tree'), { maxLength: 4 }))
      .map(([name, inner]) => `<${name}>${inner.join('')}</${name}>`),
  ),
}));

test('any answer gives an AssayError or files with safe paths', async () => {
  const header = fc.constantFrom(
    'content-range',
    'etag',
    'x-amz-version-id',
    'x-amz-bucket-region',
    'location',
    'date',
  );
  const headers = fc.dictionary(
    header,
    fc.constantFrom('bytes 0-9/10', '"e"', 'null', 'eu-central-1', 'x y', '%00', '9'),
  );
  const status = fc.constantFrom(200, 200, 200, 206, 204, 301, 307, 400, 403, 404, 405, 412, 416, 500, 501);
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      status,
      headers,
      document,
      fc.constantFrom('s3://bucket/p', 's3://bucket/p/'),
      async (...drawn) => {
        const [code, more, inner, ref] = drawn;
        answer = {
          status: code,
          headers: more,
          body: `<?xml version="1.0"?><ListBucketResult>${inner}</ListBucketResult>`,
        };
        const found = await outcome(ref);
        seen.set(found, (seen.get(found) ?? 0) + 1);
      },
    ),
    { numRuns: Number(process.env.ASSAY_FUZZ_RUNS ?? 300) },
  );
  expect(seen.size).toBeGreaterThan(3);
});

test.each([
  [
    'a chain of entities',
    `<!DOCTYPE x [${'<!ENTITY a "&b;&b;">'.repeat(1000)}]><ListBucketResult>&a;</ListBucketResult>`,
  ],
  ['100,000 nested tags', '<a>'.repeat(100_000)],
  ['invalid XML', '{"Contents": []}'],
  ['an empty body', ''],
  ['an HTML page', '<html><body><h1>It works!</h1></body></html>'],
])('%s is refused as a listing', async (_, body) => {
  answer = { status: 200, headers: {}, body };
  expect(['network', 'not-found', 'malformed']).toContain(await outcome('s3://bucket/p/'));
});

test('an endless answer is read only up to the limit', async () => {
  answer = { status: 200, headers: {}, body: `<ListBucketResult>${' '.repeat(20 * 1024 * 1024)}</ListBucketResult>` };
  expect(await outcome('s3://bucket/p/')).toBe('limit');
});

test('any text in the files of the AWS command line gives settings or an AssayError', async () => {
  const line = fc.oneof(
    fc.constantFrom(
      '[default]',
      '[profile a]',
      '[__proto__]',
      '[services x]',
      'services = x',
      's3 =',
      '  endpoint_url = x',
    ),
    fc.constantFrom('region = eu-central-1', 'endpoint_url = https://a.example', 'role_arn = arn:x', '= 1', 'a ='),
    fc.string(),
  );
  const path = join(folder, 'config');
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
      writeFileSync(path, lines.join('\n'));
      try {
        const { endpoint: found } = await s3Settings({ HOME: folder, AWS_CONFIG_FILE: path });
        expect(found ?? 'https://').toMatch(/^https:\/\//);
      } catch (error) {
        expect(isAssayError(error)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
