import { createPublicKey } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../../src/integrity/envelope/bundle.ts';
import { keyHint } from '../../src/integrity/envelope/keys.ts';
import { bundleJson, envelopeJson } from '../../src/integrity/sign/bundle-json.ts';
import { keySigner } from '../../src/integrity/sign/key-signer.ts';
import type { TrustFile, TrustRule } from '../../src/integrity/trust-file/trust-file.ts';
import {
  createSnapshot,
  isSnapshotError,
  openDocument,
  openSnapshot,
  SNAPSHOT_PAYLOAD,
  type SnapshotProblem,
} from '../../src/snapshot/index.ts';
import { COMMIT, denied, document, entry, NOW, sha256, signed, stranger, writer } from './samples.ts';

const options = { trust: writer.publicKey, now: NOW };
const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 300);

const FACTS = { entrypoint: [], cmd: [], env: [], workingDir: '/', volumes: [] };
const FACTLESS = { digest: sha256('i'), notAfter: null, as: 'program', name: null, facts: null };

function problemOf(bytes: Uint8Array, more: Partial<Parameters<typeof openSnapshot>[1]> = {}): SnapshotProblem {
  try {
    openSnapshot(bytes, { ...options, ...more });
  } catch (error) {
    if (isSnapshotError(error)) return error.problem;
    throw error;
  }
  throw new Error('it was opened');
}

/** Signs with the writer's own key what `signSnapshot` would refuse. */
async function signedRaw(payload: string | Uint8Array, type = SNAPSHOT_PAYLOAD): Promise<Buffer> {
  return Buffer.from(`${JSON.stringify(await keySigner(writer.privateKey).sign(type, Buffer.from(payload)))}\n`);
}

function trusting(...rules: TrustRule[]): TrustFile {
  return { path: 'trust.yaml', rules, warnings: [] };
}

describe('a signed snapshot', () => {
  it('is read back unchanged, and is a Sigstore bundle that other tools read', async () => {
    const bytes = await signed();
    expect(openDocument(bytes, options)).toEqual(document());
    const bundle = readBundle(bytes, 'snapshot', SNAPSHOT_PAYLOAD);
    expect(bundle.material).toEqual({ kind: 'key', hint: keyHint(createPublicKey(writer.privateKey)) });
    expect(JSON.parse(bundle.envelope.payload.toString())).toEqual(document());
  });

  it('is verified with every kind of key', async () => {
    const bytes = await signed({}, stranger.privateKey);
    expect(openSnapshot(bytes, { ...options, trust: stranger.publicKey }).meta.version).toBe(7);
  });

  it('is refused with a specific problem: unsigned, another key, expired, older, another tenant, malformed', async () => {
    const bytes = await signed();
    const bare = bundleJson(
      { publicKey: { hint: keyHint(writer.publicKey) } },
      {
        ...envelopeJson(SNAPSHOT_PAYLOAD, createSnapshot(document()), Buffer.alloc(0)),
        signatures: [],
      },
    );
    expect(problemOf(createSnapshot(document()))).toBe('unsigned');
    expect(problemOf(Buffer.from(JSON.stringify(bare)))).toBe('unsigned');
    expect(problemOf(bytes, { trust: stranger.publicKey })).toBe('wrong-key');
    expect(problemOf(bytes, { now: new Date('2026-12-02T11:00:00Z') })).toBe('expired');
    expect(problemOf(bytes, { minVersion: 8 })).toBe('rollback');
    expect(problemOf(bytes, { tenant: 'other' })).toBe('other-tenant');
    expect(problemOf(Buffer.from('{}'))).toBe('malformed');
    expect(problemOf(Buffer.alloc(0))).toBe('malformed');
    expect(problemOf(await signedRaw('{}', 'application/vnd.in-toto+json'))).toBe('malformed');
    expect(openSnapshot(bytes, { ...options, minVersion: 7, tenant: 'acme' }).meta.entries).toBe(1);
  });

  it('that has expired can be opened with an option', async () => {
    const now = new Date('2027-01-01T00:00:00Z');
    const snapshot = openSnapshot(await signed(), { ...options, now, evenExpired: true });
    expect(snapshot.isExpired(now)).toBe(true);
    expect(snapshot.nextExpiry(now)).toBeUndefined();
  });

  it('is accepted from signers that a trust file lists for snapshots, until the rule ends', async () => {
    const bytes = await signed();
    const rule: TrustRule = { name: 'w', trust: { kind: 'key', key: writer.publicKey }, may: new Set(['snapshot']) };
    expect(openSnapshot(bytes, { ...options, trust: trusting(rule) }).meta.tenant).toBe('acme');
    expect(problemOf(bytes, { trust: trusting({ ...rule, may: new Set(['approval', 'decision']) }) })).toBe(
      'wrong-key',
    );
    expect(problemOf(bytes, { trust: trusting({ ...rule, notAfter: new Date('2026-11-01') }) })).toBe('wrong-key');
    expect(problemOf(bytes, { trust: trusting() })).toBe('wrong-key');
  });
});

describe('a signed snapshot is refused with', () => {
  const text = JSON.stringify(document());
  const imaged = (schema: string, image: object) =>
    text
      .replace('"schemaVersion":"1"', `"schemaVersion":"${schema}"`)
      .replace('"images":[]', `"images":[${JSON.stringify(image)}]`);
  const cases: Record<string, string> = {
    'a repeated property': text.replace('"tenant":"acme"', '"tenant":"acme","tenant":"acme"'),
    'an unknown field': text.replace('"tenant"', '"extra":1,"tenant"'),
    'another order of fields': text.replace('"tenant":"acme","version":7', '"version":7,"tenant":"acme"'),
    'white space': text.replace('{"schemaVersion"', '{ "schemaVersion"'),
    'another schema': text.replace('"schemaVersion":"1"', '"schemaVersion":"4"'),
    'an image of the second schema in the first': imaged('1', { digest: sha256('i'), notAfter: null, as: 'sealed' }),
    'an image of the first schema in the second': imaged('2', { digest: sha256('i'), notAfter: null }),
    'an image of the second schema in the third': imaged('3', { digest: sha256('i'), notAfter: null, as: 'sealed' }),
    'an image with other facts': imaged('3', { ...FACTLESS, facts: { ...FACTS, user: 'root' } }),
    'an image with a folder that is not absolute': imaged('3', { ...FACTLESS, facts: { ...FACTS, workingDir: 'x' } }),
    'an image with a name that is not one': imaged('3', { ...FACTLESS, name: 'nginx' }),
    'an image that is approved as something else': imaged('2', { digest: sha256('i'), notAfter: null, as: 'all' }),
    'a missing field': text.replace(',"images":[]', ''),
    'a __proto__ property': text.replace('"tenant":"acme"', '"__proto__":{"tenant":"acme"}'),
    'a number as text': text.replace('"version":7', '"version":"7"'),
    'a number in another spelling': text.replace('"version":7', '"version":7.0'),
    'an invalid date': text.replace('2026-12-02T', '2026-02-30T'),
    'an end before its start': text.replace('2026-12-02T', '2026-11-02T'),
    'an invalid digest': text.replace(sha256('model'), 'sha256:abc'),
    'an invalid status': text.replace('"approved"', '"allowed"'),
    'an approved entry without a stage': text.replace('[{"stage":"production","notAfter":null}]', '[]'),
    'a denied entry with a stage': text.replace('"approved"', '"denied"'),
    'an object in place of the list of entries': text.replace(/"entries":\[.*\],"images"/, '"entries":{},"images"'),
    'truncated JSON': text.slice(0, -1),
    'a byte order mark': `\ufeff${text}`,
    'deeply nested lists': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  };
  it.each(Object.entries(cases))('%s', async (_, payload) => {
    expect(payload).not.toBe(text);
    expect(problemOf(await signedRaw(payload))).toBe('malformed');
    // A valid payload that this test signs is accepted.
    expect(openDocument(await signedRaw(text), options)).toEqual(document());
  });

  it('invalid UTF-8, and above its limits', async () => {
    expect(problemOf(await signedRaw(Buffer.from(text.replace('acme', 'acm\xff'), 'latin1')))).toBe('malformed');
    const many = JSON.stringify({
      ...document(),
      images: Array(100_001).fill({ digest: sha256('i'), notAfter: null }),
    });
    expect(problemOf(await signedRaw(many))).toBe('limit');
    expect(problemOf(Buffer.alloc(256 * 1024 * 1024 + 1))).toBe('limit');
  });

  it('a reference that is not canonical', () => {
    const refs = [
      'hf://acme/model',
      'hf://acme/model@main',
      'HF://acme/model',
      './model',
      'oci://r/m:latest',
      's3://bucket/key',
    ];
    for (const ref of refs) {
      expect(() => createSnapshot(document({ entries: [entry({ refs: [ref] })] }))).toThrow(/canonical/);
    }
    expect(() => createSnapshot(document({ entries: [entry({ endpoint: 'https://HUB.example/' })] }))).toThrow(
      /canonical/,
    );
  });
});

describe('the bytes of a snapshot', () => {
  let bytes: Buffer;
  beforeAll(async () => {
    bytes = await signed({ entries: [entry(), denied({ number: 2, digest: sha256('2') })] });
  });

  it('are refused when any one of them is changed', () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7));
      expect(['malformed', 'signature', 'wrong-key', 'unsigned']).toContain(problemOf(changed));
    }
  });

  it('are refused when some are missing, added or repeated', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.uint8Array({ maxLength: 20 }), fc.nat(20), (at, more, less) => {
        const changed = Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at + less)]);
        fc.pre(!changed.equals(bytes));
        expect(problemOf(changed)).toMatch(/^(malformed|signature|wrong-key|unsigned)$/);
      }),
      { numRuns: RUNS },
    );
    expect(problemOf(Buffer.concat([bytes, bytes]))).toBe('malformed');
    expect(problemOf(Buffer.concat([bytes, Buffer.from('\n')]))).toBe('malformed');
  });

  it('never make the reader throw anything but its own error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((json) => Buffer.from(json)),
        ),
        (any) => {
          expect(problemOf(any)).toMatch(/^(malformed|unsigned|wrong-key)$/);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('never do so when the right key signed them', async () => {
    const mutated = fc.tuple(fc.nat(), fc.string({ maxLength: 12, unit: 'binary' }), fc.nat(30));
    const text = JSON.stringify(document());
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), mutated), async (payload) => {
        const raw =
          typeof payload === 'string'
            ? payload
            : `${text.slice(0, payload[0] % text.length)}${payload[1]}${text.slice((payload[0] % text.length) + payload[2])}`;
        const signedBytes = await signedRaw(raw);
        try {
          // The document that is read equals the document that was written, byte by byte.
          expect(JSON.stringify(openDocument(signedBytes, options))).toBe(raw);
        } catch (error) {
          if (!isSnapshotError(error)) throw error;
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('are read at the size of a large team', async () => {
    const entries = Array.from({ length: 20_000 }, (_, at) =>
      entry({ number: at + 1, digest: sha256(`${at}`), refs: [`hf://acme/model-${at}@${COMMIT}`] }),
    );
    const large = await signed({ entries });
    const snapshot = openSnapshot(large, options);
    expect(snapshot.lookup({ digest: sha256('19999') }, { now: NOW }).kind).toBe('approved');
  });
});
