import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts';
import { scanSource } from '../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../src/scan/lists/globals.ts';
import { ScriptProgram } from '../../src/scan/torchscript/judge/program.ts';
import { buildZip, memory } from '../support/containers.ts';
import { growth } from '../support/growth.ts';
import { scanBytes } from '../support/scan-bytes.ts';
import { fakeContext } from '../support/scan-context.ts';
import { work } from '../support/work.ts';
import { mutated, scanners } from './mutated.ts';

/** The maximum work for a file of a few thousand bytes. */
const MOST = 1_000_000;

const scan = (bytes: Uint8Array, limits: Partial<Limits> = {}) =>
  scanSource(memory(bytes), {
    path: 'file.bin',
    limits: { ...DEFAULT_LIMITS, ...limits },
    signal: new AbortController().signal,
    globals: createGlobalPolicy({ allowances: [], provided: new Set() }),
    distance: 'near',
    onNames: () => {},
  });

it('the work on a small changed file is bounded', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async ({ path, bytes }) => {
      const spent = await work(() => scanBytes(bytes, path, scanners));
      expect(spent).toBeLessThan(MOST);
    }),
    { numRuns: 500 },
  );
});

describe('the work on a container grows linearly with its size', () => {
  it('with a comment full of end records', async () => {
    const grown = await growth(4_000, (count) =>
      scan(buildZip([{ name: 'a', data: 'x' }], { comment: 'PK\x05\x06'.repeat(count) })),
    );
    expect(grown).toBeLessThan(5);
  });

  it('with a gap full of local headers', async () => {
    const header = buildZip([{ name: 'x', data: '' }]).subarray(0, 31);
    const grown = await growth(2_000, (count) => {
      const after = Buffer.concat(Array.from({ length: count }, () => header));
      return scan(buildZip([{ name: 'a', data: 'x', after }]));
    });
    expect(grown).toBeLessThan(5);
  });

  it('with members that contradict the directory, each reaching to the end', async () => {
    const data = Buffer.alloc(100, 65);
    const local = { compressed: 2 ** 31 };
    const grown = await growth(500, (count) =>
      scan(buildZip(Array.from({ length: count }, (_, i) => ({ name: `m${i}`, data, local })))),
    );
    expect(grown).toBeLessThan(5);
  });
});

it.each(['a.', 'x = torch.add(y, z)\n', 'import a\n', '"a"', '('])(
  'the work on TorchScript grows linearly with its length: %j',
  async (unit) => {
    const grown = await growth(2_000, (count) =>
      new ScriptProgram(fakeContext()).source(memory(Buffer.from(unit.repeat(count))), 'code.py', 0),
    );
    expect(grown).toBeLessThan(5);
  },
);
