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
  /** The text of the dtype. */
  readonly type?: string;
  /** The opcodes for the state given to numpy.dtype's BUILD; empty for none. */
  readonly state?: string;
  readonly shape?: string;
  /** More attributes of the wrapper. */
  readonly more?: string;
  readonly module?: string;
  /** Builds the dtype before the marker is imported. */
  readonly early?: boolean;
}

const state = (size: number, flags: number, version = 3) =>
  `(${int(version)}${text('|')}NNN${int(size)}${int(-1)}${int(flags)}t`;

/** A stream up to and including the BUILD that an array follows. */
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

describe('a joblib array', () => {
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
  ])('of type %s has the length that its shape and type state', async (type, given, length) => {
    for (const early of [false, true]) {
      const head = wrapper({ type, state: given, early });
      if (early && given.includes('}')) continue;
      const arrays = await arraysOf(withArray(head, Buffer.alloc(length, 0xff)));
      expect(arrays).toEqual([[head.length, head.length, head.length + length]]);
    }
  });

  it.each([
    ['no dimensions', ')', 8],
    ['a dimension of zero', `(${int(0)}${int(1_000_000)}t`, 0],
    ['three dimensions', `(${int(2)}${int(3)}${int(4)}t`, 192],
    ['a dimension as LONG1', `(\x8a\x01\x02t`, 16],
  ])('with %s has the stated length', async (_, shape, length) => {
    const head = wrapper({ shape });
    expect(await arraysOf(withArray(head, Buffer.alloc(length, 0xff)))).toEqual([
      [head.length, head.length, head.length + length],
    ]);
  });

  it('starts after its padding, since joblib 1.1', async () => {
    const head = wrapper({ more: `${text('numpy_array_alignment_bytes')}${int(16)}` });
    const bytes = withArray(head, Buffer.concat([Buffer.from([5]), Buffer.alloc(5, 0xff), Buffer.alloc(24, 0xff)]));
    expect(await arraysOf(bytes)).toEqual([[head.length, head.length + 6, head.length + 30]]);
    const none = wrapper({ more: `${text('numpy_array_alignment_bytes')}N` });
    expect(await arraysOf(withArray(none, Buffer.alloc(24, 0xff)))).toEqual([
      [none.length, none.length, none.length + 24],
    ]);
  });

  it.each([
    ['objects by its type', 'O8', state(-1, 63)],
    ['objects by its flag', 'V16', state(16, 27)],
  ])('of %s is a pickle of its own', async (_, type, given) => {
    const head = wrapper({ type, state: given });
    expect(await arraysOf(withArray(head, latin1('\x80\x02]q\x00(K\x01K\x02e.')))).toEqual([]);
  });

  it.each<readonly [string, Built]>([
    ['a string type with another size in its state', { type: 'S1000', state: state(4, 0) }],
    ['a Unicode type with another size in its state', { type: 'U4', state: state(4, 0) }],
    ['a structure with another size in its state', { type: 'V4', state: state(400, 0) }],
    ['objects that the state declares not to be objects', { type: 'O8', state: state(-1, 0) }],
    ['a state of a version that computes its flags', { state: state(-1, 1, 2) }],
    ['a state that is not a tuple', { state: '}' }],
    ['a state that is too short', { state: `(${int(3)}t` }],
    ['a type without a size', { type: 'f' }],
    ['a type of several fields', { type: 'i4,i4' }],
    ['a type of another module', { module: 'nympy' }],
    ['a negative dimension', { shape: `(${int(-1)}${int(-8)}t` }],
    ['a dimension that is a string', { shape: `(${text('8')}t` }],
    ['a shape that is not a tuple', { shape: int(3) }],
    ['a product that overflows to zero', { shape: `(${int(2 ** 30).repeat(5)}t` }],
    ['an unbounded product multiplied by zero', { shape: `(${int(2 ** 30).repeat(60)}${int(0)}t` }],
    ['a dimension in another number base', { shape: '(I010\nt' }],
    ['too many attributes', { more: `u(${`${text('x')}N`.repeat(600)}` }],
  ])('is malformed with %s', async (_, built) => {
    for (const early of [false, true])
      await expect(arraysOf(withArray(wrapper({ ...built, early }), Buffer.alloc(2_000)))).rejects.toMatchObject({
        code: 'malformed',
      });
  });

  it('that ends beyond the file is truncated', async () => {
    for (const shape of [`(${int(4)}t`, `(${int(2 ** 30)}t`])
      await expect(arraysOf(withArray(wrapper({ shape }), Buffer.alloc(24)))).rejects.toMatchObject({
        code: 'truncated',
      });
  });

  it('of a real file fills the gap between the opcodes', async () => {
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
