import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { crc32c } from '../../src/formats/crc32c.ts';
import { readSuperblock } from '../../src/formats/hdf5/superblock.ts';
import { mediaEnd } from '../../src/formats/media/image-end.ts';
import { protoFields, type StreamField, streamFields } from '../../src/formats/protobuf/protobuf.ts';

function fixture(name: string): Buffer {
  return readFileSync(`fixtures/formats/${name}`);
}

function source(bytes: Uint8Array): MemorySource {
  return new MemorySource(bytes, 'bytes');
}

describe('readSuperblock', () => {
  it.each([
    ['old.h5', 0, 0],
    ['latest.h5', 0, 3],
    ['user-block.h5', 512, 0],
  ])('%s starts at %i with version %i and ends with the file', async (name, at, version) => {
    const bytes = fixture(name);
    expect(await readSuperblock(source(bytes))).toMatchObject({ at, version, end: bytes.length });
  });

  it('reports a truncated file, and refuses invalid sizes', async () => {
    const bytes = fixture('old.h5');
    await expect(readSuperblock(source(bytes.subarray(0, 2_000)))).rejects.toMatchObject({ code: 'truncated' });
    const odd = Buffer.from(bytes);
    odd[13] = 7;
    await expect(readSuperblock(source(odd))).rejects.toMatchObject({ code: 'malformed' });
    odd[8] = 9;
    await expect(readSuperblock(source(odd))).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('mediaEnd', () => {
  const pictures: readonly (readonly [string, string])[] = [
    ['picture.png', 'png'],
    ['picture.jpg', 'jpeg'],
    ['progressive.jpg', 'jpeg'],
    ['picture.gif', 'gif'],
    ['animated.gif', 'gif'],
    ['picture.webp', 'webp'],
  ];

  it.each(pictures)('finds the end of %s, whatever follows', async (name, id) => {
    const bytes = fixture(name);
    expect(await mediaEnd(source(bytes), id)).toBe(bytes.length);
    expect(await mediaEnd(source(Buffer.concat([bytes, Buffer.from('more')])), id)).toBe(bytes.length);
  });

  it.each(pictures)('reports %s as truncated or malformed when it is truncated', async (name, id) => {
    const bytes = fixture(name);
    for (let cut = 12; cut < bytes.length; cut += 7) {
      await expect(mediaEnd(source(bytes.subarray(0, cut)), id), `cut at ${cut}`).rejects.toMatchObject({
        name: 'AssayError',
      });
    }
  });
});

describe('protobuf', () => {
  async function fieldsOf(bytes: Uint8Array): Promise<StreamField[]> {
    const fields: StreamField[] = [];
    for await (const field of streamFields(source(bytes), 0, bytes.length)) fields.push(field);
    return fields;
  }

  it('reads the same fields from memory and from a stream', async () => {
    const bytes = fixture('sentencepiece.model');
    const fields = await fieldsOf(bytes);
    expect(fields.length).toBeGreaterThan(20);
    expect(fields.map(({ number, value, start }) => ({ number, value, start }))).toEqual(
      protoFields(bytes, bytes.length)?.map(({ number, value, start }) => ({ number, value, start })),
    );
  });

  it('agrees on invalid messages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        const whole = protoFields(bytes, bytes.length);
        const streamed = await fieldsOf(bytes).catch((error: unknown) => {
          expect(error).toMatchObject({ name: 'AssayError' });
          return undefined;
        });
        expect(streamed?.length).toBe(whole?.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads no more than is available', async () => {
    await expect(fieldsOf(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]))).rejects.toMatchObject({
      code: 'truncated',
    });
  });
});

describe('crc32c', () => {
  it('equals RFC 3720, B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });
});
