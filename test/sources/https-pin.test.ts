import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from '../../src/core/artifact.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { assess } from '../../src/pipeline/assess.ts';
import { decide } from '../../src/policy/index.ts';
import { openArtifact } from '../../src/sources/open-artifact.ts';
import { PROBES, runCli } from '../cli/run-cli.ts';
import { errorOf, fileOf } from '../support/hub-harness.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/** Long enough for range reads and for a temporary file. */
const BYTES = Buffer.alloc(9 * 1024 * 1024, 'N.');

let server: Server;
let origin: string;
let body: Uint8Array;
let seen: IncomingMessage[];
const opened: Artifact[] = [];

beforeEach(async () => {
  body = BYTES;
  seen = [];
  server = createServer((request, response) => {
    seen.push(request);
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [start, end] = range === null ? [0, body.length] : [Number(range[1]), Number(range[2]) + 1];
    const part = body.subarray(start, end);
    const headers = { etag: '"one"', 'content-length': part.length };
    if (range === null) response.writeHead(200, headers);
    else
      response.writeHead(206, {
        ...headers,
        'content-range': `bytes ${start}-${start + part.length - 1}/${body.length}`,
      });
    response.end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  origin = `http://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  for (const artifact of opened.splice(0)) await artifact.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function open(ref: string, limits = DEFAULT_LIMITS): Promise<Artifact> {
  const artifact = await openArtifact(ref, { env: {}, limits });
  opened.push(artifact);
  return artifact;
}

describe('a URL with a digest', () => {
  test('is fetched whole, once, and pinned by its digest', async () => {
    const ref = `${origin}/a/model.pkl#sha256=${sha256(BYTES)}`;
    const artifact = await open(ref.replace(sha256(BYTES), sha256(BYTES).toUpperCase()));
    expect(artifact).toMatchObject({ ref, pinned: ref });
    expect(artifact.files).toMatchObject([
      { path: 'model.pkl', size: BYTES.length, distance: 'near', claimed: { algorithm: 'sha256', hex: sha256(BYTES) } },
    ]);
    const source = await fileOf(artifact, 'model.pkl').open();
    expect(Buffer.from(await source.read(BYTES.length - 2, 2)).toString()).toBe('N.');
    expect(seen.map(({ url, headers }) => [url, headers.range])).toEqual([['/a/model.pkl', undefined]]);
  });

  test('without the digest is read by ranges and not pinned', async () => {
    const artifact = await open(`${origin}/model.pkl`);
    expect(artifact).toMatchObject({ pinned: `${origin}/model.pkl`, files: [{ distance: 'far' }] });
    expect(artifact.files[0]).not.toHaveProperty('claimed');
  });

  test.each([
    ['one byte differs', () => Buffer.concat([Buffer.from('M'), BYTES.subarray(1)])],
    ['the last byte is missing', () => BYTES.subarray(0, -1)],
    ['an additional byte follows', () => Buffer.concat([BYTES, Buffer.from('N')])],
    ['the body is empty', () => Buffer.alloc(0)],
  ])('gives no bytes when %s, and is denied', async (_, change) => {
    body = change();
    const artifact = await open(`${origin}/model.pkl#sha256=${sha256(BYTES)}`);
    expect(await errorOf(fileOf(artifact, 'model.pkl').open())).toEqual({
      code: 'mismatch',
      message: `the bytes have the sha256 ${sha256(body)}, but ${sha256(BYTES)} was announced`,
      hint: expect.stringMatching(/do not use them/),
    });
    const assessment = await assess(artifact);
    expect(assessment.files).toMatchObject([
      { verdict: 'unknown', size: body.length, sha256: null, digestBasis: 'none' },
    ]);
    expect(assessment.checks).toMatchObject([{ id: 'integrity.checksum', status: 'fail' }]);
    expect(decide(assessment).action).toBe('deny');
  });

  test('is not fetched beyond the limit', async () => {
    const limits = { ...DEFAULT_LIMITS, maxExpandedBytes: 1024 * 1024 };
    expect(await errorOf(open(`${origin}/model.pkl#sha256=${sha256(BYTES)}`, limits))).toMatchObject({ code: 'limit' });
  });

  test('is allowed on the command line with the right digest, denied with another, and refused with half a digest', async () => {
    body = readFileSync(join(PROBES, 'ok-dict/m.pkl'));
    const scan = (digest: string) => runCli(['scan', `${origin}/a.pkl#sha256=${digest}`, '--format', 'json']);
    const good = await scan(sha256(body));
    const report = JSON.parse(good.stdout);
    expect(report.files).toMatchObject([{ sha256: sha256(body), digestBasis: 'computed', verdict: 'clean' }]);
    expect(report.checks).toContainEqual(expect.objectContaining({ id: 'integrity.checksum', status: 'pass' }));
    expect(good.code).toBe(0);
    const bad = await scan('0'.repeat(64));
    expect(JSON.parse(bad.stdout)).toMatchObject({ status: 'incomplete', decision: { action: 'deny' } });
    expect(JSON.parse(bad.stdout).checks).toContainEqual(
      expect.objectContaining({ id: 'integrity.checksum', status: 'fail' }),
    );
    expect(bad.code).toBe(1);
    const half = await scan('abc');
    expect(half.stderr).toMatch(/the digest after #sha256= is not 64 hex digits; give the whole SHA-256 digest/);
    expect(half.code).toBe(2);
  });
});
