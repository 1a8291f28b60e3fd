import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROBES, ROOT, runCli } from '../cli/run-cli.ts';
import { requirePart } from '../support/parts.ts';
import { ADMIN, environment, HOW, hasSeaweed, S3Server } from '../support/s3-server.ts';

requirePart('S3 server SeaweedFS', hasSeaweed, HOW, 'assay scan s3://', () => {
  let server: S3Server;
  const scan = (ref: string, env: NodeJS.ProcessEnv = {}, ...flags: string[]) =>
    runCli(['scan', ref, '--format', 'json', ...flags], { env: { ...environment(server.endpoint, ADMIN), ...env } });

  beforeAll(async () => {
    server = await S3Server.startSeaweed();
    await server.makeBucket('models');
    const read = (...path: string[]) => readFileSync(join(...path));
    await server.put('models', 'bad/config.json', '{"model_type": "bert"}');
    await server.put('models', 'bad/weights/model.pkl', read(PROBES, 'gadget-exec', 'a.pkl'));
    await server.put('models', 'good/config.json', '{"model_type": "bert"}');
    await server.put('models', 'good/state.pkl', read(PROBES, 'ok-dict', 'm.pkl'));
    const safe = read(ROOT, 'fixtures', 'format-probes', 'st-ok', 'm.safetensors');
    await server.put('models', 'good/model.safetensors', safe, { ChecksumAlgorithm: 'SHA256' });
  });

  afterAll(async () => {
    await server?.stop();
  });

  test('finds the malicious pickle below a prefix, and exits with 1', async () => {
    const { code, stdout, stderr } = await scan('s3://models/bad/');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({
      status: 'complete',
      artifact: { ref: 's3://models/bad/', pinned: 's3://models/bad/' },
      decision: { action: 'deny' },
      files: [
        { path: 'config.json', verdict: 'clean' },
        { path: 'weights/model.pkl', verdict: 'malicious' },
      ],
    });
  });

  test('allows a benign model, and exits with 0', async () => {
    const { code, stdout, stderr } = await scan('s3://models/good');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      artifact: { ref: 's3://models/good/' },
      files: [{ verdict: 'clean' }, { verdict: 'clean', digestBasis: 'computed' }, { verdict: 'clean' }],
    });
    const one = await scan('s3://models/good/model.safetensors');
    expect(one.code).toBe(0);
    expect(JSON.parse(one.stdout)).toMatchObject({ files: [{ path: 'model.safetensors', verdict: 'clean' }] });
  });

  test.each([
    ['s3://models/nope/', {}, [], 'neither the object nor an object below it exists'],
    ['s3://nosuchbucket/x', {}, [], 'the bucket nosuchbucket does not exist'],
    [
      's3://models/good/',
      { AWS_SECRET_ACCESS_KEY: 'wrong-s3cret' },
      [],
      'the secret key does not match the access key',
    ],
    ['s3://models/good/', {}, ['--offline'], 'no connection may be opened (--offline)'],
    ['s3://Bad_Bucket/x', {}, [], 'is not a name of a bucket'],
  ])('exits with 2 and the reason for %s with %o %o', async (ref, env, flags, message) => {
    const { code, stdout, stderr } = await scan(ref, env, ...flags);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/s3cret|Warning| {4}at /);
  });
});

/** Prints each loaded module of the AWS client on stderr. */
const WATCH = `
import { register } from 'node:module';
const source = ${JSON.stringify(`
import { writeSync } from 'node:fs';
export async function load(url, context, next) {
  if (/node_modules\\/@(?:aws-sdk|smithy)\\//.test(url)) writeSync(2, 'loaded ' + url + '\\n');
  return next(url, context);
}`)};
register('data:text/javascript,' + encodeURIComponent(source));
`;

test('a scan of a path loads no module of the AWS client, but a scan of s3:// does', async () => {
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(WATCH)}` };
  const near = await runCli(['scan', join(PROBES, 'ok-dict')], { env });
  expect(near.code).toBe(0);
  expect(near.stderr).not.toContain('loaded ');
  const far = await runCli(['scan', 's3://models/x'], {
    env: { ...env, ...environment('http://127.0.0.1:1', ADMIN) },
  });
  expect(far.code).toBe(2);
  expect(far.stderr).toContain('loaded ');
});
