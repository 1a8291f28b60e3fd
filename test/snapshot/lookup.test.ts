import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEndpoint, pinnedReference, Snapshot, type SnapshotEntry } from '../../src/snapshot/index.ts';
import { COMMIT, denied, document, entry, NOW, sha256 } from './samples.ts';

const ref = `hf://acme/model@${COMMIT}`;
const asked = { stage: 'production', now: NOW };
const OCI = `oci://registry.example/acme/model@${sha256('oci')}`;

function snapshotOf(...entries: SnapshotEntry[]): Snapshot {
  return new Snapshot(document({ entries }));
}

describe('a lookup', () => {
  it('finds entries by digest and by reference', () => {
    const snapshot = snapshotOf(entry());
    expect(snapshot.lookup({ digest: sha256('model') }, asked)).toEqual({
      kind: 'approved',
      entry: entry(),
      notAfter: null,
    });
    expect(snapshot.lookup({ ref }, asked).kind).toBe('approved');
    expect(snapshot.lookup({ digest: sha256('other') }, asked).kind).toBe('unlisted');
    expect(snapshot.lookup({ ref: `hf://acme/other@${COMMIT}` }, asked).kind).toBe('unlisted');
    expect(snapshot.lookup({ ref: `hf://acme/model@${'9'.repeat(40)}` }, asked).kind).toBe('unlisted');
  });

  it('accepts every spelling of a reference', () => {
    const snapshot = snapshotOf(entry({ refs: [ref, OCI] }));
    const spellings = [
      `https://huggingface.co/acme/model/tree/${COMMIT}`,
      `hf://acme/model@${COMMIT}/`,
      `HF://acme/model@${COMMIT}`,
      OCI,
      OCI.replace('registry.example', 'REGISTRY.example'),
      OCI.replace('@', ':v1@'),
    ];
    for (const spelling of spellings) expect(snapshot.lookup({ ref: spelling }, asked).kind).toBe('approved');
  });

  it('distinguishes an unpinned reference from an invalid one', () => {
    const snapshot = snapshotOf(entry());
    const movable = [
      'hf://acme/model',
      'hf://acme/model@main',
      'oci://r.example/m:v1',
      's3://bucket/key',
      './model',
      'models:/m@champion',
      'https://a.example/m.bin',
    ];
    for (const one of movable) expect(snapshot.lookup({ ref: one }, asked).kind).toBe('unpinned');
    for (const one of ['', 'gs://bucket/key', 'hf://..', 'oci://x@y/z'])
      expect(snapshot.lookup({ ref: one }, asked).kind).toBe('unresolved');
  });

  it('finds a file by the entry of its repository, but not a repository by the entry of a file', () => {
    const part = `${ref}/onnx/model.onnx`;
    expect(snapshotOf(entry()).lookup({ ref: part }, asked).kind).toBe('approved');
    expect(snapshotOf(entry({ refs: [part] })).lookup({ ref }, asked).kind).toBe('unlisted');
    expect(
      snapshotOf(entry(), denied({ refs: [part], digest: sha256('part') })).lookup({ ref: part }, asked).kind,
    ).toBe('denied');
  });

  it('separates references on different servers', () => {
    const other = 'https://hub.example/mirror';
    const snapshot = snapshotOf(entry(), denied({ number: 2, digest: sha256('2'), endpoint: other }));
    expect(snapshot.lookup({ ref }, asked).kind).toBe('approved');
    expect(snapshot.lookup({ ref, endpoint: 'https://huggingface.co/' }, asked).kind).toBe('approved');
    expect(snapshot.lookup({ ref, endpoint: `${other}/` }, asked).kind).toBe('denied');
    expect(snapshot.lookup({ ref, endpoint: 'https://hub.example' }, asked).kind).toBe('unlisted');
    expect(snapshot.lookup({ ref, endpoint: 'no address' }, asked).kind).toBe('unresolved');
  });

  it('respects the stage and the end of an approval', () => {
    const end = '2026-11-30T00:00:00Z';
    const snapshot = snapshotOf(
      entry({
        stages: [
          { stage: 'staging', notAfter: null },
          { stage: 'production', notAfter: end },
        ],
      }),
    );
    expect(snapshot.lookup({ ref }, asked)).toMatchObject({ kind: 'approved', notAfter: end });
    const late = snapshot.lookup({ ref }, { stage: 'production', now: new Date(end) });
    expect(late).toMatchObject({ kind: 'denied', reason: `its approval ended at ${end}` });
    expect(snapshot.lookup({ ref }, { now: new Date(end) }).kind).toBe('approved');
    expect(snapshot.lookup({ ref }, { stage: 'testing', now: NOW })).toMatchObject({
      kind: 'denied',
      reason: 'it is approved for staging, production, not for testing',
    });
    expect(snapshot.nextExpiry(NOW)).toEqual(new Date(end));
    expect(snapshot.nextExpiry(new Date(end))).toEqual(new Date('2026-12-02T11:00:00Z'));
  });

  it('ignores a denied copy of the same bytes, but not denied bytes of the same reference', () => {
    const sameBytes = snapshotOf(entry(), denied({ model: 'acme/copy', reason: 'nobody approved it' }));
    expect(sameBytes.lookup({ ref }, asked).kind).toBe('approved');
    expect(sameBytes.lookup({ digest: sha256('model') }, asked).kind).toBe('approved');
    const otherBytes = snapshotOf(entry(), denied({ number: 2, digest: sha256('other') }));
    expect(otherBytes.lookup({ ref }, asked).kind).toBe('denied');
  });

  it('finds allowed images without a model', () => {
    const end = '2026-11-30T00:00:00Z';
    const snapshot = new Snapshot(
      document({
        images: [
          { digest: sha256('a'), notAfter: null },
          { digest: sha256('b'), notAfter: end },
        ],
      }),
    );
    expect(snapshot.allowsImage(sha256('a'), NOW)).toBe(true);
    expect(snapshot.allowsImage(sha256('b'), NOW)).toBe(true);
    expect(snapshot.allowsImage(sha256('b'), new Date(end))).toBe(false);
    expect(snapshot.allowsImage(sha256('c'), NOW)).toBe(false);
  });

  it('finds images that load only what they hold', () => {
    const end = '2026-11-30T00:00:00Z';
    const images = [
      { digest: sha256('a'), notAfter: null, as: 'program' },
      { digest: sha256('b'), notAfter: end, as: 'sealed' },
    ] as const;
    const snapshot = new Snapshot(document({ schemaVersion: '2', images }));
    expect([snapshot.allowsImage(sha256('a'), NOW), snapshot.sealsImage(sha256('a'), NOW)]).toEqual([true, false]);
    expect([snapshot.allowsImage(sha256('b'), NOW), snapshot.sealsImage(sha256('b'), NOW)]).toEqual([true, true]);
    expect(snapshot.sealsImage(sha256('b'), new Date(end))).toBe(false);
    expect(snapshot.sealsImage(sha256('c'), NOW)).toBe(false);
  });

  it('finds what images start, and the one that a tag named', () => {
    const end = '2026-11-30T00:00:00Z';
    const facts = { entrypoint: ['/a'], cmd: [], env: ['B=c'], workingDir: '/', volumes: [] };
    const name = 'oci://r.example/a:1';
    const about = { as: 'program', name: null, facts: null, notAfter: null } as const;
    const images = [
      { ...about, digest: sha256('a'), facts },
      { ...about, digest: sha256('b'), name },
      { ...about, digest: sha256('c'), name: 'oci://r.example/a:2', notAfter: end },
      { ...about, digest: sha256('d'), name: 'oci://r.example/a:3' },
      { ...about, digest: sha256('e'), name: 'oci://r.example/a:3' },
    ];
    const whole = document({ schemaVersion: '3', images });
    const snapshot = new Snapshot(whole);
    expect(snapshot.imageFacts(sha256('a'))).toEqual(facts);
    expect(snapshot.imageFacts(sha256('b'))).toBeUndefined();
    expect(snapshot.imageFacts(sha256('z'))).toBeUndefined();
    expect(snapshot.imageNamed(name, NOW)).toBe(sha256('b'));
    expect(snapshot.imageNamed('oci://r.example/a:2', NOW)).toBe(sha256('c'));
    expect(snapshot.imageNamed('oci://r.example/a:2', new Date(end))).toBeUndefined();
    expect(snapshot.imageNamed('oci://r.example/a:3', NOW)).toBeUndefined();
    expect(snapshot.imageNamed('oci://r.example/a:4', NOW)).toBeUndefined();
  });

  it('never throws for any query', () => {
    const snapshot = snapshotOf(entry());
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.option(fc.string({ unit: 'binary' })), (text, endpoint) => {
        expect(snapshot.lookup({ ref: text, endpoint }, asked).kind).not.toBe('approved');
        expect(snapshot.lookup({ digest: text }, asked).kind).toBe('unlisted');
      }),
    );
  });
});

describe('the canonical form of references and servers', () => {
  it('is unique and stable', () => {
    for (const text of [
      ref,
      OCI.replace('@', ':v1@'),
      's3://bucket/key?versionId=1',
      'models:/m/007',
      `https://a.example/m#sha256=${'A'.repeat(64)}`,
    ]) {
      const once = pinnedReference(text);
      expect(once.kind).toBe('pinned');
      if (once.kind === 'pinned') expect(pinnedReference(once.ref)).toEqual(once);
    }
    expect(canonicalEndpoint('https://Hub.Example:443/x//')).toBe('https://hub.example/x');
    expect(canonicalEndpoint('https://huggingface.co/')).toBeNull();
    for (const bad of ['ftp://a', 'https://u:p@a.example', 'x']) expect(canonicalEndpoint(bad)).toBeUndefined();
  });
});
