import { createServer, type Server } from 'node:http';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from '../../../src/core/artifact.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { assess } from '../../../src/pipeline/assess.ts';
import { decide } from '../../../src/policy/index.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';
import { errorOf, fileOf, textOf } from '../../support/hub-harness.ts';
import { FakeMlflow } from '../../support/mlflow-server.ts';

const ROOT = '0/run/artifacts/model';
const URI = `mlflow-artifacts:/${ROOT}`;
const MiB = 1024 * 1024;

let fake: FakeMlflow;
/** A server on which a hostile MLflow server tries to make us connect. */
let elsewhere: Server;
let visits: string[];
const opened: Artifact[] = [];

beforeEach(async () => {
  fake = await FakeMlflow.start();
  visits = [];
  elsewhere = createServer((request, response) => {
    visits.push(request.url ?? '');
    response.end('{}');
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const artifact of opened.splice(0)) await artifact.close();
  await fake.close();
  elsewhere.closeAllConnections();
  await new Promise((resolve) => elsewhere.close(resolve));
});

async function open(ref = 'models:/m/1', env: NodeJS.ProcessEnv = {}, limits = DEFAULT_LIMITS): Promise<Artifact> {
  const artifact = await openArtifact(ref, {
    limits,
    env: { MLFLOW_TRACKING_URI: fake.origin, ...env },
    egress: { retry: { retries: 1, firstDelayMs: 1 } },
  });
  opened.push(artifact);
  return artifact;
}

function elsewhereOrigin(): string {
  const address = elsewhere.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}`;
}

describe('a version of a registered model', () => {
  test('has every file below its artifact location', async () => {
    fake.model('m', '1', URI).files(ROOT, { MLmodel: 'flavors: {}\n', 'data/a b.txt': 'hello', 'data/empty': '' });
    const artifact = await open();
    expect(artifact).toMatchObject({ ref: 'models:/m/1', pinned: 'models:/m/1' });
    expect(artifact.files.map(({ path, size, distance }) => [path, size, distance])).toEqual([
      ['MLmodel', 12, 'near'],
      ['data/a b.txt', 5, 'near'],
      ['data/empty', 0, 'near'],
    ]);
    expect(await textOf(artifact, 'data/a b.txt')).toBe('hello');
    expect(await textOf(artifact, 'data/empty')).toBe('');
    expect(artifact.notes).toEqual([
      'version 1 was logged by run f00d',
      `${fake.origin}/api/2.0/mlflow-artifacts/artifacts delivers its files, under ${ROOT}`,
      'MLflow has no digests: the version is pinned, but its bytes are not, and can be replaced',
    ]);
  });

  test('can be named by an alias, which is resolved once', async () => {
    fake.model('my model', '3', URI).files(ROOT, { a: 'x' });
    const artifact = await open('models:/my%20model@champion');
    expect(artifact).toMatchObject({ ref: 'models:/my%20model@champion', pinned: 'models:/my%20model/3' });
    expect(artifact.notes[0]).toBe('the alias champion led to version 3');
    expect(fake.seen.map(({ url }) => url)).toContain(
      '/api/2.0/mlflow/model-versions/get-download-uri?name=my+model&version=3',
    );
  });

  test('can have the files of a run or of a logged model', async () => {
    fake.files(ROOT, { a: 'x' }).files('0/models/m-1/artifacts', { b: 'y' });
    fake.on(/runs\/get\?run_id=abc$/, {
      body: { run: { info: { artifact_uri: 'mlflow-artifacts:/0/run/artifacts' } } },
    });
    fake.model('m', '1', 'runs:/abc/model');
    expect((await open()).files.map(({ path }) => path)).toEqual(['a']);
    const info = {
      model_id: 'm-1',
      artifact_uri: 'mlflow-artifacts:/0/models/m-1/artifacts',
      status: 'LOGGED_MODEL_READY',
    };
    fake.on(/logged-models\/m-1$/, { body: { model: { info } } }).model('m', '1', 'models:/m-1');
    expect((await open()).files.map(({ path }) => path)).toEqual(['b']);
  });

  test('can have its registry and its files on different servers', async () => {
    const registry = await FakeMlflow.start();
    try {
      registry.model('m', '1', URI);
      fake.files(ROOT, { a: 'x' });
      expect((await open('models:/m/1', { MLFLOW_REGISTRY_URI: registry.origin })).files).toHaveLength(1);
      expect(registry.seen.every(({ url }) => !url.includes('mlflow-artifacts'))).toBe(true);
      expect(fake.seen.every(({ url }) => url.includes('mlflow-artifacts'))).toBe(true);
    } finally {
      await registry.close();
    }
  });

  test('is read with a token or a password', async () => {
    fake.model('m', '1', URI).files(ROOT, { a: 'x' });
    await textOf(await open('models:/m/1', { MLFLOW_TRACKING_TOKEN: 'tok' }), 'a');
    expect(new Set(fake.seen.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer tok']));
  });

  test('has large files read by ranges if the server supports them, and whole otherwise', async () => {
    const bytes = Buffer.alloc(11 * MiB, 7);
    fake.model('m', '1', URI).files(ROOT, { 'big.bin': bytes });
    const whole = await fileOf(await open(), 'big.bin').open();
    expect(whole.size).toBe(bytes.length);
    await whole.close();
    const ranges = (status: number) => ({
      status,
      headers: { etag: '"v1"', 'content-range': `bytes 0-65535/${bytes.length}` },
      body: bytes.subarray(0, 65_536),
    });
    fake.on(/artifacts\/0\/run[^?]*big\.bin/, ranges(206));
    const file = fileOf(await open(), 'big.bin');
    expect(file.distance).toBe('far');
    const source = await file.open();
    expect([...(await source.read(100, 2))]).toEqual([7, 7]);
    expect('bytesRead' in source ? source.bytesRead : undefined).toBe(65_536);
    await source.close();
  });

  test('cannot be read offline', async () => {
    const opening = openArtifact('models:/m/1', { offline: true, env: { MLFLOW_TRACKING_URI: fake.origin } });
    expect(await errorOf(opening)).toMatchObject({ code: 'usage', message: expect.stringContaining('--offline') });
    expect(fake.seen).toEqual([]);
  });
});

describe('an invalid answer is refused:', () => {
  test.each<[string, object, string, RegExp]>([
    ['is pending', { status: 'PENDING_REGISTRATION' }, 'unreadable', /PENDING_REGISTRATION, not READY/],
    ['has failed', { status: 'FAILED_REGISTRATION' }, 'unreadable', /FAILED_REGISTRATION, not READY/],
    ['has a status with escape sequences', { status: '\u001b[31m' }, 'unreadable', /of unknown state, not READY/],
    ['was deleted', { current_stage: 'Deleted_Internal' }, 'not-found', /was deleted/],
    ['is of another model', { name: 'other' }, 'network', /another model/],
    ['is another version', { version: '2' }, 'network', /another model/],
    ['has an invalid version', { version: '../1' }, 'network', /another model/],
  ])('a version that %s', async (_, change, code, message) => {
    fake.model('m', '1', URI).files(ROOT, { a: 'x' });
    fake.on(/model-versions\/get\?/, {
      body: { model_version: { name: 'm', version: '1', status: 'READY', ...change } },
    });
    expect(await errorOf(open())).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test.each<[string, Parameters<FakeMlflow['on']>[1], string, RegExp]>([
    [
      'an HTML page',
      { body: '<!doctype html>', type: 'text/html' },
      'network',
      /does not answer with JSON: that is not an MLflow/,
    ],
    [
      'an HTML page with status 404',
      { status: 404, body: '<html>', type: 'text/html' },
      'network',
      /answers with a page \(404\)/,
    ],
    ['another JSON object', { body: { model: 1 } }, 'network', /without a valid model_version/],
    ['a list', { body: [] }, 'network', /without a valid/],
    ['an empty body', { body: '' }, 'network', /does not answer with JSON/],
    [
      'no such model',
      { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } },
      'not-found',
      /no version 1 of that model/,
    ],
    ['status 401', { status: 401, body: 'no' }, 'unauthorized', /requires a login \(401\)/],
    [
      'status 403',
      { status: 403, body: { error_code: 'PERMISSION_DENIED' } },
      'unauthorized',
      /requires a login \(403\)/,
    ],
    ['status 429', { status: 429, body: '' }, 'network', /limits the rate of requests/],
    ['status 500', { status: 500, body: { error_code: 'INTERNAL_ERROR' } }, 'network', /500 and INTERNAL_ERROR/],
    [
      'an error code with escape sequences',
      { status: 500, body: { error_code: '\u001b[31m' } },
      'network',
      /status 500$/,
    ],
    ['100 MB', { body: Buffer.alloc(100 * MiB, 32) }, 'limit', /more than 1048576 bytes/],
    ['an error of 100 MB', { status: 500, body: Buffer.alloc(100 * MiB, 32) }, 'limit', /more than 1048576 bytes/],
    ['deeply nested brackets', { body: '['.repeat(100_000) }, 'limit', /deep/],
  ])('%s', async (_, answer, code, message) => {
    fake.on(/./, answer);
    const error = await errorOf(open());
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error.message).not.toContain('\u001b');
  });

  test('a refused login, with the variables to check', async () => {
    fake.on(/./, { status: 401, body: 'no' });
    const error = await errorOf(open('models:/m/1', { MLFLOW_TRACKING_TOKEN: 's3cret' }));
    expect(error).toMatchObject({ code: 'unauthorized', message: 'the MLflow server does not accept the login (401)' });
    expect(error.hint).toMatch(/MLFLOW_TRACKING_TOKEN/);
  });

  test('any other answer', async () => {
    const key = fc.constantFrom(
      'model_version',
      'name',
      'version',
      'status',
      'artifact_uri',
      'files',
      'path',
      'is_dir',
      'file_size',
    );
    const leaf = fc.oneof(
      fc.constantFrom('m', '1', URI, 'READY', 'a', '..'),
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    const bytes = fc.oneof(
      value.map((json) => JSON.stringify(json)),
      fc.uint8Array({ maxLength: 64 }),
    );
    fake.model('m', '1', URI);
    const asked = fc.constantFrom(/model-versions\/get\?/, /get-download-uri/, /artifacts\?path=/);
    await fc.assert(
      fc.asyncProperty(asked, bytes, async (match, body) => {
        fake.on(match, { body });
        try {
          await (await open()).close();
        } catch (error) {
          if (!isAssayError(error)) throw error;
        } finally {
          fake.answers.shift();
        }
      }),
      { numRuns: 300 },
    );
    opened.splice(0);
  });

  test('no files', async () => {
    fake.model('m', '1', URI).on(/artifacts\?path=/, { body: {} });
    expect(await errorOf(open())).toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('lists no files'),
    });
  });
});

describe('an artifact location from a hostile server', () => {
  test.each<[string, string, RegExp]>([
    ['file:///etc/passwd', 'refused', /a server must not name files of this machine/],
    ['/etc/passwd', 'refused', /a server must not name files of this machine/],
    ['http://169.254.169.254/api/2.0/mlflow-artifacts/artifacts/m', 'refused', /169\.254\.169\.254 is link-local/],
    ['http://10.0.0.1/api/2.0/mlflow-artifacts/artifacts/m', 'refused', /10\.0\.0\.1 is not a public/],
    ['mlflow-artifacts://10.0.0.1/m', 'refused', /10\.0\.0\.1 is not a public/],
    ['mlflow-artifacts:/../../etc', 'refused', /leads out of/],
    ['mlflow-artifacts:/', 'refused', /the root of an artifact store/],
    ['s3://bucket', 'refused', /the root of an artifact store/],
    ['gs://bucket/m', 'unsupported', /a store that is not supported/],
    ['runs:/a/m', 'not-found', /no run a, to which the files belong/],
    ['models:/m-1', 'not-found', /no logged model m-1/],
  ])('is not opened: %s', async (uri, code, message) => {
    fake.model('m', '1', uri);
    expect(await errorOf(open())).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(fake.seen.filter(({ url }) => url.includes('mlflow-artifacts'))).toEqual([]);
  });

  test('is not opened on another server of this machine, directly or after a redirect', async () => {
    const service = `${elsewhereOrigin()}/api/2.0/mlflow-artifacts/artifacts`;
    fake.model('m', '1', `${service}/m`);
    expect(await errorOf(open())).toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/127\.0\.0\.1 is not/),
    });
    fake.model('m', '1', URI).on(/artifacts\?path=/, { status: 302, body: '', headers: { location: service } });
    expect(await errorOf(open())).toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/127\.0\.0\.1 is not/),
    });
    fake.files(ROOT, { a: 'x' });
    fake.on(/mlflow-artifacts\/artifacts\/0/, { status: 307, body: '', headers: { location: `${service}/a` } });
    const { files } = await open();
    expect(await errorOf(files[0]?.open() ?? Promise.reject())).toMatchObject({ code: 'refused' });
    expect(visits).toEqual([]);
  });

  test('can redirect within its own server, but not endlessly', async () => {
    fake.model('m', '1', URI).files(ROOT, { a: 'hello' });
    fake.on(/mlflow-artifacts\/artifacts\/0/, ({ pathname }) => ({
      status: 302,
      body: '',
      headers: { location: `/moved${pathname}` },
    }));
    fake.on(/^\/moved/, { body: 'hello' });
    expect(await textOf(await open('models:/m/1', { MLFLOW_TRACKING_TOKEN: 'tok' }), 'a')).toBe('hello');
    expect(fake.seen.at(-1)).toMatchObject({ headers: { authorization: 'Bearer tok' } });
    fake.on(/model-versions\/get\?/, ({ pathname, search }) => ({
      status: 302,
      body: '',
      headers: { location: `${pathname}${search}` },
    }));
    expect(await errorOf(open())).toMatchObject({
      code: 'network',
      message: expect.stringContaining('more than 8 times'),
    });
  });

  test('is not followed through an endless chain of runs', async () => {
    fake.model('m', '1', 'runs:/a/x').on(/runs\/get/, { body: { run: { info: { artifact_uri: 'runs:/a/x' } } } });
    expect(await errorOf(open())).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('redirects to other locations'),
    });
  });
});

describe('a hostile listing is refused:', () => {
  const listing = (files: readonly object[]) => ({ body: { files } });

  test.each<[string, readonly object[], string, RegExp]>([
    ['the name ".."', [{ path: '..', is_dir: true }], 'malformed', /names "\.\."/],
    ['a path with "../"', [{ path: '../../x', file_size: 1 }], 'malformed', /not the name of a file in its folder/],
    ['an absolute path', [{ path: '/etc/passwd', file_size: 1 }], 'malformed', /not the name of a file in its folder/],
    ['a path as a name', [{ path: 'a/b', file_size: 1 }], 'malformed', /not the name of a file in its folder/],
    ['a backslash', [{ path: 'a\\b', file_size: 1 }], 'malformed', /not the name of a file in its folder/],
    ['a NUL', [{ path: 'a\0b', file_size: 1 }], 'malformed', /not the name of a file in its folder/],
    ['an empty name', [{ path: '', file_size: 1 }], 'malformed', /not the name of a file in its folder/],
    ['a repeated name', [{ path: 'a' }, { path: 'a', file_size: 3 }], 'malformed', /names "a" twice/],
    ['a negative size', [{ path: 'a', file_size: -1 }], 'malformed', /impossible size/],
    ['a fractional size', [{ path: 'a', file_size: 0.5 }], 'malformed', /impossible size/],
    ['a size that is a string', [{ path: 'a', file_size: 'big' }], 'network', /without a valid files/],
    ['no path', [{ is_dir: true }], 'network', /without a valid files\.0\.path/],
  ])('%s', async (_, files, code, message) => {
    fake.model('m', '1', URI).on(/artifacts\?path=/, listing(files));
    expect(await errorOf(open())).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('endlessly nested folders', async () => {
    fake.model('m', '1', URI).on(/artifacts\?path=/, listing([{ path: 'again', is_dir: true }]));
    expect(await errorOf(open())).toMatchObject({ code: 'limit', message: expect.stringMatching(/64 deep/) });
    expect(fake.seen.length).toBeLessThan(80);
  });

  test('endlessly growing folders', async () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ path: `d${i}`, is_dir: true }));
    fake.model('m', '1', URI).on(/artifacts\?path=/, listing(many));
    expect(await errorOf(open())).toMatchObject({ code: 'limit', message: expect.stringMatching(/4000 folders/) });
    expect(fake.seen.length).toBeLessThan(60);
  });

  test('more files than the limit', async () => {
    const many = Array.from({ length: 11 }, (_, i) => ({ path: `f${i}`, file_size: 1 }));
    fake.model('m', '1', URI).on(/artifacts\?path=/, listing(many));
    const few = { ...DEFAULT_LIMITS, maxFiles: 10 };
    expect(await errorOf(open('models:/m/1', {}, few))).toMatchObject({
      code: 'limit',
      message: expect.stringMatching(/maxFiles/),
    });
  });

  test('a body of 100 MB', async () => {
    fake.model('m', '1', URI).on(/artifacts\?path=/, { body: Buffer.alloc(100 * MiB, 32) });
    expect(await errorOf(open())).toMatchObject({
      code: 'limit',
      message: expect.stringMatching(/more than 67108864 bytes/),
    });
  });

  test('another size than that of the file, which denies the model', async () => {
    fake.model('m', '1', URI).files(ROOT, { a: 'hello', b: 'fine' });
    fake.on(
      /artifacts\?path=/,
      listing([
        { path: 'a', file_size: 4 },
        { path: 'b', file_size: 4 },
      ]),
    );
    const assessment = await assess(await open());
    expect(assessment.checks).toMatchObject([
      {
        id: 'integrity.checksum',
        status: 'fail',
        detail: expect.stringContaining('has 5 bytes, but 4'),
      },
    ]);
    expect(decide(assessment).action).toBe('deny');
  });

  test('a file that the server then does not return', async () => {
    fake.model('m', '1', URI).on(/artifacts\?path=/, listing([{ path: 'a', file_size: 4 }]));
    const { files } = await open();
    const error = await errorOf(files[0]?.open() ?? Promise.reject());
    expect(error).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/no file that it lists/),
    });
    fake.on(/mlflow-artifacts\/artifacts\/0/, { status: 404, body: Buffer.alloc(100 * MiB, 32) });
    expect(await errorOf(files[0]?.open() ?? Promise.reject())).toMatchObject({ code: 'network' });
  });
});
