import { describe, expect, it } from 'vitest';
import { call, dict, int, leaf, list, type Made, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { array, CLEAN, dtype, floats, judged, none, UNEXPECTED } from '../../../support/pickle-arrays.ts';

const made = (of: string, ...items: Node[]) =>
  call(name('pandas.core.indexes.base:_new_Index'), name(`pandas.core.indexes.${of}`), dict(...items));
const index = (data: Node) => made('base:Index', leaf('data'), data, leaf('name'), none);
const range = (start: number, stop: number) =>
  made('range:RangeIndex', leaf('start'), int(start), leaf('stop'), int(stop), leaf('step'), int(1));
const codes = (...numbers: number[]) => array(dtype('i1'), [numbers.length], leaf(new Uint8Array(numbers)));
const multi = (levels: Node[], own: Node[], key = 'codes') =>
  made('multi:MultiIndex', leaf('levels'), list(...levels), leaf(key), list(...own), leaf('sortorder'), none);
const two = index(floats(1, 2));
const arrow = (of: string, ...args: Node[]) => call(name(`pyarrow.lib:${of}`), ...args);
const buffer = (bytes: Uint8Array) => arrow('py_buffer', leaf(bytes));
const textType = arrow('type_for_alias', leaf('large_string'));

/** The texts "a", "b", ... as Arrow keeps them, with a length that may be another. */
function arrowTexts(count: number, length = count): Node {
  const ends = buffer(new Uint8Array(BigInt64Array.from({ length: count + 1 }, (_, i) => BigInt(i)).buffer));
  const characters = buffer(Uint8Array.from({ length: count }, (_, i) => 97 + i));
  const buffers = list(none, ends, characters);
  return arrow('_restore_array', tuple(textType, int(length), int(0), int(0), buffers, list(), none));
}

/** An index of pandas 3 around an array of Arrow. */
function texts(content: Node): Node {
  const made: Made = {
    kind: 'made',
    how: 'newobj',
    callee: name('pandas.arrays:ArrowStringArray'),
    args: tuple(),
    steps: [],
  };
  const type = call(name('pandas:StringDtype'), leaf('pyarrow'), leaf(Number.NaN));
  made.steps.push({ does: 'build', items: [dict(leaf('_pa_array'), content, leaf('_dtype'), type)] });
  return index(made);
}

describe('the contract of indexes with several levels, whose codes native code follows', () => {
  it.each([
    ['codes of elements', CLEAN, multi([two, range(0, 3)], [codes(0, 1, 1), codes(0, 2, 1)])],
    ['a missing element', CLEAN, multi([two], [codes(0, 255)])],
    ['the older name of codes', CLEAN, multi([two], [codes(1, 0)], 'labels')],
    ['no elements', CLEAN, multi([two], [codes()])],
    ['a code beyond its level', UNEXPECTED, multi([two], [codes(0, 2)])],
    ['a code beyond a range', UNEXPECTED, multi([range(0, 3)], [codes(3)])],
    ['a code below -1', UNEXPECTED, multi([two], [codes(0, 254)])],
    ['codes of another length', UNEXPECTED, multi([two, two], [codes(0, 1), codes(0)])],
    ['fewer levels than codes', UNEXPECTED, multi([two], [codes(0, 1), codes(0, 1)])],
    ['codes that are floats', UNEXPECTED, multi([two], [floats(0, 1)])],
    ['codes in a list', UNEXPECTED, multi([two], [list(int(0))])],
    ['a level that is a list', UNEXPECTED, multi([list(int(1))], [codes(0)])],
    ['codes of text of Arrow', CLEAN, multi([texts(arrowTexts(2))], [codes(0, 1)])],
    [
      'codes of text in chunks',
      CLEAN,
      multi([texts(arrow('chunked_array', list(arrowTexts(1), arrowTexts(2)), textType))], [codes(0, 2)]),
    ],
    ['a code beyond the text of Arrow', UNEXPECTED, multi([texts(arrowTexts(2))], [codes(0, 2)])],
    [
      'a code beyond the chunks',
      UNEXPECTED,
      multi([texts(arrow('chunked_array', list(arrowTexts(1), arrowTexts(2)), textType))], [codes(3)]),
    ],
    [
      'text whose length is a lie',
      ['suspicious', 'pickle.native-state'],
      multi([texts(arrowTexts(2, 3))], [codes(0, 2)]),
    ],
    ['no levels', UNEXPECTED, made('multi:MultiIndex', leaf('codes'), list(codes(0)))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });
});
