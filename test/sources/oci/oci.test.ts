import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Artifact } from '../../../src/core/artifact.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';
import type { SourceOptions } from '../../../src/sources/source.ts';
import { errorOf, fileOf, MiB, textOf } from '../../support/hub-harness.ts';
import {
  type Answer,
  type Asked,
  type Blob,
  describeBlob,
  digestOf,
  HOW_REGISTRY,
  hasRegistry,
  manifestOf,
  OCI_INDEX,
  OCI_MANIFEST,
  RealRegistry,
  SmallServer,
  startFront,
} from '../../support/oci-registry.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { noise, tempFolder } from '../../support/temp.ts';

const FILEPATH = 'org.cncf.model.filepath';
const TITLE = 'org.opencontainers.image.title';
const EMPTY: Blob = { bytes: Buffer.from('{}'), mediaType: 'application/vnd.oci.empty.v1+json' };
const OPTIONS: SourceOptions = { env: { HOME: '/nonexistent' }, egress: { retry: { retries: 1, firstDelayMs: 1 } } };

const opened: Artifact[] = [];
const fronts: SmallServer[] = [];
afterEach(async () => {
  for (const artifact of opened.splice(0)) await artifact.close();
  for (const front of fronts.splice(0)) await front.close();
});

async function open(ref: string, options = OPTIONS): Promise<Artifact> {
  const artifact = await openArtifact(ref, options);
  opened.push(artifact);
  return artifact;
}

const raw = (text: string, title: string): Blob => ({
  bytes: Buffer.from(text),
  mediaType: 'application/octet-stream',
  annotations: { [TITLE]: title },
});

const paths = (artifact: Artifact) => artifact.files.map(({ path }) => path);

requirePart('docker-registry', hasRegistry, HOW_REGISTRY, 'a real registry', () => {
  let registry: RealRegistry;
  const folder = tempFolder();
  const at = (name: string, host = registry.host) => `oci://${host}/${name}`;

  beforeAll(async () => {
    registry = await RealRegistry.start();
  });
  afterAll(() => registry.close());

  async function front(rule: (asked: Asked, answer: () => Promise<Answer>) => Answer | Promise<Answer> | undefined) {
    const server = await startFront(registry, rule);
    fronts.push(server);
    return server;
  }

  /** A proxy that returns `manifest` for every tag, instead of that of the registry. */
  const serving = (manifest: object | string, type = OCI_MANIFEST) =>
    front(({ url }) =>
      /\/manifests\//.test(url)
        ? {
            status: 200,
            headers: { 'content-type': type },
            body: typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
          }
        : undefined,
    );

  function tarOf(files: Readonly<Record<string, string>>): Buffer {
    const root = join(folder, `tar-${Math.random()}`);
    mkdirSync(root);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
    return execFileSync('tar', ['-C', root, '-cf', '-', ...Object.keys(files)]);
  }

  describe('gives the files of', () => {
    test('a ModelPack', async () => {
      const type = (kind: string, form: string) => `application/vnd.cncf.model.${kind}.v1.${form}`;
      const layers: Blob[] = [
        {
          bytes: noise(300_000),
          mediaType: type('weight', 'raw'),
          annotations: { [FILEPATH]: 'model.safetensors', [TITLE]: 'model.safetensors' },
        },
        {
          bytes: Buffer.from('{"a": 1}'),
          mediaType: type('weight.config', 'raw'),
          annotations: { [FILEPATH]: 'config.json' },
        },
        {
          bytes: tarOf({ 'README.md': '# hi' }),
          mediaType: type('doc', 'tar'),
          annotations: { [FILEPATH]: 'README.md' },
        },
        {
          bytes: gzipSync(tarOf({ 'run.py': 'print()' })),
          mediaType: type('code', 'tar+gzip'),
          annotations: { [FILEPATH]: 'code/' },
        },
      ];
      const config = {
        bytes: Buffer.from('{"descriptor": {}}'),
        mediaType: 'application/vnd.cncf.model.config.v1+json',
      };
      const artifactType = 'application/vnd.cncf.model.manifest.v1+json';
      const digest = await registry.push('pack/model', 'v1', layers, { config, artifactType });
      const artifact = await open(at('pack/model:v1'));
      expect(artifact.ref).toBe(at('pack/model:v1'));
      expect(artifact.pinned).toBe(at(`pack/model@${digest}`));
      expect(artifact.notes).toEqual([]);
      expect(paths(artifact)).toEqual([
        'model.safetensors',
        'config.json',
        'README.md.tar',
        'code.tar.gz',
        `config@${digestOf(config.bytes).replace(':', '-')}.json`,
      ]);
      for (const [i, layer] of layers.entries()) {
        const file = artifact.files[i];
        expect(file?.claimed).toEqual({ algorithm: 'sha256', hex: digestOf(layer.bytes).slice(7) });
        expect(file?.size).toBe(layer.bytes.length);
        const source = await file?.open();
        expect(Buffer.from((await source?.read(0, layer.bytes.length)) ?? []).equals(Buffer.from(layer.bytes))).toBe(
          true,
        );
        await source?.close();
      }
      const pinned = await open(artifact.pinned);
      expect(paths(pinned)).toEqual(paths(artifact));
      expect((await open(at(`pack/model:v1@${digest}`))).pinned).toBe(artifact.pinned);
    });

    test('a ModelKit of KitOps', async () => {
      const type = (kind: string) => `application/vnd.kitops.modelkit.${kind}.v1.tar+gzip`;
      const layers = ['model', 'modelpart', 'dataset', 'docs'].map((kind) => ({
        bytes: gzipSync(tarOf({ [`${kind}.txt`]: kind })),
        mediaType: type(kind),
      }));
      const config = {
        bytes: Buffer.from('{"manifestVersion": "1.0.0"}'),
        mediaType: 'application/vnd.kitops.modelkit.config.v1+json',
      };
      await registry.push('kit/model', 'latest', layers, { config });
      const artifact = await open(at('kit/model'));
      const named = layers.map(({ bytes }) => `layer-sha256-${digestOf(bytes).slice(7, 19)}.tar.gz`);
      expect(paths(artifact)).toEqual([...named, 'config.json']);
      expect(await textOf(artifact, 'config.json')).toBe('{"manifestVersion": "1.0.0"}');
    });

    test('an image, and a model of Ollama', async () => {
      const image = [
        { bytes: gzipSync(tarOf({ a: 'a' })), mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' },
        { bytes: tarOf({ b: 'b' }), mediaType: 'application/vnd.oci.image.layer.v1.tar' },
      ];
      await registry.push('image', 'latest', image);
      expect(paths(await open(at('image')))).toMatchObject([
        expect.stringMatching(/^layer-sha256-[0-9a-f]{12}\.tar\.gz$/),
        expect.stringMatching(/^layer-sha256-[0-9a-f]{12}\.tar$/),
        'config.json',
      ]);
      const ollama = ['model', 'params', 'license', 'license'].map((kind, i) => ({
        bytes: Buffer.from(`${kind}${i}`),
        mediaType: `application/vnd.ollama.image.${kind}`,
      }));
      await registry.push('ollama', 'latest', ollama);
      expect(paths(await open(at('ollama')))).toMatchObject([
        'model.gguf',
        'params.json',
        'LICENSE.txt',
        expect.stringMatching(/^LICENSE@sha256-[0-9a-f]{64}\.txt$/),
        'config.json',
      ]);
    });

    test('an index of one manifest, and an error with the choices for an index of several', async () => {
      const one = await registry.push('index', 'one', [raw('1', 'one')]);
      const two = await registry.push('index', 'two', [raw('2', 'two')]);
      const entry = (digest: string, size: number, more: object) => ({
        mediaType: OCI_MANIFEST,
        digest,
        size,
        ...more,
      });
      const size = JSON.stringify(manifestOf([raw('1', 'one')], EMPTY)).length;
      const amd = { platform: { os: 'linux', architecture: 'amd64' } };
      const attested = { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } };
      const index = (...manifests: object[]) => ({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
      const single = index(entry(one, size, amd), entry(two, size, attested));
      const digest = await registry.pushManifest('index', 'single', single, OCI_INDEX);
      const artifact = await open(at('index:single'));
      expect(artifact.pinned).toBe(at(`index@${one}`));
      expect(artifact.notes).toEqual([`${digest} is an index: its only manifest was read`]);
      expect(paths(artifact)).toEqual(['one', 'config.json']);
      await registry.pushManifest('index', 'several', index(entry(one, size, amd), entry(two, size, {})), OCI_INDEX);
      const error = await errorOf(open(at('index:several')));
      expect(error.code).toBe('usage');
      expect(error.hint).toBe(`choose one: ${at(`index@${one}`)} (linux/amd64), ${at(`index@${two}`)} (no platform)`);
      await registry.pushManifest('index', 'lies', index(entry(one, size + 1, amd)), OCI_INDEX);
      expect((await errorOf(open(at('index:lies')))).code).toBe('mismatch');
    });
  });

  test('is read by ranges, each blob only as far as requested', async () => {
    const bytes = noise(24 * MiB);
    await registry.push('big', 'latest', [{ ...raw('', 'model.bin'), bytes }]);
    const server = await front(() => undefined);
    const artifact = await open(at('big', server.host));
    const file = fileOf(artifact, 'model.bin');
    expect(file.distance).toBe('far');
    const source = await file.open();
    for (const [start, length] of [
      [0, 100],
      [10 * MiB - 3, 50_000],
      [24 * MiB - 9, 9],
    ] as const)
      expect(Buffer.from(await source.read(start, length)).equals(bytes.subarray(start, start + length))).toBe(true);
    expect(await source.unchanged()).toBe(true);
    expect('bytesRead' in source ? source.bytesRead : Number.NaN).toBeLessThan(MiB);
    await source.close();
    const blobs = server.asked.filter(({ url }) => url.includes('/blobs/'));
    for (const { headers } of blobs) expect(headers.range).toMatch(/^bytes=\d+-\d+$/);
  });

  test('without ranges is read whole and checked against the digest', async () => {
    const bytes = noise(11 * MiB);
    await registry.push('whole', 'latest', [{ ...raw('', 'model.bin'), bytes }]);
    let flip = false;
    const server = await front(async ({ url }, answer) => {
      if (!url.includes('/blobs/')) return answer();
      const copy = Buffer.from(bytes);
      if (flip) copy[5_000_000] = (copy[5_000_000] ?? 0) ^ 1;
      return { status: 200, headers: { 'accept-ranges': 'none' }, body: copy };
    });
    const file = fileOf(await open(at('whole', server.host)), 'model.bin');
    const source = await file.open();
    expect(Buffer.from(await source.read(0, source.size)).equals(bytes)).toBe(true);
    await source.close();
    flip = true;
    expect((await errorOf(file.open())).code).toBe('mismatch');
  });

  describe('behind a lying server', () => {
    test('is refused for changed bytes of a blob', async () => {
      await registry.push('flip', 'latest', [raw('hello', 'a.txt')]);
      const server = await front(async ({ url }, answer) => {
        const given = await answer();
        return url.includes('/blobs/') ? { ...given, body: Buffer.from('hellO') } : given;
      });
      const artifact = await open(at('flip', server.host));
      const error = await errorOf(fileOf(artifact, 'a.txt').open());
      expect(error).toMatchObject({ code: 'mismatch', message: expect.stringContaining('but 2cf24dba') });
    });

    test('is refused for changed bytes of a manifest, by tag and by digest', async () => {
      const digest = await registry.push('flip', 'other', [raw('hello', 'a.txt')]);
      let announced = true;
      const server = await front(async ({ url }, answer) => {
        const given = await answer();
        if (!url.includes('/manifests/')) return given;
        const { 'docker-content-digest': kept = '', ...headers } = given.headers ?? {};
        const body = Buffer.from(String(Buffer.from(given.body ?? '')).replace('a.txt', 'b.txt'));
        return { ...given, body, headers: { ...headers, ...(announced ? { 'docker-content-digest': kept } : {}) } };
      });
      expect((await errorOf(open(at('flip:other', server.host)))).code).toBe('mismatch');
      announced = false;
      expect((await errorOf(open(at(`flip@${digest}`, server.host)))).code).toBe('mismatch');
      expect((await open(at('flip:other', server.host))).pinned).not.toContain(digest);
    });

    test('is refused for a false size of a blob, small and large', async () => {
      const large = noise(11 * MiB, 7);
      await registry.pushBlob('size', large);
      await registry.pushBlob('size', Buffer.from('hello'));
      const lie = (blob: Blob, by: number) => ({ ...describeBlob(blob), size: blob.bytes.length + by });
      for (const by of [1, -1]) {
        const layers = [lie(raw('hello', 'a'), by), lie({ ...raw('', 'b'), bytes: large }, by)];
        const server = await serving({ schemaVersion: 2, config: describeBlob(EMPTY), layers });
        const artifact = await open(at('size', server.host));
        expect((await errorOf(fileOf(artifact, 'a').open())).code).toBe('mismatch');
        expect((await errorOf(fileOf(artifact, 'b').open())).code).toBe('mismatch');
      }
    });

    test('is read from redirected blobs, without the credentials', async () => {
      const blob = raw('hello', 'a.txt');
      await registry.push('elsewhere', 'latest', [blob]);
      const storage = await SmallServer.start(() => ({ status: 200, body: 'hello' }));
      fronts.push(storage);
      const authorization = `Basic ${Buffer.from('user:s3cret').toString('base64')}`;
      const server = await front(({ url, headers }) => {
        if (headers.authorization !== authorization)
          return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
        return url.includes('/blobs/')
          ? { status: 307, headers: { location: `http://${storage.host}/signed?signature=s3cret` } }
          : undefined;
      });
      const auths = { [server.host]: { auth: Buffer.from('user:s3cret').toString('base64') } };
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths }));
      const options = { ...OPTIONS, env: { DOCKER_CONFIG: folder } };
      const artifact = await open(at('elsewhere', server.host), options);
      expect(await textOf(artifact, 'a.txt')).toBe('hello');
      expect(storage.asked).toHaveLength(1);
      expect(storage.asked[0]?.headers).not.toHaveProperty('authorization');
    });

    test('is refused for blobs redirected to a forbidden address', async () => {
      await registry.push('elsewhere', 'file', [raw('hello', 'a.txt')]);
      let location = '';
      const server = await front(({ url }) =>
        url.includes('/blobs/') ? { status: 307, headers: { location } } : undefined,
      );
      const artifact = await open(at('elsewhere:file', server.host));
      location = 'file:///etc/passwd';
      expect((await errorOf(fileOf(artifact, 'a.txt').open())).code).toBe('refused');
      location = `http://127.0.0.1:${server.host.split(':')[1]}/loop`;
      const rules = { hosts: ['localhost'] };
      const guarded = open(at('elsewhere:file', server.host), { ...OPTIONS, egress: { rules } });
      expect((await errorOf(guarded)).code).toBe('refused');
    });
  });

  describe('with a hostile manifest', () => {
    const layer = (annotations: Record<string, string>, more: object = {}) => ({
      ...describeBlob({ ...raw('hello', ''), annotations }),
      ...more,
    });
    const manifest = (...layers: object[]) => ({ schemaVersion: 2, config: describeBlob(EMPTY), layers });

    beforeAll(async () => {
      await registry.push('hostile', 'base', [raw('hello', 'a'), raw('other', 'b')]);
    });

    test.each(['../../etc/x', '/etc/x', 'a/../../x', 'a\\..\\x', 'a\0b', 'a//b'])(
      'has no file named %j',
      async (name) => {
        const server = await serving(manifest(layer({ [TITLE]: name }), layer({ [TITLE]: 'ok' })));
        const artifact = await open(at('hostile', server.host));
        expect(paths(artifact)).toEqual(['layer-sha256-2cf24dba5fb0', 'ok', 'config.json']);
        const error = await errorOf(fileOf(artifact, 'layer-sha256-2cf24dba5fb0').open());
        expect(error).toMatchObject({ code: 'malformed', message: expect.stringContaining(JSON.stringify(name)) });
        expect(artifact.notes).toEqual(['1 of 3 blobs were not read, and count as unknown']);
        expect(await textOf(artifact, 'ok')).toBe('hello');
      },
    );

    test('has no file with an invalid name beside a valid one', async () => {
      const server = await serving(manifest(layer({ [FILEPATH]: 'model.bin', [TITLE]: '../x' })));
      const artifact = await open(at('hostile', server.host));
      expect((await errorOf(fileOf(artifact, 'layer-sha256-2cf24dba5fb0').open())).code).toBe('malformed');
    });

    test('keeps two blobs of the same name, and one for a repeated blob', async () => {
      const other = { ...describeBlob(raw('other', 'a.bin')) };
      const server = await serving(manifest(layer({ [TITLE]: 'a.bin' }), other, layer({ [TITLE]: './a.bin' })));
      const artifact = await open(at('hostile', server.host));
      const second = `a@${other.digest.replace(':', '-')}.bin`;
      expect(paths(artifact)).toEqual(['a.bin', second, 'config.json']);
      expect(await textOf(artifact, 'a.bin')).toBe('hello');
      expect(await textOf(artifact, second)).toBe('other');
      const ground = await serving(manifest(layer({ [TITLE]: 'a.bin' }), layer({ [TITLE]: second }), other));
      expect((await errorOf(open(at('hostile', ground.host)))).code).toBe('malformed');
    });

    test.each([
      ['a SHA-512 digest', { digest: `sha512:${'a'.repeat(128)}` }, 'unsupported'],
      ['a digest with a path', { digest: 'sha256:../../x' }, 'unsupported'],
      ['layers with URLs', { urls: ['https://127.0.0.1:1/x'] }, 'refused'],
      ['embedded data that differs', { data: Buffer.from('hellO').toString('base64') }, 'mismatch'],
    ])('reports %s, and reads the rest', async (_, more, code) => {
      const server = await serving(manifest(layer({ [TITLE]: 'bad' }, more), layer({ [TITLE]: 'ok' })));
      const artifact = await open(at('hostile', server.host));
      expect((await errorOf(fileOf(artifact, 'bad').open())).code).toBe(code);
      expect(await textOf(artifact, 'ok')).toBe('hello');
      expect(server.asked.filter(({ url }) => url.includes('/blobs/'))).toHaveLength(1);
    });

    test('reports a blob that the registry lost', async () => {
      await registry.push('lost', 'latest', [raw('going, going', 'a')]);
      registry.lose(digestOf('going, going'));
      const error = await errorOf(fileOf(await open(at('lost')), 'a').open());
      expect(error).toMatchObject({ code: 'not-found', message: expect.stringContaining('has no blob sha256:') });
    });

    test.each([
      ['5 MiB', `{"schemaVersion": 2, "x": "${'x'.repeat(5 * MiB)}"}`, 'limit'],
      ['deep nesting', `{"schemaVersion": 2, "x": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'limit'],
      ['a million values', `[${'1,'.repeat(1_000_000)}1]`, 'limit'],
      ['invalid JSON', 'hello', 'malformed'],
      ['a list', '[]', 'malformed'],
      ['a missing list of layers', '{"schemaVersion": 2}', 'malformed'],
      ['an invalid size', JSON.stringify(manifest(layer({}, { size: -1 }))), 'malformed'],
      [
        'a size that is too large',
        JSON.stringify(manifest(layer({}))).replace('"size":5', '"size":1e300'),
        'malformed',
      ],
      ['schema 1', '{"schemaVersion": 1, "fsLayers": []}', 'unsupported'],
      ['another type', '{"schemaVersion": 2, "mediaType": "application/x"}', 'unsupported'],
      ['a manifest that is also an index', JSON.stringify({ ...manifest(), manifests: [] }), 'malformed'],
      ['an index with the media type of a manifest', '{"schemaVersion": 2, "manifests": []}', 'malformed'],
      ['repeated layers', JSON.stringify(manifest(layer({}))).replace('"layers"', '"layers":[],"layers"'), 'malformed'],
      ['the key "Layers"', JSON.stringify({ ...manifest(layer({})), Layers: [] }), 'malformed'],
      ['the key "layerſ"', JSON.stringify({ ...manifest(layer({})), layerſ: [] }), 'malformed'],
      ['the key "Digest" in a layer', JSON.stringify(manifest(layer({}, { Digest: 'x' }))), 'malformed'],
    ])('is refused for %s', async (_, body, code) => {
      const server = await serving(body);
      expect((await errorOf(open(at('hostile', server.host)))).code).toBe(code);
    });

    test('is refused for more layers than the limit', async () => {
      const server = await serving(manifest(layer({ [TITLE]: 'a' }), layer({ [TITLE]: 'b' })));
      const limits = { ...DEFAULT_LIMITS, maxFiles: 2 };
      expect((await errorOf(open(at('hostile', server.host), { ...OPTIONS, limits }))).code).toBe('limit');
    });
  });

  describe('gives an error for', () => {
    test('no such repository, tag or digest', async () => {
      for (const name of ['nowhere', 'hostile:nothing', `hostile@sha256:${'0'.repeat(64)}`])
        expect((await errorOf(open(at(name)))).code).toBe('not-found');
    });

    test.each([
      ['an HTML page', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }, 'is not a registry'],
      ['an HTML media type', { status: 404, headers: { 'content-type': 'text/html' } }, 'is not a registry'],
      ['status 429', { status: 429, headers: { 'retry-after': '999' } }, '429'],
      ['status 500', { status: 503 }, '503'],
    ])('%s', async (_, answer, message) => {
      const server = await SmallServer.start(() => answer);
      fronts.push(server);
      const error = await errorOf(open(at('x', server.host)));
      expect(error).toMatchObject({ code: 'network', message: expect.stringContaining(message) });
      expect(error.hint).not.toBe('');
    });

    test('offline mode, an unreachable server and an invalid port', async () => {
      const server = await front(() => undefined);
      expect((await errorOf(open(at('x', server.host), { ...OPTIONS, offline: true }))).code).toBe('usage');
      expect(server.asked).toEqual([]);
      expect((await errorOf(open('oci://127.0.0.1:1/x'))).code).toBe('network');
      expect((await errorOf(open('oci://127.0.0.1:99999/x'))).code).toBe('usage');
    });

    test('an abort by its caller', async () => {
      const stop = AbortSignal.abort();
      expect((await errorOf(open(at('hostile:base'), { ...OPTIONS, signal: stop }))).code).toBe('aborted');
    });
  });

  const python = findPython();
  const hasOras =
    python !== undefined &&
    execFileSync(python, ['-c', 'import importlib.util as u; print(u.find_spec("oras") is not None)'])
      .toString()
      .trim() === 'True';
  requirePart('oras of PyPI', hasOras, 'pip install -r fixtures/python/requirements-ci.txt', 'pushed by oras', () => {
    test('is read', async () => {
      const root = join(folder, 'oras');
      mkdirSync(join(root, 'sub'), { recursive: true });
      writeFileSync(join(root, 'weights.bin'), noise(100_000));
      writeFileSync(join(root, 'sub', 'notes.txt'), 'notes');
      const script = new URL('../../support/python/oras_push.py', import.meta.url).pathname;
      const target = `${registry.host}/oras/model:v1`;
      const digest = execFileSync(python ?? '', [script, target, root, 'weights.bin', 'sub'], {
        encoding: 'utf8',
      }).trim();
      const artifact = await open(`oci://${target}`);
      expect(artifact.pinned.endsWith(`@${digest.split('\n').at(-1)}`)).toBe(true);
      expect(paths(artifact)).toEqual(['weights.bin', 'sub.tar.gz', 'config.json']);
      const source = await fileOf(artifact, 'weights.bin').open();
      expect(Buffer.from(await source.read(0, source.size)).equals(readFileSync(join(root, 'weights.bin')))).toBe(true);
      await source.close();
    });
  });
});
