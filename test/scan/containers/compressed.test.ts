import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressedScanner } from '../../../src/scan/containers/compressed.ts';
import { fixture, memory, PAYLOAD, scanWith } from '../../support/containers.ts';

const probe = (path: string) => fixture(`pickle-probes/${path}`);

describe('a compressed file', () => {
  it.each([
    'comp-gz/m.pkl.gz',
    'comp-bz2/m.pkl.bz2',
    'comp-xz/m.pkl.xz',
    'comp-lzma/m.pkl.lzma',
    'comp-zlib/m.pkl.z',
    'joblib-gz/m.joblib',
    'joblib-bz2/m.joblib',
    'joblib-xz/m.joblib',
    'joblib-lzma/m.joblib',
    'joblib-zlib/m.joblib',
    'tar-gz/m.tar.gz',
  ])('passes on the content of %s, and covers its bytes', async (path) => {
    const source = probe(path);
    const context = await scanWith(compressedScanner, source);
    expect(context.members.map((m) => m.name)).toEqual(['data']);
    expect(Buffer.from(context.members[0]?.bytes ?? []).toString('latin1')).toContain('system');
    expect(context.verdict(source.size)).toBe('clean');
  });

  it.each(['text.zlib', 'text.lz4', 'named.gz', 'text.xz', 'two.bz2', 'text.zst', 'text.lzma'])(
    'is not clean with trailing bytes: %s',
    async (name) => {
      const source = fixture(`containers/${name}`);
      const bytes = Buffer.concat([source.readNow(0, source.size), Buffer.from('something that follows')]);
      const context = await scanWith(compressedScanner, memory(bytes));
      expect(context.ruleIds()).toEqual(['compressed.trailing-bytes']);
      expect(['suspicious', 'unknown']).toContain(context.verdict(bytes.length));
    },
  );

  it('has a trailing pickle scanned', async () => {
    const context = await scanWith(compressedScanner, memory(Buffer.concat([gzipSync('text'), PAYLOAD])));
    expect(context.members.map((m) => m.name)).toEqual(['data', '(trailing)']);
  });

  it('can have trailing zeros, as tapes and tools write them', async () => {
    const bytes = Buffer.concat([gzipSync('text'), Buffer.alloc(512)]);
    const context = await scanWith(compressedScanner, memory(bytes));
    expect(context.verdict(bytes.length)).toBe('clean');
  });

  it('has the content before a broken stream judged', async () => {
    const whole = gzipSync(Buffer.concat([PAYLOAD, Buffer.alloc(100)]));
    const context = await scanWith(compressedScanner, memory(whole.subarray(0, whole.length - 6)));
    expect(Buffer.from(context.members[0]?.bytes ?? []).toString('latin1')).toContain('system');
    expect(context.verdict(whole.length - 6)).toBe('unknown');
  });
});
