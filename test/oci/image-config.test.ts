import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAssayError } from '../../src/core/index.ts';
import { parseOci } from '../../src/core/reference/index.ts';
import { OciClient } from '../../src/oci/client.ts';
import { endpointOf } from '../../src/oci/endpoint.ts';
import { parseConfig, readOciImage } from '../../src/oci/image-config.ts';
import {
  describeBlob,
  HOW_REGISTRY,
  hasRegistry,
  OCI_INDEX,
  OCI_MANIFEST,
  RealRegistry,
} from '../support/oci-registry.ts';
import { requirePart } from '../support/parts.ts';

const CONFIG = 'application/vnd.oci.image.config.v1+json';
const config = (fields: object, more: object = {}) =>
  Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', config: fields, ...more }));
const read = (bytes: Buffer) => parseConfig(bytes, 'oci://r.example/x');

describe('the configuration of an image', () => {
  it('says what is started', () => {
    const fields = { Entrypoint: ['/a'], Cmd: ['-b'], Env: ['C=d'], WorkingDir: '/e', Volumes: { '/g': {}, '/f': {} } };
    expect(read(config(fields))).toEqual({
      platform: 'linux/amd64',
      facts: { entrypoint: ['/a'], cmd: ['-b'], env: ['C=d'], workingDir: '/e', volumes: ['/f', '/g'] },
    });
    const nothing = { entrypoint: [], cmd: [], env: [], workingDir: '/', volumes: [] };
    for (const fields of [{}, { Entrypoint: null, Cmd: null, Env: null, WorkingDir: '', Volumes: null }])
      expect(read(config(fields)).facts).toEqual(nothing);
    expect(read(Buffer.from('{}'))).toEqual({ platform: 'no platform', facts: nothing });
  });

  it.each<[string, Buffer, RegExp]>([
    ['a key that Go reads as another', config({ entrypoint: ['/evil'] }), /misspelt key "entrypoint"/],
    ['a second configuration', config({}, { Config: { Entrypoint: ['/evil'] } }), /misspelt key "Config"/],
    ['a key that stands twice', Buffer.from('{"config":{"Cmd":["a"],"Cmd":["b"]}}'), /duplicate key/],
    ['a command of another type', config({ Cmd: 'sh -c x' }), /see config\.Cmd/],
    ['a folder that is not absolute', config({ WorkingDir: 'x' }), /not an absolute path/],
    ['arguments of Windows', config({ ArgsEscaped: true }), /ArgsEscaped/],
    ['too many words', config({ Cmd: Array.from({ length: 501 }, () => 'x') }), /not valid/],
    ['a word that is too long', config({ Cmd: ['x'.repeat(5_000)] }), /not valid/],
  ])('with %s is refused', (_, bytes, why) => {
    expect(() => read(bytes)).toThrow(why);
  });

  it('of any bytes gives facts or an error of ours', () => {
    const text = fc.oneof(
      fc.json(),
      fc.string(),
      fc.json().map((json) => `{"config":${json}}`),
    );
    fc.assert(
      fc.property(text, (json) => {
        try {
          expect(read(Buffer.from(json)).facts.workingDir).toMatch(/^\//);
        } catch (error) {
          if (!isAssayError(error)) throw error;
        }
      }),
    );
  });
});

requirePart('docker-registry', hasRegistry, HOW_REGISTRY, 'an image of a registry', () => {
  let registry: RealRegistry;
  beforeAll(async () => {
    registry = await RealRegistry.start();
  });
  afterAll(() => registry.close());

  const push = (bytes: Buffer, mediaType = CONFIG, tag = 'one') =>
    registry.push('tools/wait', tag, [], { config: { bytes, mediaType } });
  const asked = async (reference: string) => {
    const client = new OciClient(endpointOf(parseOci(`oci://${registry.host}/tools/wait`)), {});
    try {
      return await readOciImage(client, reference);
    } finally {
      await client.close();
    }
  };
  const index = async (digests: readonly (readonly [digest: string, arch: string, more?: object])[]) => {
    const manifests = digests.map(([digest, architecture, more = {}]) => {
      return { mediaType: OCI_MANIFEST, digest, size: 1, platform: { os: 'linux', architecture }, ...more };
    });
    return registry.pushManifest(
      'tools/wait',
      'many',
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
      OCI_INDEX,
    );
  };

  it('is read from one manifest', async () => {
    const digest = await push(config({ Entrypoint: ['/wait'] }));
    expect(await asked('one')).toMatchObject({ digest, platforms: ['linux/amd64'], facts: { entrypoint: ['/wait'] } });
  });

  it('is read from every platform, which have to start the same', async () => {
    const amd = await push(config({ Cmd: ['/wait'], Env: ['A=1'] }));
    const arm = await push(config({ Cmd: ['/wait'], Env: ['A=2'] }, { architecture: 'arm64' }));
    const evil = await push(config({ Cmd: ['/evil'] }, { architecture: 's390x' }));
    const digest = await index([
      [amd, 'amd64'],
      [arm, 'arm64'],
    ]);
    const facts = { entrypoint: [], cmd: ['/wait'], env: ['A=1', 'A=2'], workingDir: '/', volumes: [] };
    expect(await asked(digest)).toEqual({ digest, platforms: ['linux/amd64', 'linux/arm64'], facts });
    const other = await index([
      [amd, 'amd64'],
      [evil, 's390x'],
    ]);
    await expect(asked(other)).rejects.toThrow(/linux\/amd64 and linux\/s390x start different programs/);
    // An annotation makes no attestation of what a node may run.
    const hidden = { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } };
    await expect(
      asked(
        await index([
          [amd, 'amd64'],
          [evil, 'arm64', hidden],
        ]),
      ),
    ).rejects.toThrow(/different programs/);
    const beside = { ...hidden, platform: { os: 'unknown', architecture: 'unknown' } };
    expect(
      await asked(
        await index([
          [amd, 'amd64'],
          [evil, '', beside],
        ]),
      ),
    ).toMatchObject({ platforms: ['linux/amd64'] });
  });

  it('is not a model, nor a configuration of other bytes', async () => {
    await push(Buffer.from('{}'), 'application/vnd.cncf.model.config.v1+json', 'model');
    await expect(asked('model')).rejects.toThrow(/is not a container image/);
    const bytes = config({});
    await registry.pushBlob('tools/wait', bytes);
    const wrong = { ...describeBlob({ bytes, mediaType: CONFIG }), size: bytes.length + 1 };
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: wrong, layers: [] };
    await registry.pushManifest('tools/wait', 'wrong', manifest, OCI_MANIFEST).catch(() => undefined);
    await expect(asked('wrong')).rejects.toThrow(/other bytes than its manifest names|does not exist|not found/i);
  });
});
