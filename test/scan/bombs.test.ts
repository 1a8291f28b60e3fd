import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts';
import { scanSource } from '../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../src/scan/pickle/globals.ts';
import { buildZip, fixture, memory, PAYLOAD } from '../support/containers.ts';
import { cpuTimer } from '../support/cpu-time.ts';

const MiB = 1024 * 1024;

/** The verdict of the whole pipeline, with seconds and resident bytes it took. */
async function judge(bytes: Uint8Array, limits: Partial<Limits> = {}) {
  const before = process.memoryUsage().rss;
  const spent = cpuTimer();
  const result = await scanSource(memory(bytes), {
    path: 'file.bin',
    limits: { ...DEFAULT_LIMITS, ...limits },
    signal: new AbortController().signal,
    globals: createGlobalPolicy({ allowances: [], provided: new Set() }),
    distance: 'near',
    onNames: () => {},
  });
  const { verdict, reasons, findings } = result;
  const rules = findings.map((finding) => finding.ruleId);
  return { verdict, reasons, rules, ms: spent(), grown: process.memoryUsage().rss - before };
}

function nested(depth: number, innermost: Uint8Array): Uint8Array {
  let bytes = innermost;
  for (let i = 0; i < depth; i++) bytes = gzipSync(bytes);
  return bytes;
}

describe('containers that are made to cost', () => {
  it('a gzip of zeros, in bounded memory', async () => {
    const { verdict, reasons, ms, grown } = await judge(gzipSync(Buffer.alloc(512 * MiB), { level: 1 }), {
      maxExpandedBytes: 256 * MiB,
    });
    expect(verdict).toBe('unknown');
    expect(reasons.join()).toContain('maxExpandedBytes');
    expect(ms).toBeLessThan(20_000);
    expect(grown).toBeLessThan(200 * MiB);
  });

  it('gzips in gzips, as deep as is allowed and deeper', async () => {
    const deep = await judge(nested(20, PAYLOAD));
    expect(deep.verdict).toBe('unknown');
    expect(deep.reasons.join()).toContain('maxDepth');
    expect((await judge(nested(5, PAYLOAD))).verdict).toBe('malicious');
  });

  it('a zip in itself, over and over', async () => {
    let zip = buildZip([{ name: 'data.pkl', data: PAYLOAD, method: 8 }]);
    for (let i = 0; i < 20; i++) zip = buildZip([{ name: `level-${i}.zip`, data: zip, method: i % 2 === 0 ? 8 : 0 }]);
    expect((await judge(zip)).verdict).toBe('unknown');
  });

  it('gzips whose layers multiply', async () => {
    const inner = gzipSync(Buffer.alloc(64 * MiB));
    const members = Array.from({ length: 40 }, (_, i) => ({ name: `z${i}`, data: inner, method: 8 }));
    const { verdict, ms } = await judge(buildZip(members), { maxExpandedBytes: 512 * MiB });
    expect(verdict).toBe('unknown');
    expect(ms).toBeLessThan(30_000);
  });

  it('a zip whose members overlap', async () => {
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
    const { verdict, ms, rules } = await judge(buildZip([first, ...more]));
    expect(verdict).toBe('unknown');
    expect(rules).toContain('zip.overlapping-members');
    expect(ms).toBeLessThan(30_000);
  });

  it('zip64 sizes that lie', async () => {
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
    const { verdict, ms } = await judge(buildZip([{ name: 'a', data: 'x' }], { comment }));
    expect(verdict).not.toBe('clean');
    expect(ms).toBeLessThan(5_000);
  });

  it('a gap full of local headers', async () => {
    const header = buildZip([{ name: 'x', data: '' }]).subarray(0, 31);
    const after = Buffer.concat(Array.from({ length: 20_000 }, () => header));
    const { verdict, ms } = await judge(buildZip([{ name: 'a', data: 'x', after }]));
    expect(verdict).not.toBe('clean');
    expect(ms).toBeLessThan(10_000);
  });

  it('members that contradict the directory, each reaching to the end', async () => {
    const data = Buffer.alloc(100, 65);
    const members = Array.from({ length: 3000 }, (_, i) => ({ name: `m${i}`, data, local: { compressed: 2 ** 31 } }));
    const { verdict, ms } = await judge(buildZip(members));
    expect(verdict).toBe('unknown');
    expect(ms).toBeLessThan(10_000);
  });
});
