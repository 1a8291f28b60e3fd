import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keySigner } from '../../src/integrity/sign/key-signer.ts';
import {
  loadPacked,
  openDocument,
  openSnapshot,
  PackedIndex,
  packSnapshot,
  Snapshot,
  type SnapshotDocument,
  type SnapshotEntry,
  type SnapshotQuery,
  signSnapshot,
} from '../../src/snapshot/index.ts';
import { openParts } from '../../src/snapshot/open.ts';
import type { SnapshotParts } from '../../src/snapshot/read-payload.ts';
import { ShrinkableMemory } from '../../src/snapshot/shrinkable-memory.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { COMMIT, denied, document, entry, NOW, sha256, signed, stranger, writer } from './samples.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 300);
const folder = tempFolder();
let files = 0;

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, `${++files}.json`);
  writeFileSync(path, bytes);
  return path;
}

function partsOf({ entries, ...head }: SnapshotDocument): SnapshotParts {
  const size = Buffer.byteLength(JSON.stringify({ ...head, entries }));
  return {
    head,
    size,
    *entries() {
      yield* entries;
    },
  };
}

function packedOf(whole: SnapshotDocument, seed = 7): PackedIndex {
  return new PackedIndex(packSnapshot(partsOf(whole), seed));
}

const options = { trust: writer.publicKey, now: NOW };

/** Few values of each, so that keys and digests repeat. */
const repos = fc.constantFrom('acme/model', 'acme/other', 'acme/third');
const commits = fc.constantFrom(COMMIT, 'f'.repeat(40));
const refs = fc.oneof(
  fc.tuple(repos, commits).map(([repo, commit]) => `hf://${repo}@${commit}`),
  fc.constantFrom(
    `oci://registry.example/acme/model@${sha256('oci')}`,
    `s3://bucket/key?versionId=1`,
    'models:/acme/3',
    `hf://acme/model@${COMMIT}/part.safetensors`,
  ),
);
const endpoints = fc.constantFrom(null, 'https://hub.example', 'https://other.example/hf');
const ends = fc.constantFrom(null, '2026-11-25T11:59:59Z', '2026-11-25T12:00:00Z', '2026-11-26T00:00:00Z');
const stages = fc.uniqueArray(
  fc.record({ stage: fc.constantFrom('staging', 'production', 'research'), notAfter: ends }),
  {
    minLength: 1,
    maxLength: 3,
    selector: ({ stage }) => stage,
  },
);
const texts = fc.oneof(
  fc.constantFrom('acme/model', 'é', '\ud800', '\u2028"\\'),
  fc.string({ minLength: 1, unit: 'binary' }),
);

const entries: fc.Arbitrary<SnapshotEntry> = fc
  .record({
    model: texts,
    number: fc.integer({ min: 1, max: 2 ** 40 }),
    digest: fc.constantFrom('a', 'b', 'c').map(sha256),
    refs: fc.array(refs, { maxLength: 3 }),
    endpoint: endpoints,
    isDenied: fc.boolean(),
    stages,
    remoteCode: fc.boolean(),
    policy: fc.record({ name: texts, digest: fc.constantFrom('p', 'q').map(sha256) }),
    reason: fc.oneof(fc.constant(''), texts),
    report: fc.option(texts, { nil: null }),
  })
  .map(({ isDenied, ...one }) => {
    const status = isDenied ? 'denied' : 'approved';
    // In the form that JSON.parse creates.
    return JSON.parse(JSON.stringify({ ...one, status, stages: isDenied ? [] : one.stages }));
  });
const imageDigests = fc.constantFrom('i', 'j', 'k', 'l').map(sha256);
const IMAGE_NAMES = ['oci://r.example/a:1', 'oci://r.example/a:2'];
/** Of all schemas. */
const images: fc.Arbitrary<Pick<SnapshotDocument, 'schemaVersion' | 'images'>> = fc.oneof(
  fc.record({
    schemaVersion: fc.constant('1' as const),
    images: fc.array(fc.record({ digest: imageDigests, notAfter: ends }), { maxLength: 6 }),
  }),
  fc.record({
    schemaVersion: fc.constant('2' as const),
    images: fc.array(
      fc.record({ digest: imageDigests, notAfter: ends, as: fc.constantFrom('program' as const, 'sealed' as const) }),
      { maxLength: 6 },
    ),
  }),
  fc.record({
    schemaVersion: fc.constant('3' as const),
    images: fc.array(
      fc.record({
        digest: imageDigests,
        notAfter: ends,
        as: fc.constantFrom('program' as const, 'sealed' as const),
        name: fc.constantFrom(null, ...IMAGE_NAMES),
        facts: fc.option(
          fc.record({
            entrypoint: fc.array(fc.string({ unit: 'binary' }), { maxLength: 2 }),
            cmd: fc.array(fc.string(), { maxLength: 2 }),
            env: fc.constantFrom([], ['A=b']),
            workingDir: fc.constantFrom('/', '/ä'),
            volumes: fc.constantFrom([], ['/data']),
          }),
        ),
      }),
      { maxLength: 6 },
    ),
  }),
);
const queries: fc.Arbitrary<SnapshotQuery> = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'd').map((text) => ({ digest: sha256(text) })),
  fc.string().map((digest) => ({ digest })),
  fc.record(
    {
      ref: fc.oneof(
        refs,
        fc.constantFrom('hf://acme/model@main', 'hf\nhttps://hub.example\nhf://acme/model', 'nonsense:', '', './x'),
        repos.map((repo) => `https://huggingface.co/${repo}/tree/${COMMIT}`),
        fc.string(),
      ),
      endpoint: fc.oneof(
        endpoints,
        fc.constantFrom('https://HUB.example/', '', 'no address', 'https://huggingface.co'),
      ),
    },
    { requiredKeys: ['ref'] },
  ),
);
const askeds = fc.record(
  { stage: fc.constantFrom('staging', 'production', 'research', 'elsewhere') },
  { requiredKeys: [] },
);

describe('a packed snapshot', () => {
  it('answers like the snapshot that it was made from', () => {
    fc.assert(
      fc.property(
        fc.array(entries, { maxLength: 12 }),
        images,
        fc.array(fc.tuple(queries, askeds), { minLength: 1, maxLength: 20 }),
        fc.integer(),
        (all, allImages, asked, seed) => {
          const whole = document({ entries: all, ...allImages });
          const [plain, packed] = [new Snapshot(whole), packedOf(whole, seed)];
          for (const [query, more] of asked) {
            const with_ = { ...more, now: NOW };
            expect(packed.lookup(query, with_)).toStrictEqual(plain.lookup(query, with_));
            if ('ref' in query) {
              expect(packed.latestApproved(query, with_)).toStrictEqual(plain.latestApproved(query, with_));
            }
          }
          for (const one of [
            ...allImages.images.map(({ digest }) => digest),
            sha256('z'),
            '',
            'sha256:',
            `sha256:${'Z'.repeat(64)}`,
          ]) {
            expect(packed.allowsImage(one, NOW)).toBe(plain.allowsImage(one, NOW));
            expect(packed.sealsImage(one, NOW)).toBe(plain.sealsImage(one, NOW));
            expect(packed.imageFacts(one)).toEqual(plain.imageFacts(one));
          }
          for (const name of [...IMAGE_NAMES, ''])
            expect(packed.imageNamed(name, NOW)).toBe(plain.imageNamed(name, NOW));
          expect(packed.meta).toStrictEqual(plain.meta);
          for (const now of [NOW, new Date('2026-12-02T11:00:00Z'), new Date('2026-12-02T10:59:59.999Z')]) {
            expect(packed.isExpired(now)).toBe(plain.isExpired(now));
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('keeps large records, and a large number of policies', () => {
    const large = Array.from(
      { length: 700 },
      (_, at) => `https://files.example/${'é'.repeat(2_000)}/${at}?sha256=${at}`,
    );
    const many = Array.from({ length: 600 }, (_, at) =>
      entry({
        number: at + 1,
        digest: sha256(`${at}`),
        policy: { name: `policy ${at}`, digest: sha256(`p${at}`) },
        refs: [],
      }),
    );
    const whole = document({ entries: [entry(), entry({ digest: sha256('large'), refs: large }), ...many] });
    const packed = packedOf(whole);
    for (const one of whole.entries) {
      expect(packed.lookup({ digest: one.digest }, { now: NOW })).toMatchObject({ kind: 'approved', entry: one });
    }
  });

  it('distinguishes references with the same hash bucket', () => {
    const [many, seed] = [5_000, 1];
    const whole = document({
      entries: Array.from({ length: many }, (_, at) =>
        entry({ number: at + 1, digest: sha256(`${at}`), refs: [`models:/acme/${at}`] }),
      ),
    });
    const made = packSnapshot(partsOf(whole), seed);
    // Every key falls into the bucket of the first one.
    const keys = new Float64Array(made.keys);
    const first = Math.floor((keys[0] ?? 0) / 2 ** 20);
    const together = Float64Array.from(keys, (key) => first * 2 ** 20 + (key % 2 ** 20)).sort();
    const packed = new PackedIndex({ ...made, keys: together.buffer });
    const answers = whole.entries.map(({ refs: [ref = ''] }) => packed.lookup({ ref }, { now: NOW }));
    const found = answers.filter(({ kind }) => kind === 'approved');
    // The lookup compares full hashes: of all references in the bucket, only its own matches.
    expect(found.length).toBe(1);
  });
});

describe('a snapshot that is verified in another thread', () => {
  it('answers like one that is verified in this thread', async () => {
    const bytes = await signed({
      entries: [entry(), denied({ number: 2, digest: sha256('2'), refs: ['models:/acme/2'] })],
      images: [{ digest: sha256('image'), notAfter: null }],
    });
    const [packed, plain] = [await loadPacked(fileOf(bytes), options), openSnapshot(bytes, options)];
    expect(packed.meta).toEqual(plain.meta);
    for (const query of [{ digest: sha256('model') }, { ref: 'models:/acme/2' }, { ref: 'models:/acme/3' }]) {
      expect(packed.lookup(query, { now: NOW })).toEqual(plain.lookup(query, { now: NOW }));
    }
    expect(packed.allowsImage(sha256('image'), NOW)).toBe(true);
  });

  it('is refused for the same reasons as in this thread', async () => {
    const good = await signed();
    const flipped = Buffer.from(good);
    flipped[good.length - 60] = (flipped[good.length - 60] ?? 0) ^ 1;
    const cases: readonly [Uint8Array, object, string][] = [
      [flipped, {}, 'signature|malformed'],
      [good.subarray(0, good.length / 2), {}, 'malformed'],
      [Buffer.from('<!doctype html><html></html>'), {}, 'malformed'],
      [Buffer.alloc(0), {}, 'malformed'],
      [Buffer.from(JSON.stringify(document())), {}, 'unsigned'],
      [await signed({}, stranger.privateKey), {}, 'wrong-key'],
      [good, { tenant: 'other' }, 'other-tenant'],
      [good, { minVersion: 8 }, 'rollback'],
    ];
    for (const [bytes, more, problem] of cases) {
      const refused = loadPacked(fileOf(bytes), { ...options, ...more });
      await expect(refused).rejects.toMatchObject({ problem: expect.stringMatching(problem) });
    }
    await expect(loadPacked(join(folder, 'missing'), options)).rejects.toMatchObject({ code: 'not-found' });
    await expect(loadPacked(folder, options)).rejects.toMatchObject({ code: 'unreadable' });
  });

  it('answers like one that is verified in this thread, for any content', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entries, { maxLength: 8 }), images, async (all, allImages) => {
        const bytes = await signed({ entries: all, ...allImages });
        const keys = [writer.publicKey];
        // Records overwrite the entries that they are made from.
        const room = ShrinkableMemory.of(bytes.length);
        room.bytes().set(bytes);
        const over = new PackedIndex(packSnapshot(openParts(room.bytes(), { keys, spend: room }), 3));
        const beside = new PackedIndex(packSnapshot(openParts(bytes, { keys }), 3));
        expect(over.meta).toStrictEqual(beside.meta);
        for (const { digest, refs, endpoint } of all) {
          const asked = [{ digest }, ...refs.map((ref) => ({ ref, endpoint }))];
          for (const query of asked) {
            expect(over.lookup(query, { now: NOW })).toStrictEqual(beside.lookup(query, { now: NOW }));
          }
        }
        for (const { digest } of allImages.images) {
          expect(over.allowsImage(digest, NOW)).toBe(beside.allowsImage(digest, NOW));
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('releases its memory, and answers nothing afterwards', async () => {
    const bytes = await signed({ entries: Array.from({ length: 20_000 }, (_, at) => entry({ number: at + 1 })) });
    const room = ShrinkableMemory.of(bytes.length);
    room.bytes().set(bytes);
    const made = packSnapshot(openParts(room.bytes(), { keys: [writer.publicKey], spend: room }), 3);
    expect(made.records).toBe(room.buffer);
    expect(room.buffer.byteLength).toBeLessThan(bytes.length / 2);
    const index = new PackedIndex(made);
    expect(room.buffer.byteLength).toBeGreaterThan(2 ** 21);
    index.release();
    const gone = /another one has replaced/;
    expect(() => index.lookup({ digest: sha256('model') }, { now: NOW })).toThrow(gone);
    expect(() => index.lookup({ ref: 'models:/acme/none' }, { now: NOW })).toThrow(gone);
    expect(() => index.latestApproved({ ref: 'hf://acme/model' }, { now: NOW })).toThrow(gone);
    expect(() => index.allowsImage(sha256('image'), NOW)).toThrow(gone);
    await until('the memory is released', () => room.buffer.byteLength === 0);
    expect(room.buffer.byteLength).toBe(0);
  });

  it('can be opened when it has expired, and reports that', async () => {
    const late = new Date('2027-01-01T00:00:00Z');
    const packed = await loadPacked(fileOf(await signed()), { ...options, now: late });
    expect(packed.isExpired(late)).toBe(true);
  });

  it('is no longer waited for once the caller aborts', async () => {
    const path = fileOf(await signed());
    const stop = new AbortController();
    const loading = loadPacked(path, { ...options, signal: stop.signal });
    stop.abort();
    await expect(loading).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('bytes that are verified entry by entry', () => {
  it('equal the document, byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entries, { maxLength: 5 }), images, async (all, allImages) => {
        const whole = document({ entries: all, ...allImages });
        const bytes = await signSnapshot(whole, keySigner(writer.privateKey));
        const before = Buffer.from(bytes);
        expect(openDocument(bytes, options)).toEqual(whole);
        // The bytes are overwritten only on request.
        expect(bytes.equals(before)).toBe(true);
      }),
      { numRuns: Math.min(RUNS, 300) },
    );
  });
});
