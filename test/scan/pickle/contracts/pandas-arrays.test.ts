import { describe, expect, it } from 'vitest';
import { call, dict, int, leaf, list, type Made, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { array, CLEAN, dtype, judged, none, UNEXPECTED } from '../../../support/pickle-arrays.ts';

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
