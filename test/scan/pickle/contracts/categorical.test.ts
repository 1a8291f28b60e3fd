import { describe, expect, it } from 'vitest';
import { call, dict, instance, int, leaf, list, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { array, CLEAN, dtype, floats, judged, none, UNEXPECTED } from '../../../support/pickle-arrays.ts';

const index = (data: Node) =>
  call(
    name('pandas.core.indexes.base:_new_Index'),
    name('pandas.core.indexes.base:Index'),
    dict(leaf('data'), data, leaf('name'), none),
  );
const typeOf = (categories: Node) =>
  instance(
    name('pandas.core.dtypes.dtypes:CategoricalDtype'),
    dict(leaf('categories'), categories, leaf('ordered'), leaf(false)),
  );
const codes = (...numbers: number[]) => array(dtype('i1'), [numbers.length], leaf(new Uint8Array(numbers)));
const two = () => index(floats(1, 2));

/** As pandas writes it since 1.3. */
function categorical(type: Node, own: Node): Node {
  const made = call(
    name('pandas._libs.arrays:__pyx_unpickle_NDArrayBacked'),
    name('pandas.core.arrays.categorical:Categorical'),
    int(86_097_310),
    none,
  );
  made.steps.push({ does: 'build', items: [tuple(type, own)] });
  return made;
}

/** As pandas wrote it before. */
const older = (type: Node, own: Node) =>
  instance(name('pandas.core.arrays.categorical:Categorical'), dict(leaf('_codes'), own, leaf('_dtype'), type));

describe('the contract of categorical arrays, whose codes native code follows', () => {
  it.each([
    ['codes of categories', CLEAN, categorical(typeOf(two()), codes(0, 1, 1))],
    ['a missing value', CLEAN, categorical(typeOf(two()), codes(0, 255))],
    ['no elements', CLEAN, categorical(typeOf(two()), codes())],
    ['the older form', CLEAN, older(typeOf(two()), codes(1, 0))],
    ['a code beyond its categories', UNEXPECTED, categorical(typeOf(two()), codes(0, 2))],
    ['a code below -1', UNEXPECTED, categorical(typeOf(two()), codes(254))],
    ['a code beyond its categories in the older form', UNEXPECTED, older(typeOf(two()), codes(2))],
    ['categories in a list', UNEXPECTED, categorical(typeOf(list(int(1))), codes(0))],
    ['a type without categories', UNEXPECTED, categorical(typeOf(none), codes(0))],
    ['another type', UNEXPECTED, categorical(dtype('i8'), codes(0))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });
});
