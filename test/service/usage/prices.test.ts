import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/index.ts';
import { priceOf } from '../../../src/service/usage/price.ts';
import { type Prices, readPrices } from '../../../src/service/usage/prices.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
const path = join(folder, 'prices.yaml');

async function read(text: string): Promise<Prices> {
  writeFileSync(path, text);
  return readPrices(path);
}

async function problemOf(text: string): Promise<string> {
  try {
    await read(text);
  } catch (error) {
    if (isAssayError(error)) return `${error.subject}: ${error.message}`.replace(path, 'prices');
    throw error;
  }
  return 'nothing is wrong';
}

const COSTS = {
  attempts: 1,
  unmeasured: 0,
  reused: 0,
  wallSeconds: 0,
  cpuSeconds: null,
  peakBytes: null,
  fetchedBytes: null,
  storedBytes: null,
  gpuSeconds: null,
};

describe('the file of prices', () => {
  it('is YAML or JSON', async () => {
    const yaml = await read('version: 1\ncurrency: EUR\ncpuHour: 0.04\ngpuHour: "2.5"\n');
    expect(yaml).toMatchObject({ currency: 'EUR', cpuHour: 40_000n, gpuHour: 2_500_000n, fetchedGib: 0n });
    expect(await read('{"version": 1, "currency": "EUR", "cpuHour": 0.04, "gpuHour": 2.5}')).toEqual(yaml);
  });

  it.each([
    ['', 'prices:1:1: the file is empty'],
    ['- a', 'prices:1:1: the file of prices is not a mapping'],
    ['currency: EUR', 'prices:1:1: the prices have no version: 1'],
    ['version: 2\ncurrency: EUR', 'prices:1:1: the prices have no version: 1'],
    ['version: 1', 'prices:1:1: the prices have no currency'],
    ['version: 1\ncurrency: euro', 'prices:2:1: euro is not a currency'],
    ['version: 1\ncurrency: EUR\ncpuHour: -1', 'prices:3:1: cpuHour is not a price'],
    ['version: 1\ncurrency: EUR\ncpuHour: 1e9', 'prices:3:1: cpuHour is not a price'],
    ['version: 1\ncurrency: EUR\ncpuHour: 0.1234567', 'prices:3:1: cpuHour is not a price'],
    ['version: 1\ncurrency: EUR\ncpuHour: 1\n\ncpuhours: 1', 'prices:5:1: the file of prices has no cpuhours'],
    ['version: 1\ncurrency: EUR\ncpuHour: 1\ncpuHour: 2', 'prices:4:1: the key cpuHour occurs twice'],
    ['version: 1\ncurrency: &a EUR\ncpuHour: *a', 'prices:3:10: aliases are not supported'],
  ])('%j names the line of what is wrong', async (text, problem) => {
    expect(await problemOf(text)).toBe(problem);
  });

  it('has no content that makes its reader throw anything but its own error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.string().map((text) => Buffer.from(text)),
        ),
        async (bytes) => {
          writeFileSync(path, bytes);
          await readPrices(path).catch((error: unknown) => {
            if (!isAssayError(error) || error.code !== 'usage') throw error;
          });
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a price', () => {
  it('is exact, and rounded once', async () => {
    const prices = await read(
      'version: 1\ncurrency: EUR\ncpuHour: 0.1\nwallHour: 0.2\nfetchedGib: 1\nstoredGib: 0.000001',
    );
    expect(priceOf({ ...COSTS, cpuSeconds: 3600, wallSeconds: 3600 }, prices)).toEqual({
      amount: '0.30',
      currency: 'EUR',
    });
    expect(priceOf({ ...COSTS, fetchedBytes: 2 ** 30 * 5 }, prices).amount).toBe('5.00');
    expect(priceOf({ ...COSTS, storedBytes: 2 ** 29 }, prices).amount).toBe('0.000001');
    expect(priceOf({ ...COSTS, storedBytes: 2 ** 29 - 1 }, prices).amount).toBe('0.00');
    expect(priceOf({ ...COSTS, wallSeconds: 0.36 }, prices).amount).toBe('0.00002');
  });

  it('of what is not known is nothing', async () => {
    const prices = await read('version: 1\ncurrency: USD\ncpuHour: 5\ngpuHour: 5');
    expect(priceOf({ ...COSTS, unmeasured: 1 }, prices)).toEqual({ amount: '0.00', currency: 'USD' });
  });
});
