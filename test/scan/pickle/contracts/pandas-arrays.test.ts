import { describe, expect, it } from 'vitest';
import { call, dict, int, leaf, list, type Made, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { array, CLEAN, dtype, judged, none, numbers, UNEXPECTED } from '../../../support/pickle-arrays.ts';

/** An array of text, as pandas 3 pickles it. */
function texts(values: Node): Made {
  const made = call(
    name('pandas._libs.arrays:__pyx_unpickle_NDArrayBacked'),
    name('pandas.arrays:StringArray'),
    int(82904607),
    none,
  );
  const type = call(name('pandas:StringDtype'), leaf('python'), leaf(Number.NaN));
  made.steps.push({ does: 'build', items: [tuple(type, values, dict())] });
  return made;
}

const objects = (shape: readonly number[], ...values: string[]) =>
  array(dtype('O8'), shape, list(...values.map((value) => leaf(value))));

describe('the contract of arrays that pandas extends', () => {
  it.each([
    ['an array of one dimension', CLEAN, objects([2], 'a', 'b')],
    ['an array of two dimensions', CLEAN, objects([1, 2], 'a', 'b')],
    // pandas ends with SIGSEGV when it shows such an array.
    ['an array without a dimension', UNEXPECTED, objects([], 'a')],
  ])('judges %s', async (_, expected, values) => {
    expect(await judged(texts(values))).toEqual(expected);
  });
});

/** An array of numbers that may be absent, with a cache. */
function masked(...fields: Node[]): Made {
  const made: Made = {
    kind: 'made',
    how: 'newobj',
    callee: name('pandas.core.arrays.integer:IntegerArray'),
    args: tuple(),
    steps: [],
  };
  const mask = array(dtype('b1'), [1], leaf(new Uint8Array(1)));
  made.steps.push({ does: 'build', items: [dict(leaf('_data'), numbers(1), leaf('_mask'), mask, ...fields)] });
  return made;
}

const instance: Made = {
  kind: 'made',
  how: 'newobj',
  callee: name('pandas.core.arrays.integer:Int64Dtype'),
  args: tuple(),
  steps: [],
};

/** Cython makes such an instance, whose attributes stand in the arguments. */
const unpickled = (cache: Node) =>
  call(
    name('pandas._libs.tslibs.period:__pyx_unpickle_PeriodMixin'),
    name('pandas.arrays:IntegerArray'),
    int(1),
    tuple(dict(leaf('_cache'), cache)),
  );

describe('the contract of caches of pandas', () => {
  it.each([
    ['no cache', CLEAN, masked()],
    ['an empty cache', CLEAN, masked(leaf('_cache'), dict())],
    ['a cache with a type', CLEAN, masked(leaf('_cache'), dict(leaf('dtype'), instance))],
    ['a cache that is not made yet', CLEAN, masked(leaf('_cache'), none)],
    // pandas ends with SIGSEGV when it looks into these.
    ['an instance in place of a cache', UNEXPECTED, masked(leaf('_cache'), instance)],
    ['a list in place of a cache', UNEXPECTED, masked(leaf('_cache'), list())],
    ['an array in place of a cache', UNEXPECTED, masked(leaf('_cache'), numbers(1))],
    ['a text in place of a cache', UNEXPECTED, masked(leaf('_cache'), leaf('x'))],
    ['the first of two caches that is a number', UNEXPECTED, masked(leaf('_cache'), int(1), leaf('_cache'), dict())],
    ['a cache in the arguments', CLEAN, unpickled(dict())],
    ['a list in the arguments in place of a cache', UNEXPECTED, unpickled(list())],
  ])('judges %s', async (_, expected, value) => {
    expect(await judged(value)).toEqual(expected);
  });
});
