import { expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import type { PlainArray } from '../../../src/formats/arrays/plain-array.ts';
import { readArrays } from '../../../src/formats/arrays/read.ts';
import { withReadOptions } from '../../convert/convert-bytes.ts';
import { buildZip } from '../../support/containers.ts';
import { type NpyArray, npyBytes, npzBytes } from '../../support/npz.ts';
import { noise } from '../../support/temp.ts';

function read(bytes: Uint8Array, path = 'X.npz'): Promise<ReadonlyMap<string, PlainArray>> {
  return withReadOptions(bytes.length, {}, ({ salvage: _, ...options }) =>
    readArrays({ path, source: new MemorySource(bytes, path) }, options),
  );
}

const one = (array: NpyArray) => read(npzBytes({ a: array })).then((arrays) => arrays.get('a'));

it.each<[NpyArray, PlainArray]>([
  [
    { descr: '<f4', shape: [2], values: [1.5, -0] },
    { kind: 'numbers', dims: [2], values: Float64Array.of(1.5, -0) },
  ],
  [
    { descr: '<f8', shape: [1, 2], values: [1e300, Number.NaN] },
    { kind: 'numbers', dims: [1, 2], values: Float64Array.of(1e300, Number.NaN) },
  ],
  [
    { descr: '<i8', shape: [2], values: [-(2n ** 63n), 2n ** 63n - 1n] },
    { kind: 'integers', dims: [2], values: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) },
  ],
  [
    { descr: '<i4', shape: [], values: [-7] },
    { kind: 'integers', dims: [], values: BigInt64Array.of(-7n) },
  ],
  [
    { descr: '|b1', shape: [2], values: [true, false] },
    { kind: 'integers', dims: [2], values: BigInt64Array.of(1n, 0n) },
  ],
  [
    { descr: '<U5', shape: [3, 1], values: ['', 'a\0b', 'Zürich'] },
    { kind: 'texts', dims: [3, 1], values: ['', 'a\0b', 'Züric'] },
  ],
  [
    { descr: '<U2', shape: [1], values: ['😀'] },
    { kind: 'texts', dims: [1], values: ['😀'] },
  ],
  [
    { descr: '<f4', shape: [0, 3], values: [] },
    { kind: 'numbers', dims: [0, 3], values: new Float64Array(0) },
  ],
])('reads $descr of shape $shape', async (array, expected) => {
  expect(await one(array)).toEqual(expected);
});

it('reads compressed members, a file of one array, and names that objects have', async () => {
  const data = npyBytes({ descr: '<f4', shape: [1], values: [3] });
  const zip = buildZip([{ name: '__proto__.npy', data, method: 8 }]);
  expect([...(await read(zip)).keys()]).toEqual(['__proto__']);
  expect([...(await read(data, 'folder/X.npy')).keys()]).toEqual(['X']);
});

it.each<[string, Uint8Array, Record<string, unknown>]>([
  [
    'an array of objects, which is a pickle',
    npzBytes({ a: { descr: '|O', shape: [1], values: [0] } }),
    { code: 'unsupported', hint: expect.stringContaining("astype('U')") },
  ],
  ['a member that is not an array', buildZip([{ name: 'a.npy', data: 'os.system' }]), { code: 'malformed' }],
  [
    'two arrays of one name',
    buildZip([
      { name: 'a.npy', data: npyBytes({ descr: '<f4', shape: [1], values: [1] }) },
      { name: 'a', data: npyBytes({ descr: '<f4', shape: [1], values: [2] }) },
    ]),
    { code: 'malformed', message: 'two arrays have the name "a"' },
  ],
  [
    'a pickle',
    Buffer.from('\x80\x04cos\nsystem\n.', 'latin1'),
    { code: 'unsupported', message: 'is neither an .npz nor an .npy file' },
  ],
  ['an empty file', new Uint8Array(0), { code: 'unsupported' }],
  ['an array that is too short', npzBytes({ a: { descr: '<f4', shape: [3], values: [1] } }), { code: 'truncated' }],
  ['texts that are too short', npzBytes({ a: { descr: '<U4', shape: [3], values: ['x'] } }), { code: 'truncated' }],
  ['bytes after its texts', npzBytes({ a: { descr: '<U4', shape: [1], values: ['x', 'y'] } }), { code: 'malformed' }],
  [
    'more texts of no width than fit in memory',
    npzBytes({ a: { descr: '<U0', shape: [2 ** 50], values: [] } }),
    { code: 'limit' },
  ],
  [
    'more elements than can be counted',
    npzBytes({ a: { descr: '<U0', shape: [2 ** 30, 2 ** 30], values: [] } }),
    { code: 'limit' },
  ],
  [
    'a member that lies about its size',
    buildZip([{ name: 'a.npy', data: npyBytes({ descr: '<f4', shape: [1], values: [1] }), central: { size: 9 } }]),
    { code: 'malformed' },
  ],
])('refuses %s', async (_, bytes, error) => {
  await expect(read(bytes)).rejects.toMatchObject(error);
});

it('refuses a text with half of a pair', async () => {
  const bytes = npyBytes({ descr: '<U1', shape: [1], values: ['x'] });
  bytes.writeUInt32LE(0xd800, bytes.length - 4);
  await expect(read(buildZip([{ name: 'a.npy', data: bytes }]))).rejects.toMatchObject({ code: 'malformed' });
});

it('ends for changed bytes with an error of its own, or an array', async () => {
  const bytes = npzBytes({
    X: { descr: '<f4', shape: [2, 2], values: [1, 2, 3, 4] },
    t: { descr: '<U3', shape: [2], values: ['a', 'b'] },
  });
  const random = noise(400 * 12);
  for (let round = 0; round < 400; round++) {
    const changed = Buffer.from(bytes);
    for (let at = round * 12; at < round * 12 + 12; at += 4)
      changed[random.readUInt16LE(at) % changed.length] = random.readUInt8(at + 2);
    const error: unknown = await read(changed).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined)
      expect(error).toMatchObject({ name: 'AssayError', code: expect.not.stringMatching('internal') });
  }
});
