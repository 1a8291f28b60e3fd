import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../src/core/errors.ts';
import { readSafetensors, type SafetensorsHeader } from '../../src/formats/safetensors.ts';

const MAX = 1024 * 1024;

function file(header: string, data: number): Uint8Array {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(data)]);
}

function read(bytes: Uint8Array): Promise<SafetensorsHeader> {
  return readSafetensors(new MemorySource(bytes, 'm.safetensors'), MAX);
}

async function kinds(header: string, data: number): Promise<string[]> {
  return (await read(file(header, data))).faults.map(({ kind }) => kind);
}

describe('readSafetensors', () => {
  it('reads a file of the safetensors library', async () => {
    const bytes = readFileSync('fixtures/formats/model.safetensors');
    const header = await read(bytes);
    expect(header.faults).toEqual([]);
    expect(header.tensors).toBe(4);
    expect(header.metadata).toEqual([['format', 'np']]);
    expect(header.dataEnd).toBe(bytes.length);
  });

  it('reads the header only', async () => {
    let furthest = 0;
    class Watched extends MemorySource {
      override readNow(offset: number, length: number): Uint8Array {
        furthest = Math.max(furthest, offset + length);
        return super.readNow(offset, length);
      }
    }
    const bytes = file('{"w":{"dtype":"U8","shape":[1000],"data_offsets":[0,1000]}}', 1000);
    const header = await readSafetensors(new Watched(bytes, 'm'), MAX);
    expect(furthest).toBe(header.dataStart);
  });

  it('accepts tensors in any order, with empty and sub-byte ones', async () => {
    const header =
      '{"b":{"dtype":"F32","shape":[],"data_offsets":[3,7]},"a":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]},"e":{"dtype":"I64","shape":[0,9],"data_offsets":[3,3]}}   ';
    expect(await kinds(header, 7)).toEqual([]);
  });

  const one = (rest: string) => `{"w":{${rest}}}`;
  it.each([
    [
      'a shape that overflows 64 bits',
      one('"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4]'),
      4,
      ['size'],
    ],
    [
      'a shape whose product wraps to its size',
      one('"dtype":"U8","shape":[9007199254740991,9007199254740991],"data_offsets":[0,1]'),
      1,
      ['size'],
    ],
    ['elements that fill no whole byte', one('"dtype":"F4","shape":[3],"data_offsets":[0,1]'), 1, ['size']],
    ['an unknown dtype', one('"dtype":"X9","shape":[1],"data_offsets":[0,4]'), 4, ['dtype']],
    ['an endless shape', one(`"dtype":"U8","shape":[${'1,'.repeat(5_000)}1],"data_offsets":[0,1]`), 1, ['entry']],
    ['a fractional size', one('"dtype":"U8","shape":[1.0],"data_offsets":[0,1]'), 1, ['entry']],
    ['a negative offset', one('"dtype":"U8","shape":[1],"data_offsets":[-1,0]'), 0, ['entry']],
    ['three offsets', one('"dtype":"U8","shape":[1],"data_offsets":[0,1,1]'), 1, ['entry']],
    ['an additional field', one('"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1'), 1, ['entry']],
    ['a missing dtype', one('"shape":[1],"data_offsets":[0,1]'), 1, ['entry']],
    ['a tensor beyond the file', one('"dtype":"U8","shape":[9],"data_offsets":[0,9]'), 1, ['end']],
    ['a gap at the start', one('"dtype":"U8","shape":[1],"data_offsets":[1,2]'), 2, ['hole']],
    ['a repeated field', one('"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]'), 1, ['duplicate-key']],
    ['a number as metadata', '{"__metadata__":{"a":1}}', 0, ['metadata']],
    ['an object as metadata', '{"__metadata__":{"a":{"b":"c"}}}', 0, ['metadata', 'metadata']],
    ['a list', '[]', 0, ['json', 'json']],
    ['a truncated header', '{"w":', 0, ['json']],
    ['a trailing comma', '{"__metadata__":{},}', 0, ['json']],
    ['bytes without a tensor', '{}', 5, ['hole']],
  ])('reports %s', async (_what, header, data, expected) => {
    expect(await kinds(header, data)).toEqual(expected);
  });

  it('gives a header or a content error for any change of a real file', async () => {
    const real = readFileSync('fixtures/formats/model.safetensors');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(real.length),
        async (changes, cut) => {
          const bytes = Uint8Array.from(real);
          for (const [at, value] of changes) bytes[at] = value;
          const kept = cut < 10 ? bytes : bytes.subarray(0, cut);
          try {
            const header = await read(kept);
            expect(header.dataStart).toBeLessThanOrEqual(kept.length);
            expect(header.dataEnd).toBeLessThanOrEqual(kept.length);
          } catch (error) {
            if (!isContentError(error)) throw error;
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
