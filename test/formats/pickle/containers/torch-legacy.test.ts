import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isContentError } from '../../../../src/core/errors.ts';
import { isTorchLegacy, skipStorages } from '../../../../src/formats/pickle/containers/torch-legacy.ts';
import { assess } from '../../../../src/pipeline/assess.ts';
import { artifactOf, memoryFile } from '../../../support/artifacts.ts';
import { memory } from '../../../support/containers.ts';

const PROBES = new URL('../../../../fixtures/pickle-probes/', import.meta.url);
const LEGACY = readFileSync(new URL('ok-torch-legacy/m.pt', PROBES));

function storages(...parts: readonly (readonly [count: bigint, bytes: number])[]): Buffer {
  return Buffer.concat(
    parts.flatMap(([count, bytes]) => {
      const head = Buffer.alloc(8);
      head.writeBigInt64LE(count);
      return [head, Buffer.alloc(bytes, 0xff)];
    }),
  );
}

const sizes = (of: Readonly<Record<string, number | undefined>>) =>
  new Map(Object.entries(of).map(([key, elementSize]) => [key, { elementSize }]));

async function skip(bytes: Uint8Array, keys: readonly string[], of: ReturnType<typeof sizes>, start = 0) {
  const seen: [number, number][] = [];
  const end = await skipStorages(memory(bytes), start, keys, of, (from, to) => seen.push([from, to]));
  return { end, seen };
}

describe('a legacy PyTorch file', () => {
  it('is identified by its magic number in every protocol, and by nothing less', () => {
    const number = LEGACY.subarray(2, 15);
    expect(isTorchLegacy(LEGACY)).toBe(true);
    expect(isTorchLegacy(Buffer.concat([Buffer.from([0x80, 4, 0x95]), Buffer.alloc(8), number]))).toBe(true);
    for (let cut = 0; cut < 15; cut++) expect(isTorchLegacy(LEGACY.subarray(0, cut))).toBe(false);
    for (let at = 0; at < 15; at++) {
      if (at === 1) continue; // the protocol
      const other = Buffer.from(LEGACY.subarray(0, 15));
      other[at] = (other[at] ?? 0) ^ 1;
      expect(isTorchLegacy(other)).toBe(false);
    }
  });

  it('has its storages after the pickles, each with its element count', async () => {
    const bytes = Buffer.concat([Buffer.alloc(3), storages([2n, 8], [0n, 0], [3n, 24]), Buffer.from('rest')]);
    expect(await skip(bytes, ['a', 'b', 'c'], sizes({ a: 4, b: 8, c: 8 }), 3)).toEqual({
      end: bytes.length - 4,
      seen: [
        [11, 19],
        [27, 27],
        [35, 59],
      ],
    });
    expect(await skip(bytes, [], sizes({}), 3)).toEqual({ end: 3, seen: [] });
  });

  it.each([
    ['ends within a count', storages([1n, 4]).subarray(0, 6), 'truncated'],
    ['ends within a storage', storages([2n, 7]), 'truncated'],
    ['has a negative count', storages([-1n, 8]), 'truncated'],
    ['has too large a count', storages([2n ** 62n, 8]), 'truncated'],
  ] as const)('that %s is an error', async (_, bytes, code) => {
    await expect(skip(bytes, ['a'], sizes({ a: 4 }))).rejects.toMatchObject({ code });
  });

  it('with a storage of an unknown type is malformed', async () => {
    for (const of of [sizes({}), sizes({ a: undefined })])
      await expect(skip(storages([1n, 4]), ['a'], of)).rejects.toMatchObject({ code: 'malformed' });
  });

  it('gives only content errors for changed bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }),
        async (bytes, keys) => {
          try {
            const { end } = await skip(bytes, keys, sizes({ a: 1, b: 16 }));
            expect(end).toBeLessThanOrEqual(bytes.length);
          } catch (error) {
            expect(isContentError(error)).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is read to its last byte, and unknown when one is missing', async () => {
    const whole = (await assess(artifactOf([memoryFile('m.pt', LEGACY)]))).files[0];
    expect(whole).toMatchObject({ format: 'torch-legacy', verdict: 'clean', coverage: { gaps: [] } });
    for (const cut of [1, 8, 100]) {
      const shorter = (await assess(artifactOf([memoryFile('m.pt', LEGACY.subarray(0, -cut))]))).files[0];
      expect(shorter?.verdict).toBe('unknown');
    }
    const longer = Buffer.concat([LEGACY, Buffer.from('more')]);
    expect((await assess(artifactOf([memoryFile('m.pt', longer)]))).files[0]?.verdict).toBe('suspicious');
  });
});
