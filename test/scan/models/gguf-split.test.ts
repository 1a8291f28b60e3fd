import { describe, expect, it } from 'vitest';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)]);

/** Numbers of 16 bits by key. */
function gguf(pairs: Readonly<Record<string, number>>): Buffer {
  const written = Object.entries(pairs).map(([key, value]) =>
    Buffer.concat([text(key), u32(2), Buffer.from(Uint16Array.of(value).buffer)]),
  );
  return Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0), u64(written.length), ...written]);
}

async function rulesOf(name: string, pairs: Readonly<Record<string, number>>): Promise<string[]> {
  const { context } = await scanBytes(gguf(pairs), name, SCANNERS);
  return context.ruleIds();
}

describe('a part of a GGUF model', () => {
  it.each([
    ['m-00001-of-00003.gguf', { 'split.no': 0, 'split.count': 3 }],
    ['m-00003-of-00003.gguf', { 'split.no': 2, 'split.count': 3 }],
    ['m-00001-of-00003.gguf', {}],
    ['m.gguf', { 'split.no': 0, 'split.count': 3 }],
  ])('%s with %j is not odd', async (name, pairs) => {
    expect(await rulesOf(name, pairs)).not.toContain('gguf.split');
  });

  it.each([
    ['m-00001-of-00003.gguf', { 'split.no': 0, 'split.count': 9 }],
    ['m-00002-of-00003.gguf', { 'split.no': 0, 'split.count': 3 }],
    ['d/m-00001-of-00001.gguf', { 'split.count': 300 }],
  ])('%s with %j is odd', async (name, pairs) => {
    expect(await rulesOf(name, pairs)).toContain('gguf.split');
  });
});
