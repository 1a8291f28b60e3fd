import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAssayError } from '../../src/core/errors.ts';
import { isArtifactPath } from '../../src/core/reference/reference.ts';
import { parseOci } from '../../src/core/reference/store-reference.ts';
import { parseChallenge } from '../../src/oci/challenge.ts';
import { endpointOf } from '../../src/oci/endpoint.ts';
import { type OciDescriptor, parseManifest } from '../../src/oci/manifest.ts';
import { checkRealm } from '../../src/oci/realm.ts';
import { filesOf } from '../../src/sources/oci/layers.ts';

/** Runs something that can fail only with an AssayError. */
function orAssayError<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    expect(isAssayError(error), String(error)).toBe(true);
    return undefined;
  }
}

describe('the endpoint of a reference', () => {
  test.each([
    ['oci://ghcr.io/owner/model:v1', 'https://ghcr.io', 'owner/model', 'oci://ghcr.io/owner/model'],
    ['oci://GHCR.io/owner/model', 'https://ghcr.io', 'owner/model', 'oci://ghcr.io/owner/model'],
    ['oci://docker.io/model', 'https://registry-1.docker.io', 'library/model', 'oci://docker.io/library/model'],
    ['oci://index.docker.io/ai/model', 'https://registry-1.docker.io', 'ai/model', 'oci://docker.io/ai/model'],
    ['oci://localhost:5000/model', 'http://localhost:5000', 'model', 'oci://localhost:5000/model'],
    ['oci://127.0.0.1:5000/model', 'http://127.0.0.1:5000', 'model', 'oci://127.0.0.1:5000/model'],
    ['oci://[::1]:5000/model', 'http://[::1]:5000', 'model', 'oci://[::1]:5000/model'],
    ['oci://10.0.0.1:5000/model', 'https://10.0.0.1:5000', 'model', 'oci://10.0.0.1:5000/model'],
    [
      'oci://localhost.example.com/model',
      'https://localhost.example.com',
      'model',
      'oci://localhost.example.com/model',
    ],
  ])('is parsed from %s', (text, origin, repository, subject) => {
    expect(endpointOf(parseOci(text))).toMatchObject({ origin, repository, subject });
  });
});

describe('an authentication challenge', () => {
  test.each([
    ['Basic realm="x"', { scheme: 'basic' }],
    ['basic', { scheme: 'basic' }],
    [
      'Bearer realm="https://a/b",service="s",scope="x:y:pull,push"',
      { scheme: 'bearer', realm: 'https://a/b', service: 's' },
    ],
    ['Basic realm="x", Bearer realm="https://a/b"', { scheme: 'bearer', realm: 'https://a/b', service: undefined }],
    ['Bearer  Realm = "q\\"uo\\\\te"', { scheme: 'bearer', realm: 'q"uo\\te', service: undefined }],
    ['Bearer realm=token', { scheme: 'bearer', realm: 'token', service: undefined }],
    ['Negotiate, Basic realm="a, Bearer realm=b"', { scheme: 'basic' }],
    ['Bearer service="s"', undefined],
    ['Bearer realm="never ends', { scheme: 'bearer', realm: '', service: undefined }],
    ['', undefined],
    [null, undefined],
  ])('is parsed from %j', (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });

  test('is parsed from any text without a throw', () => {
    const token = fc.constantFrom('Bearer', 'realm', 'a', '=', '"', '\\', ',', ' ', '\t', 'é', '==', '()');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 5_000 }), (parts) => {
        parseChallenge(parts.join(''));
      }),
      { numRuns: 200 },
    );
    for (const header of [
      'a'.repeat(16_000),
      `a${' '.repeat(16_000)}`,
      `a="${'\\'.repeat(16_000)}`,
      'a '.repeat(8_000),
    ])
      expect(parseChallenge(header)).toBeUndefined();
  });
});

describe('the realm of a challenge', () => {
  test.each([
    ['registry-1.docker.io', 'https://auth.docker.io/token', true],
    ['ghcr.io', 'https://ghcr.io/token', true],
    ['registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
    ['example.com', 'https://auth.example.com/token', true],
    ['example.com:5000', 'https://example.com/token', true],
    ['localhost:5000', 'http://127.0.0.1:5001/token', true],
    ['registry.example.co.uk', 'https://auth.example.co.uk/token', true],
    ['example.co.uk', 'https://evil.co.uk/token', false],
    ['example.com', 'https://evil.com/token', false],
    ['registry.example.com', 'https://registry.example.com.evil.com/token', false],
    ['registry.example.com', 'https://evilexample.com/token', false],
    ['10.0.0.1', 'https://9.0.0.1/token', false],
    ['10.0.0.1', 'https://x.0.0.1.example.com/token', false],
    ['intranet', 'https://other/token', false],
    ['ghcr.io', 'https://localhost/token', false],
  ])('of %s at %s belongs to the registry: %s', (registry, realm, own) => {
    expect(checkRealm(realm, endpointOf(parseOci(`oci://${registry}/model`))).own).toBe(own);
  });

  test('is https or refused for any text', () => {
    const endpoint = endpointOf(parseOci('oci://registry.example.com/model'));
    const text = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.constantFrom('http://localhost/', 'file:///x', 'data:,x', 'ftp://x'),
    );
    fc.assert(
      fc.property(text, (realm) => {
        const found = orAssayError(() => checkRealm(realm, endpoint));
        expect(found?.url.protocol ?? 'https:').toBe('https:');
      }),
    );
  });
});

describe('a manifest', () => {
  const encode = (text: string) => ({ bytes: Buffer.from(text), digest: 'sha256:x', contentType: '' });
  const digest = fc.oneof(
    fc.constantFrom(`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`, 'sha512:x', '', 'sha256:../x'),
    fc.string(),
  );
  const name = fc.oneof(
    fc.constantFrom('a', 'a.bin', './a.bin', '../a', '/a', 'a/', '.', '', '.a', 'a/.b', 'a.tar.gz', 'config.json'),
    fc.string(),
  );
  const annotations = fc.dictionary(
    fc.constantFrom('org.cncf.model.filepath', 'org.opencontainers.image.title', 'io.deis.oras.content.unpack'),
    name,
  );
  const descriptor = fc.record(
    {
      mediaType: fc.oneof(
        fc.constantFrom(
          'application/vnd.cncf.model.weight.v1.tar+gzip',
          'application/vnd.ollama.image.model',
          '__proto__',
        ),
        fc.string(),
      ),
      digest,
      size: fc.nat(),
      urls: fc.array(fc.webUrl(), { maxLength: 1 }),
      data: fc.string(),
      annotations,
    },
    { requiredKeys: ['mediaType', 'digest', 'size'] },
  );

  test('is parsed or refused for any bytes or JSON', () => {
    const field = fc.constantFrom(
      'schemaVersion',
      'mediaType',
      'config',
      'layers',
      'manifests',
      'digest',
      'size',
      '__proto__',
    );
    const value = fc.oneof(fc.jsonValue(), fc.constant(2), descriptor, fc.array(descriptor, { maxLength: 3 }));
    const document = fc.oneof(
      fc.json(),
      fc.string(),
      fc.dictionary(field, value).map((json) => JSON.stringify(json)),
    );
    fc.assert(
      fc.property(document, (text) => {
        orAssayError(() => parseManifest(encode(text), 'test'));
      }),
      { numRuns: 500 },
    );
  });

  test('gives files with unique names, and one for each blob', () => {
    fc.assert(
      fc.property(fc.array(descriptor, { maxLength: 8 }), descriptor, (layers: OciDescriptor[], config) => {
        const text = JSON.stringify({ schemaVersion: 2, config, layers });
        const parsed = orAssayError(() => parseManifest(encode(text), 'test'));
        if (parsed?.kind !== 'manifest') return;
        const files = orAssayError(() => filesOf(parsed.config, parsed.layers));
        if (files === undefined) return;
        expect(files.map(({ path }) => path).filter((path) => !isArtifactPath(path))).toEqual([]);
        expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
        const read = new Set(files.map((file) => file.descriptor.digest));
        for (const layer of [...layers, config]) expect(read).toContain(layer.digest);
      }),
      { numRuns: 1_000 },
    );
  });

  test('gives unique names to many files of one long name, or is refused', () => {
    const title = `${'a.'.repeat(2_000)}b`;
    const layers = Array.from({ length: 900 }, (_, i) => ({
      mediaType: 'x',
      digest: `sha256:${String(i).padStart(64, '0')}`,
      size: 1,
      annotations: { 'org.opencontainers.image.title': title },
    }));
    const parsed = parseManifest(encode(JSON.stringify({ schemaVersion: 2, config: layers[0], layers })), 'test');
    if (parsed.kind === 'manifest') expect(filesOf(parsed.config, parsed.layers)).toHaveLength(901);
  });

  test('is parsed in one way, whatever its strings contain', () => {
    const text = { schemaVersion: 2, config: descriptorOf('":,"'), layers: [descriptorOf('\\":{}')] };
    expect(parseManifest(encode(JSON.stringify(text)), 'test').kind).toBe('manifest');
  });
});

function descriptorOf(mediaType: string) {
  return {
    mediaType,
    digest: `sha256:${'a'.repeat(64)}`,
    size: 1,
    annotations: { Layers: 'an annotation, no layers' },
  };
}
