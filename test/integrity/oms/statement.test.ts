import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSignatureError } from '../../../src/integrity/envelope/signature-error.ts';
import { planName, planOf, readOmsManifest } from '../../../src/integrity/oms/statement.ts';
import { FILES, IN_TOTO, problemOf, resource, SHARDS, type StatementParts, sha256, statement } from './signed.ts';

const read = (payload: string | Uint8Array) =>
  readOmsManifest({ payloadType: IN_TOTO, payload: Buffer.from(payload), signature: Buffer.alloc(0) });
const readParts = (parts: StatementParts) => read(statement(parts));
const shards = (...names: string[]) => names.map((name) => resource(name, name, 'sha256-sharded-8'));
const old = (subject: unknown, more: object = {}) =>
  JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    predicateType: 'https://model_signing/Digests/v0.1',
    predicate: { unused: 'Unused, just passed due to API requirements' },
    ...more,
  });
const oldFile = (name: string, algorithm = 'file-sha256', digest = sha256(name)) => ({
  name,
  digest: { sha256: digest },
  annotations: { actual_hash_algorithm: algorithm },
});

test('a manifest has the signed entries in their order', () => {
  const resources = [resource('b'), resource('a/c'), resource('😀 \ufffd.txt'), resource('name:0:8')];
  expect(readParts({ resources })).toEqual({
    version: 'v1.0',
    name: 'model',
    serialization: { method: 'files', algorithm: 'sha256', allowSymlinks: false, ignorePaths: FILES.ignore_paths },
    resources: resources.map(({ name, digest }) => ({ path: name, digest })),
  });
});

test('a manifest can omit optional fields', () => {
  const serialization = { method: 'files', hash_type: 'sha256' };
  const { serialization: said } = readParts({ serialization });
  expect(said).toMatchObject({ allowSymlinks: false, ignorePaths: [] });
});

test('a manifest can have unknown fields', () => {
  expect(readParts({ serialization: { ...FILES, more: 1 }, resources: [{ ...resource('a'), more: 1 }] })).toMatchObject(
    {
      resources: [{ path: 'a' }],
    },
  );
});

test.each<[string, object, string]>([
  ['sha256', { ...FILES }, 'sha256'],
  ['blake2b', { ...FILES, hash_type: 'blake2b' }, 'blake2b'],
  ['blake3', { ...FILES, hash_type: 'blake3' }, 'blake3'],
  ['SHA-256 in shards', { ...SHARDS, shard_size: 1_000_000_000 }, 'sha256-sharded-1000000000'],
  ['SHA-256 as in release 0.3', { ...SHARDS, hash_type: 'sha256-sharded-8' }, 'sha256-sharded-8'],
])('a manifest can hash files with %s', (_, serialization, name) => {
  const manifest = readParts({ serialization, resources: [] });
  expect(planName(planOf(manifest))).toBe(name);
});

describe('shard names', () => {
  const serialization = SHARDS;
  test('are ranges of a path, which can contain colons', () => {
    const resources = shards('a:0:8', 'a:8:13', 'x:1:2:0:5');
    expect(readParts({ serialization, resources }).resources).toMatchObject([
      { path: 'a', range: { start: 0, end: 8 } },
      { path: 'a', range: { start: 8, end: 13 } },
      { path: 'x:1:2', range: { start: 0, end: 5 } },
    ]);
  });

  test('can be sorted by name, as the specification does', () => {
    const resources = shards('a:0:8', 'a:16:24', 'a:24:25', 'a:8:16');
    expect(readParts({ serialization, resources }).resources).toHaveLength(4);
  });

  test('can have a size as a float, and the plain name of the hash', () => {
    const text = statement({ serialization, resources: [resource('a:0:8')] }).replace(':8}', ':8.0}');
    expect(text).toContain('"shard_size":8.0}');
    expect(planOf(read(text))).toEqual({ algorithm: 'sha256', shardSize: 8 });
  });

  test.each([
    ['a gap', ['a:0:8', 'a:16:24'], /no shard of "a" covers byte 8/],
    ['a late start', ['a:8:16'], /no shard of "a" covers byte 0/],
    ['an overlap', ['a:0:8', 'a:4:12'], /shards of "a" overlap at byte 4/],
    ['two last shards', ['a:0:8', 'a:0:4'], /overlap at byte 0/],
    ['a short shard in the middle', ['a:0:4', 'a:4:8'], /before byte 4 is too short/],
    ['a long shard', ['a:0:9'], /does not have 1 to 8 bytes/],
    ['an empty shard', ['a:0:0'], /does not have 1 to 8 bytes/],
    ['a reversed range', ['a:8:0'], /does not have 1 to 8 bytes/],
    ['a range beyond safe integers', ['a:0:99999999999999999999'], /does not have 1 to 8 bytes/],
    ['a name without a range', ['a'], /"a", which does not name a shard/],
    ['half a range', ['a:0'], /which does not name a shard/],
    ['a range without a path', [':0:8'], /which does not name a shard/],
    ['a number in another spelling', ['a:00:8'], /which does not name a shard/],
    ['a number with a sign', ['a:+0:8'], /which does not name a shard/],
    ['a number with a point', ['a:0:8.0'], /which does not name a shard/],
    ['a path that leads out of the model', ['../a:0:8'], /"\.\.\/a", which leads out of the model/],
  ])('with %s are refused', async (_, names, message) => {
    const { problem, message: said } = await problemOf(() => readParts({ serialization, resources: shards(...names) }));
    expect(problem).toBe('statement');
    expect(said).toMatch(message);
  });
});

describe('a statement of release 0.2', () => {
  test('lists the files as subjects', () => {
    expect(read(old([oldFile('b'), oldFile('a/c')]))).toEqual({
      version: 'v0.2',
      name: '',
      serialization: { method: 'files', algorithm: 'sha256', allowSymlinks: false, ignorePaths: [] },
      resources: [
        { path: 'b', digest: sha256('b') },
        { path: 'a/c', digest: sha256('a/c') },
      ],
    });
  });

  test('names the hash of a file beside its digest', () => {
    const digest = 'ab'.repeat(64);
    expect(planOf(read(old([oldFile('b', 'file-blake2b', digest)])))).toEqual({ algorithm: 'blake2b' });
    expect(planOf(read(old([{ name: 'b', digest: { sha256: sha256('b') } }])))).toEqual({ algorithm: 'sha256' });
  });

  test.each<[string, unknown, string, RegExp]>([
    ['a file twice', [oldFile('a'), oldFile('a')], 'duplicate-resource', /lists "a" twice/],
    ['two digests', [oldFile('a'), oldFile('b', 'file-blake2b', 'ab'.repeat(64))], 'hash', /"b" with "file-blake2b"/],
    ['shards', [oldFile('a', 'file-sha256-1000000')], 'hash', /hashed with "sha256-1000000"/],
    ['a path outside the model', [oldFile('../a')], 'statement', /leads out of the model/],
    ['a missing digest', [{ name: 'a', digest: {} }], 'statement', /digest\.sha256 is missing/],
    ['a digest of another length', [oldFile('a', 'file-sha256', 'ab')], 'statement', /of "a" is not a sha256 digest/],
  ])('with %s is refused', async (_, subject, problem, message) => {
    const refused = await problemOf(() => read(old(subject)));
    expect(refused.problem).toBe(problem);
    expect(refused.message).toMatch(message);
  });
});

describe('an inconsistent or invalid statement is refused:', () => {
  const subject = { name: 'model', digest: { sha256: sha256('') } };
  const a = resource('a');
  test.each<[string, string | Uint8Array, string, RegExp]>([
    ['invalid JSON', '{', 'statement', /cannot be read as a statement: it is not JSON/],
    ['invalid UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'statement', /it is not UTF-8/],
    ['JSON nested too deeply', '['.repeat(1000), 'statement', /values more than 64 deep/],
    ['a list', '[]', 'statement', /is malformed/],
    ['two subjects of the same name', statement().replace('{', '{"subject":[],'), 'statement', /names "subject" twice/],
    [
      'another version of in-toto',
      statement({ type: 'https://in-toto.io/Statement/v0.1' }),
      'statement',
      /v0\.1", not/,
    ],
    ['another type', statement({ type: 'https://in-toto.io/Statement/v1/' }), 'statement', /not an in-toto statement/],
    ['no type', statement().replace('_type', 'type'), 'statement', /_type is missing/],
    ['another predicate', statement({ predicateType: 'https://slsa.dev/provenance/v1' }), 'predicate', /slsa/],
    ['a later predicate', statement({ predicateType: 'https://model_signing/signature/v1.1' }), 'predicate', /v1\.1/],
    [
      'a predicate of 0.2 with shards',
      old([], { predicateType: 'https://model_signing/ShardDigests/v0.1' }),
      'predicate',
      /Shard/,
    ],
    ['no subject', statement({ subject: [] }), 'statement', /has 0 subjects/],
    ['two subjects', statement({ subject: [subject, subject] }), 'statement', /has 2 subjects/],
    [
      'a subject without a digest',
      statement({ subject: [{ name: 'm', digest: {} }] }),
      'root-digest',
      /no sha256 digest/,
    ],
    ['another root digest', statement({ rootDigest: sha256('x') }), 'root-digest', /is not the root/],
    ['a root digest of another order', swappedRoot(), 'root-digest', /is not the root/],
    ['a repeated resource', statement({ resources: [a, a] }), 'duplicate-resource', /lists "a" twice/],
    [
      'a repeated resource with another digest first',
      statement({ resources: [{ ...a, digest: sha256('b') }, a] }),
      'duplicate-resource',
      /"a" twice/,
    ],
    ['an unknown hash', statement({ serialization: { ...FILES, hash_type: 'md5' } }), 'hash', /hashed with "md5"/],
    ['an alias of a hash', statement({ serialization: { ...FILES, hash_type: 'SHA256' } }), 'hash', /"SHA256"/],
    [
      'another hash for a file',
      statement({ resources: [resource('a', 'a', 'blake2b')] }),
      'hash',
      /"a" with "blake2b"/,
    ],
    [
      'shards with the method files',
      statement({ resources: [resource('a', 'a', 'sha256-sharded-8')] }),
      'hash',
      /"a" with "sha256-sharded-8"/,
    ],
    [
      'shards of two sizes',
      statement({ serialization: SHARDS, resources: [resource('a:0:8', 'a', 'sha256-sharded-9')] }),
      'hash',
      /sharded-9/,
    ],
    [
      'another method',
      statement({ serialization: { ...FILES, method: 'tensors' } }),
      'statement',
      /serialized by "tensors"/,
    ],
    [
      'shards without a size',
      statement({ serialization: { ...FILES, method: 'shards' } }),
      'statement',
      /size of nothing/,
    ],
    ['shards of size zero', statement({ serialization: { ...SHARDS, shard_size: 0 } }), 'statement', /a size of 0/],
    [
      'shards of a fractional size',
      statement({ serialization: { ...SHARDS, shard_size: 0.5 } }),
      'statement',
      /a size of 0\.5/,
    ],
    ['shards of a negative size', statement({ serialization: { ...SHARDS, shard_size: -8 } }), 'statement', /of -8/],
    [
      'allow_symlinks as a string',
      statement({ serialization: { ...FILES, allow_symlinks: 'false' } }),
      'statement',
      /allow_symlinks is of/,
    ],
    [
      'no serialization',
      statement({ serialization: null }).replace(/"serialization":.*?},/, ''),
      'statement',
      /serialization is missing/,
    ],
    ['no resources', statement({ resources: 'none' }), 'statement', /resources is of the wrong kind/],
    [
      'a short digest',
      statement({ resources: [{ ...a, digest: 'abcd' }] }),
      'statement',
      /of "a" is not a sha256 digest/,
    ],
    [
      'a digest that is not hex',
      statement({ resources: [{ ...a, digest: 'x'.repeat(64) }] }),
      'statement',
      /is not a sha256 digest/,
    ],
    [
      'a single file beside other files',
      statement({ resources: [resource('.'), a] }),
      'statement',
      /single file \("\."\) and other files/,
    ],
  ])('%s', async (_, payload, problem, message) => {
    const refused = await problemOf(() => read(payload));
    expect(refused.problem).toBe(problem);
    expect(refused.message).toMatch(message);
  });

  test.each([
    ['..', /leads out of the model/],
    ['../a', /leads out of the model/],
    ['a/../../b', /leads out of the model/],
    ['a/../b', /leads out of the model/],
    ['/etc/passwd', /is an absolute path/],
    ['', /is not a name/],
    ['a\0b', /holds a NUL/],
    ['a//b', /shortest form/],
    ['./a', /shortest form/],
    ['a/.', /shortest form/],
    ['a/', /shortest form/],
    ['\ud800', /is not Unicode text/],
    ['a'.repeat(5000), /longer than 4096 bytes/],
  ])('the name %j', async (name, message) => {
    const refused = await problemOf(() => readParts({ resources: [resource(name, 'content')] }));
    expect(refused.problem).toBe('statement');
    expect(refused.message).toMatch(message);
    expect(refused.message.length).toBeLessThan(500);
  });

  function swappedRoot(): string {
    const [x, y] = [resource('x'), resource('y')];
    const { subject: other } = JSON.parse(statement({ resources: [y, x] }));
    return statement({ subject: other, resources: [x, y] });
  }
});

test('any JSON gives a manifest or a named problem', () => {
  const parts = fc.record(
    {
      type: fc.jsonValue(),
      predicateType: fc.constantFrom('https://model_signing/signature/v1.0', 'https://model_signing/Digests/v0.1', 'x'),
      subject: fc.jsonValue(),
      serialization: fc.oneof(fc.constant(FILES), fc.constant(SHARDS), fc.jsonValue()),
      resources: fc.oneof(
        fc.jsonValue(),
        fc.array(
          fc.record({
            name: fc.string({ unit: 'binary' }),
            algorithm: fc.constant('sha256'),
            digest: fc.constant(sha256('')),
          }),
        ),
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(parts.map(statement), fc.json()), (text) => {
      try {
        expect(read(text).resources).toBeInstanceOf(Array);
      } catch (error) {
        expect(isSignatureError(error)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
