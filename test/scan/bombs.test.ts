import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts';
import { scanSource } from '../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../src/scan/lists/globals.ts';
import { buildZip, fixture, PAYLOAD } from '../support/containers.ts';

const MiB = 1024 * 1024;

/** Counts decompressed bytes: each goes through a spool. */
const expanded = vi.hoisted(() => ({ bytes: 0 }));
vi.mock(import('../../src/core/bytes/spool.ts'), async (load) => {
  const real = await load();
  async function* counted(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      expanded.bytes += chunk.length;
      yield chunk;
    }
  }
  return { ...real, spool: (chunks, ...more) => real.spool(counted(chunks), ...more) };
});

/** Bytes in memory, with a count of reads. */
class CountingSource extends MemorySource {
  reads = 0;

  override readNow(offset: number, length: number): Uint8Array {
    this.reads++;
    return super.readNow(offset, length);
  }
}

/** The verdict of the whole pipeline, with the number of reads, the decompressed bytes and the growth of resident memory. */
async function judge(bytes: Uint8Array, limits: Partial<Limits> = {}) {
  const before = process.memoryUsage().rss;
  const source = new CountingSource(bytes, 'test');
  expanded.bytes = 0;
  const result = await scanSource(source, {
    path: 'file.bin',
    limits: { ...DEFAULT_LIMITS, ...limits },
    signal: new AbortController().signal,
    globals: createGlobalPolicy({ allowances: [], provided: new Set() }),
    distance: 'near',
    onNames: () => {},
  });
  const { verdict, reasons, findings } = result;
  const rules = findings.map((finding) => finding.ruleId);
  const grown = process.memoryUsage().rss - before;
  return { verdict, reasons, rules, reads: source.reads, expanded: expanded.bytes, grown };
}

function nested(depth: number, innermost: Uint8Array): Uint8Array {
  let bytes = innermost;
  for (let i = 0; i < depth; i++) bytes = gzipSync(bytes);
  return bytes;
}

describe('bounded work is enough for', () => {
  it('a gzip of zeros, with bounded memory', async () => {
    const { verdict, reasons, expanded, grown } = await judge(gzipSync(Buffer.alloc(512 * MiB), { level: 1 }), {
      maxExpandedBytes: 256 * MiB,
    });
    expect(verdict).toBe('unknown');
    expect(reasons.join()).toContain('maxExpandedBytes');
    expect(expanded).toBeLessThanOrEqual(256 * MiB);
    expect(grown).toBeLessThan(200 * MiB);
  });

  it('gzips within gzips, up to the depth limit and beyond', async () => {
    const deep = await judge(nested(20, PAYLOAD));
    expect(deep.verdict).toBe('unknown');
    expect(deep.reasons.join()).toContain('maxDepth');
    expect((await judge(nested(5, PAYLOAD))).verdict).toBe('malicious');
  });

  it('zips within zips', async () => {
    let zip = buildZip([{ name: 'data.pkl', data: PAYLOAD, method: 8 }]);
    for (let i = 0; i < 20; i++) zip = buildZip([{ name: `level-${i}.zip`, data: zip, method: i % 2 === 0 ? 8 : 0 }]);
    expect((await judge(zip)).verdict).toBe('unknown');
  });

  it('gzips whose layers multiply', async () => {
    const inner = gzipSync(Buffer.alloc(64 * MiB));
    const members = Array.from({ length: 40 }, (_, i) => ({ name: `z${i}`, data: inner, method: 8 }));
    const { verdict, expanded } = await judge(buildZip(members), { maxExpandedBytes: 512 * MiB });
    expect(verdict).toBe('unknown');
    expect(expanded).toBeLessThanOrEqual(512 * MiB);
  });

  it('a zip with overlapping members', async () => {
    const kernel = deflateRawSync(Buffer.alloc(20_000_000));
    const sizes = { size: 2e7, compressed: kernel.length };
    const first = {
      name: 'a',
      data: Buffer.alloc(0),
      method: 8,
      stored: kernel,
      local: { size: 2e7 },
      central: { size: 2e7 },
    };
    const more = Array.from({ length: 30_000 }, (_, i) => ({
      ...first,
      name: `b${i}`,
      stored: Buffer.alloc(0),
      offset: 0,
      central: { ...sizes, compressed: kernel.length + i },
    }));
    const { verdict, expanded, reads, rules } = await judge(buildZip([first, ...more]));
    expect(verdict).toBe('unknown');
    expect(rules).toContain('zip.overlapping-members');
    expect(reads).toBeLessThan(10 * 30_000);
    expect(expanded).toBeLessThan(DEFAULT_LIMITS.maxExpandedBytes / 3);
  });

  it('false zip64 sizes', async () => {
    const { size } = fixture('containers/zip64.zip');
    const bytes = Buffer.from(fixture('containers/zip64.zip').readNow(0, size));
    const extra = bytes.indexOf(Buffer.from([1, 0, 16, 0]));
    expect(extra).toBeGreaterThan(0);
    bytes.writeBigUInt64LE(2n ** 60n, extra + 4);
    const far = await judge(bytes);
    expect(far.verdict).not.toBe('clean');
    bytes.writeBigUInt64LE(2n ** 40n, extra + 4);
    const near = await judge(bytes);
    expect(near.verdict).not.toBe('clean');
  });

  it('an end record with a comment full of end records', async () => {
    const comment = 'PK\x05\x06'.repeat(16_000);
    const zip = buildZip([{ name: 'a', data: 'x' }], { comment });
    const { verdict, reads } = await judge(zip);
    expect(verdict).not.toBe('clean');
    expect(reads).toBeLessThan(100);
  });

  it('a gap full of local headers', async () => {
    const header = buildZip([{ name: 'x', data: '' }]).subarray(0, 31);
    const after = Buffer.concat(Array.from({ length: 20_000 }, () => header));
    const zip = buildZip([{ name: 'a', data: 'x', after }]);
    const { verdict, reads } = await judge(zip);
    expect(verdict).not.toBe('clean');
    expect(reads).toBeLessThan(5 * 20_000);
  });

  it('members that contradict the directory, each reaching to the end', async () => {
    const data = Buffer.alloc(100, 65);
    const members = Array.from({ length: 3000 }, (_, i) => ({ name: `m${i}`, data, local: { compressed: 2 ** 31 } }));
    const zip = buildZip(members);
    const { verdict, reads } = await judge(zip);
    expect(verdict).toBe('unknown');
    expect(reads).toBeLessThan(20 * 3_000);
  });
});
