import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanDeep } from '../../support/scan-deep.ts';

const FLAX = readFileSync('fixtures/formats/flax.msgpack');

const str = (value: string) => Buffer.concat([Buffer.from([0xd9, Buffer.byteLength(value)]), Buffer.from(value)]);
const bin = (value: Uint8Array) => Buffer.concat([Buffer.from([0xc4, value.length]), value]);
const arr = (...items: readonly Uint8Array[]) => Buffer.concat([Buffer.from([0x90 | items.length]), ...items]);
const map = (...entries: readonly (readonly [Uint8Array, Uint8Array])[]) =>
  Buffer.concat([Buffer.from([0x80 | entries.length]), ...entries.flat()]);
const ext = (type: number, data: Uint8Array) => Buffer.concat([Buffer.from([0xc7, data.length, type & 0xff]), data]);
const array = (sides: readonly number[], type: string, bytes: number, kind = 1) =>
  ext(kind, arr(arr(...sides.map((side) => Buffer.from([side]))), str(type), bin(Buffer.alloc(bytes))));
const held = (value: Uint8Array) => map([str('params'), value]);
const PICKLE = Buffer.from('\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.', 'latin1');

const scan = (bytes: Uint8Array) => scanDeep(bytes, 'm.msgpack');

describe('a MessagePack file', () => {
  it('that Flax wrote is clean', async () => {
    expect(await scan(FLAX)).toMatchObject({ verdict: 'clean', format: 'msgpack', ruleIds: [] });
  });

  it.each([
    ['arrays', held(array([2, 3], 'float32', 24))],
    ['a scalar', held(array([], 'bfloat16', 2, 3))],
    ['a type as binary text', held(ext(1, arr(arr(Buffer.from([2])), bin(Buffer.from('int8')), bin(Buffer.alloc(2)))))],
    ['a complex number', held(ext(2, arr(Buffer.from([0xcb, 0, 0, 0, 0, 0, 0, 0, 0]), Buffer.from([1]))))],
    ['a time', held(ext(-1, Buffer.alloc(12)))],
    [
      'an array in parts',
      held(
        map(
          [str('__msgpack_chunked_array__'), Buffer.from([0xc3])],
          [str('shape'), map([str('0'), Buffer.from([1])])],
          [str('chunks'), map([str('0'), array([1], 'int8', 1)])],
        ),
      ),
    ],
    [
      'plain values',
      map(
        [str('a'), Buffer.from([0xc0])],
        [str('b'), arr(Buffer.from([0xc3]), str('x'))],
        [str('c'), bin(Buffer.from('text'))],
      ),
    ],
  ])('of %s is clean', async (_, bytes) => {
    expect(await scan(bytes)).toMatchObject({ verdict: 'clean', ruleIds: [] });
  });

  it.each([
    ['an extension of another type', held(ext(42, Buffer.from('evil!'))), 'msgpack.unlisted-extension'],
    ['an extension alone', ext(42, Buffer.from('evil!')), 'msgpack.unlisted-extension'],
    ['a time of another length', held(ext(-1, Buffer.alloc(5))), 'msgpack.unlisted-extension'],
    ['an array that is too short', held(array([2, 3], 'float32', 20)), 'msgpack.array'],
    ['an array that is too long', held(array([2], 'int8', 3)), 'msgpack.array'],
    ['an array of objects', held(array([1], 'object', 8)), 'msgpack.array'],
    ['an array of records', held(array([1], 'i4,f4', 8)), 'msgpack.array'],
    ['an array without bytes', held(ext(1, arr(arr(), str('int8')))), 'msgpack.array'],
    [
      'a side that is not a number',
      held(ext(1, arr(arr(str('2')), str('int8'), bin(Buffer.alloc(2))))),
      'msgpack.array',
    ],
    [
      'a complex number of three parts',
      held(ext(2, arr(Buffer.from([1]), Buffer.from([1]), Buffer.from([1])))),
      'msgpack.array',
    ],
    [
      'an array in parts without parts',
      held(map([str('__msgpack_chunked_array__'), Buffer.from([0xc3])])),
      'msgpack.array',
    ],
    ['a key twice', map([str('a'), Buffer.from([1])], [str('a'), Buffer.from([2])]), 'msgpack.structure'],
    [
      'a key twice, in binary',
      held(map([bin(Buffer.from('a')), Buffer.from([1])], [bin(Buffer.from('a')), Buffer.from([2])])),
      'msgpack.structure',
    ],
    ['an extension that is not MessagePack', held(ext(1, Buffer.from([0xc1]))), 'msgpack.structure'],
  ])('with %s is suspicious', async (_, bytes, rule) => {
    const found = await scan(bytes);
    expect([found.verdict, found.ruleIds]).toEqual(['suspicious', [rule]]);
  });

  it.each([
    ['in a value', held(bin(PICKLE))],
    ['in an extension', held(ext(5, PICKLE))],
    ['in an array', held(ext(1, arr(arr(Buffer.from([PICKLE.length])), str('int8'), bin(PICKLE))))],
    ['in a key', held(map([bin(PICKLE), Buffer.from([1])]))],
  ])('with a pickle %s is malicious', async (_, bytes) => {
    const found = await scan(bytes);
    expect(found.verdict).toBe('malicious');
    expect(found.ruleIds).toContain('msgpack.hidden-content');
  });

  it('gives a verdict whatever bytes are changed, and never a clean one when it is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(255), fc.nat(), async (at, byte, end) => {
        const changed = Uint8Array.from(FLAX);
        changed[at % changed.length] = byte;
        await scan(changed);
        expect((await scan(FLAX.subarray(0, 1 + (end % (FLAX.length - 1))))).verdict).not.toBe('clean');
      }),
      { numRuns: 200 },
    );
  });
});
