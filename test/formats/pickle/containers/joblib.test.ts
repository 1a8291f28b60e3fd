import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileSource } from '../../../../src/core/bytes/file-source.ts';
import { DEFAULT_LIMITS } from '../../../../src/core/limits.ts';
import { followPickle } from '../../../../src/formats/pickle/inspect/index.ts';
import { memory } from '../../../support/containers.ts';

const FIXTURES = new URL('../../../../fixtures/', import.meta.url).pathname;

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const int = (value: number) => {
  const bytes = Buffer.alloc(5);
  bytes[0] = 0x4a;
  bytes.writeInt32LE(value, 1);
  return bytes.toString('latin1');
};
const text = (value: string) => `\x8c${String.fromCharCode(value.length)}${value}`;
const MARKER = `${text('joblib.numpy_pickle')}${text('NumpyArrayWrapper')}\x93`;

interface Built {
  /** The dtype's text. */
  readonly type?: string;
  /** Instructions of what numpy.dtype's BUILD is given; empty for none. */
  readonly state?: string;
  readonly shape?: string;
  /** Further items of the wrapper. */
  readonly more?: string;
  readonly module?: string;
  /** Build the dtype before the marker is imported. */
  readonly early?: boolean;
}

const state = (size: number, flags: number, version = 3) =>
  `(${int(version)}${text('|')}NNN${int(size)}${int(-1)}${int(flags)}t`;

/** A stream up to and with the BUILD that an array follows. */
function wrapper({
  type = 'i8',
  state: given,
  shape = `(${int(3)}t`,
  more = '',
  module = 'numpy',
  early,
}: Built = {}): string {
  const own = given ?? state(-1, 0);
  const dtype = `${text(module)}${text('dtype')}\x93${text(type)}\x89\x88\x87R${own === '' ? '' : `${own}b`}`;
  const items = (of: string) => `}(${text('shape')}${shape}${text('dtype')}${of}${more}ub`;
  return early === true
    ? `\x80\x04${dtype}\x940${MARKER})\x81${items('h\x00')}`
    : `\x80\x04${MARKER})\x81${items(dtype)}`;
}

async function arraysOf(bytes: Uint8Array): Promise<readonly (readonly number[])[]> {
  const arrays: number[][] = [];
  const events = {
    step: () => undefined,
    note: () => undefined,
    array: (start: number, elements: number, end: number) => void arrays.push([start, elements, end]),
    streamEnd: () => undefined,
  };
  const end = await followPickle(memory(bytes), events, { limits: DEFAULT_LIMITS });
  expect(end).toBe(bytes.length);
  return arrays;
}

const withArray = (head: string, elements: Uint8Array) => Buffer.concat([latin1(head), elements, latin1('.')]);

describe('an array of joblib', () => {
  it.each([
    ['i8', state(-1, 0), 24],
    ['f4', state(-1, 0), 12],
    ['c16', state(-1, 0), 48],
    ['U5', state(20, 8), 60],
    ['S7', state(7, 0), 21],
    ['V12', state(12, 0), 36],
    ['b1', state(-1, 0), 3],
    ['M8', `(${int(4)}${text('<')}NNN${int(-1)}${int(-1)}${int(0)}}t`, 24],
    ['f8', '', 24],
  ])('of %s is as long as its shape and type say', async (type, given, length) => {
    for (const early of [false, true]) {
      const head = wrapper({ type, state: given, early });
      if (early && given.includes('}')) continue;
      const arrays = await arraysOf(withArray(head, Buffer.alloc(length, 0xff)));
      expect(arrays).toEqual([[head.length, head.length, head.length + length]]);
    }
  });

  it.each([
    ['no dimension', ')', 8],
    ['a dimension of none', `(${int(0)}${int(1_000_000)}t`, 0],
    ['three', `(${int(2)}${int(3)}${int(4)}t`, 192],
    ['a long', `(\x8a\x01\x02t`, 16],
  ])('of %s', async (_, shape, length) => {
    const head = wrapper({ shape });
    expect(await arraysOf(withArray(head, Buffer.alloc(length, 0xff)))).toEqual([
      [head.length, head.length, head.length + length],
    ]);
  });

  it('starts behind its padding, since joblib 1.1', async () => {
    const head = wrapper({ more: `${text('numpy_array_alignment_bytes')}${int(16)}` });
    const bytes = withArray(head, Buffer.concat([Buffer.from([5]), Buffer.alloc(5, 0xff), Buffer.alloc(24, 0xff)]));
    expect(await arraysOf(bytes)).toEqual([[head.length, head.length + 6, head.length + 30]]);
    const none = wrapper({ more: `${text('numpy_array_alignment_bytes')}N` });
    expect(await arraysOf(withArray(none, Buffer.alloc(24, 0xff)))).toEqual([
      [none.length, none.length, none.length + 24],
    ]);
  });

  it.each([
    ['objects by type', 'O8', state(-1, 63)],
    ['objects by flag', 'V16', state(16, 27)],
  ])('of %s is a pickle of its own', async (_, type, given) => {
    const head = wrapper({ type, state: given });
    expect(await arraysOf(withArray(head, latin1('\x80\x02]q\x00(K\x01K\x02e.')))).toEqual([]);
  });

  it.each<readonly [string, Built]>([
    ['a string type whose state says another size', { type: 'S1000', state: state(4, 0) }],
    ['a text type whose state says another size', { type: 'U4', state: state(4, 0) }],
    ['a structure whose state says another size', { type: 'V4', state: state(400, 0) }],
    ['objects whose state says that they are none', { type: 'O8', state: state(-1, 0) }],
    ['a state of a version that computes its flags', { state: state(-1, 1, 2) }],
    ['a state that is not a tuple', { state: '}' }],
    ['a state that is too short', { state: `(${int(3)}t` }],
    ['a type without a size', { type: 'f' }],
    ['a type of several fields', { type: 'i4,i4' }],
    ['a type of another module', { module: 'nympy' }],
    ['a negative dimension', { shape: `(${int(-1)}${int(-8)}t` }],
    ['a dimension that is text', { shape: `(${text('8')}t` }],
    ['a shape that is not a tuple', { shape: int(3) }],
    ['a product that wraps around to nothing', { shape: `(${int(2 ** 30).repeat(5)}t` }],
    ['a product beyond all bounds, times nothing', { shape: `(${int(2 ** 30).repeat(60)}${int(0)}t` }],
    ['a dimension of another base', { shape: '(I010\nt' }],
    ['fields that are followed by very many', { more: `u(${`${text('x')}N`.repeat(600)}` }],
  ])('cannot be told: %s', async (_, built) => {
    for (const early of [false, true])
      await expect(arraysOf(withArray(wrapper({ ...built, early }), Buffer.alloc(2_000)))).rejects.toMatchObject({
        code: 'malformed',
      });
  });

  it('that leaves the file is truncated', async () => {
    for (const shape of [`(${int(4)}t`, `(${int(2 ** 30)}t`])
      await expect(arraysOf(withArray(wrapper({ shape }), Buffer.alloc(24)))).rejects.toMatchObject({
        code: 'truncated',
      });
  });

  it('of real files fills the gaps between the instructions', async () => {
    const files = readdirSync(join(FIXTURES, 'benign/sklearn'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.joblib'))
      .map((path) => join(FIXTURES, 'benign/sklearn', path));
    files.push(join(FIXTURES, 'pickle-probes/ok-joblib/m.joblib'));
    let arrays = 0;
    for (const path of files.slice(0, 12)) {
      const source = FileSource.open(path);
      if ((await source.read(0, 1))[0] === 0x80) arrays += (await arraysOf(await source.read(0, source.size))).length;
      await source.close();
    }
    expect(arrays).toBeGreaterThan(10);
  });
});
