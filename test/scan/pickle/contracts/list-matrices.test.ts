import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  call,
  dict,
  instance,
  int,
  leaf,
  list,
  type Made,
  type Node,
  name,
  tuple,
} from '../../../oracles/lists/tree.ts';
import { writeTree } from '../../../oracles/lists/write-tree.ts';
import { array, CLEAN, dtype, floats, judged, none, numbers, UNEXPECTED } from '../../../support/pickle-arrays.ts';
import { scanPickleBytes } from '../../../support/scan-pickle-bytes.ts';

const SCIPY = 'fixtures/benign/scipy';
const row = (...values: number[]) => list(...values.map((value) => int(value)));
const values = (...numbers: number[]) => list(...numbers.map((number) => leaf(number)));
const objects = (...lists: Node[]) => array(dtype('O8'), [lists.length], list(...lists));
const state = (shape: readonly number[], rows: Node, data: Node) =>
  dict(leaf('_shape'), tuple(...shape.map((size) => int(size))), leaf('rows'), rows, leaf('data'), data);
const matrix = (shape: readonly number[], rows: Node, data: Node, of = 'scipy.sparse._lil:lil_matrix') =>
  instance(name(of), state(shape, rows, data));
const honest = () => matrix([2, 3], objects(row(0, 2), row()), objects(values(1, 2), values()));
const complex = call(name('builtins:complex'), leaf(0), leaf(1));
const ofNumPy = call(name('numpy.core.multiarray:scalar'), dtype('f8'), leaf(new Uint8Array(8)));

/** What joblib writes for an array of objects: a marker, and a pickle of the array between the instructions. */
function marked(length: number, content: Node): Made {
  const [subclass, shape] = [name('numpy:ndarray'), tuple(int(length))];
  const fields = [
    leaf('subclass'),
    subclass,
    leaf('shape'),
    shape,
    leaf('order'),
    leaf('C'),
    leaf('dtype'),
    dtype('O8'),
  ];
  const made = instance(
    name('joblib.numpy_pickle:NumpyArrayWrapper'),
    dict(...fields, leaf('allow_mmap'), leaf(false), leaf('numpy_array_alignment_bytes'), int(16)),
  );
  made.body = writeTree(content, 2);
  return made;
}

/** How joblib alone reads it: what other loaders make of the bytes between the instructions is another question. */
async function readByJoblib(root: Node) {
  const { readings } = await scanPickleBytes(writeTree(root, 2), 'model.joblib');
  return readings?.find(({ loader }) => loader === 'joblib')?.verdict;
}

describe('the contract of matrices of lists', () => {
  it.each([
    ['ascending columns and as many numbers', CLEAN, honest()],
    ['no state', CLEAN, instance(name('scipy.sparse._lil:lil_matrix'), dict())],
    ['no rows', CLEAN, matrix([0, 3], objects(), objects())],
    [
      'the class of earlier releases',
      CLEAN,
      matrix([1, 1], objects(row(0)), objects(row(7)), 'scipy.sparse.lil:lil_matrix'),
    ],
    ['complex numbers', CLEAN, matrix([1, 2], objects(row(0, 1)), objects(list(complex, ofNumPy)))],
    ['a column beyond the shape', UNEXPECTED, matrix([1, 3], objects(row(3)), objects(values(1)))],
    ['a column below zero', UNEXPECTED, matrix([1, 3], objects(row(-1, 0)), objects(values(1, 2)))],
    ['a column twice', UNEXPECTED, matrix([1, 3], objects(row(1, 1)), objects(values(1, 2)))],
    ['descending columns', UNEXPECTED, matrix([1, 3], objects(row(2, 1)), objects(values(1, 2)))],
    ['columns that are floats', UNEXPECTED, matrix([1, 3], objects(values(0, 1)), objects(values(1, 2)))],
    [
      'columns that are true and false',
      UNEXPECTED,
      matrix([1, 3], objects(list(leaf(false), leaf(true))), objects(values(1, 2))),
    ],
    ['a column beyond 64 bits', UNEXPECTED, matrix([1, 3], objects(list(leaf(2n ** 70n))), objects(values(1)))],
    ['a column that is made', UNEXPECTED, matrix([1, 3], objects(list(ofNumPy)), objects(values(1)))],
    ['more numbers than columns', UNEXPECTED, matrix([1, 3], objects(row(0)), objects(values(1, 2)))],
    ['fewer numbers than columns', UNEXPECTED, matrix([1, 3], objects(row(0, 1)), objects(values(1)))],
    ['a text among the numbers', UNEXPECTED, matrix([1, 3], objects(row(0, 1)), objects(list(leaf('1'), leaf(1))))],
    ['nothing among the numbers', UNEXPECTED, matrix([1, 3], objects(row(0)), objects(list(none)))],
    ['an array among the numbers', UNEXPECTED, matrix([1, 3], objects(row(0)), objects(list(floats(1))))],
    ['fewer rows than the shape', UNEXPECTED, matrix([2, 3], objects(row(0)), objects(values(1)))],
    ['more rows than the shape', UNEXPECTED, matrix([1, 3], objects(row(0), row(1)), objects(values(1), values(1)))],
    ['a row that is a tuple', UNEXPECTED, matrix([1, 3], objects(tuple(int(0))), objects(values(1)))],
    ['a row that is nothing', UNEXPECTED, matrix([2, 3], objects(row(0), none), objects(values(1), values()))],
    [
      'rows in two dimensions',
      UNEXPECTED,
      matrix([1, 3], array(dtype('O8'), [1, 1], list(row(0))), objects(values(1))),
    ],
    ['rows in a list', UNEXPECTED, matrix([1, 3], list(row(0)), objects(values(1)))],
    ['rows of numbers', UNEXPECTED, matrix([1, 3], numbers(0), objects(values(1)))],
    ['a shape of one size', UNEXPECTED, matrix([1], objects(row(0)), objects(values(1)))],
    [
      'no numbers at all',
      UNEXPECTED,
      instance(
        name('scipy.sparse._lil:lil_matrix'),
        dict(leaf('_shape'), tuple(int(1), int(3)), leaf('rows'), objects(row(0))),
      ),
    ],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it('takes the lists that an array has, not those that its list has later', async () => {
    const rows = array(dtype('O8'), [1], list(row(0), row(9)));
    expect(await judged(matrix([1, 3], rows, objects(values(1))))).toEqual(CLEAN);
  });

  it.each([2, 4])('does not accept a list that grows after the state was given, in protocol %i', async (protocol) => {
    const whole = writeTree(honest(), protocol);
    const memos = 60;
    let refused = 0;
    for (let memo = 0; memo < memos; memo++) {
      const index = Buffer.alloc(4);
      index.writeUInt32LE(memo);
      const grown = [whole.subarray(0, -1), Buffer.from('j'), index, Buffer.from('K\x01a0.', 'latin1')];
      const { verdict, findings } = await scanPickleBytes(Buffer.concat(grown));
      expect(verdict).not.toBe('clean');
      refused += findings.some(({ message }) => message.includes('of a sparse matrix')) ? 1 : 0;
    }
    // Two rows and two lists of numbers, and the lists that hold them.
    expect(refused).toBe(6);
  });

  it('does not accept a list with an element replaced', async () => {
    const whole = writeTree(honest(), 4);
    const place = whole.indexOf(Buffer.from('(K\x00K\x02e', 'latin1'));
    expect(place).toBeGreaterThan(0);
    const rest = whole.subarray(place + 6);
    const replaced = Buffer.concat([whole.subarray(0, place + 6), Buffer.from('K\x00K\x63s', 'latin1'), rest]);
    expect((await scanPickleBytes(whole)).verdict).toBe('clean');
    expect((await scanPickleBytes(replaced)).verdict).not.toBe('clean');
  });

  it('holds for all rows: a file is clean if and only if its lists fit its shape', async () => {
    const lists = fc.array(fc.array(fc.integer({ min: -1, max: 5 }), { maxLength: 4 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lists, lists, async (columns, numbers) => {
        const fits =
          columns.length === numbers.length &&
          columns.every((one, i) => one.length === numbers[i]?.length) &&
          columns.every((one) =>
            one.every((each, i) => each >= 0 && each < 5 && (i === 0 || each > (one[i - 1] ?? 0))),
          );
        const root = matrix(
          [columns.length, 5],
          objects(...columns.map((one) => row(...one))),
          objects(...numbers.map((one) => row(...one))),
        );
        expect(await judged(root)).toEqual(fits ? CLEAN : UNEXPECTED);
      }),
      { numRuns: 200 },
    );
  });

  it('reads long rows, in several windows and instructions', async () => {
    const wide = 40_000;
    const columns = Array.from({ length: wide }, (_, i) => i);
    const rows = (last: number) => objects(row(...columns.slice(0, -1), last));
    const data = objects(values(...columns));
    expect(await judged(matrix([1, wide], rows(wide - 1), data))).toEqual(CLEAN);
    expect(await judged(matrix([1, wide], rows(wide), data))).toEqual(UNEXPECTED);
  });
});

describe('the contract of matrices of lists that joblib writes', () => {
  const written = (high: number, rows: Node, data: Node) => matrix([high, 3], marked(high, rows), marked(high, data));

  it.each([
    ['lists that fit', 'clean', written(2, objects(row(0, 2), row()), objects(values(1, 2), values()))],
    ['a column beyond the shape', 'suspicious', written(1, objects(row(3)), objects(values(1)))],
    ['fewer lists than the marker says', 'suspicious', written(2, objects(row(0)), objects(values(1)))],
    [
      'a smaller array than its list',
      'suspicious',
      written(2, array(dtype('O8'), [1], list(row(0), row(1))), objects(values(1), values(1))),
    ],
    ['more numbers than columns', 'suspicious', written(1, objects(row(0)), objects(values(1, 2)))],
    ['a list in place of an array', 'suspicious', written(1, list(row(0)), objects(values(1)))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await readByJoblib(root)).toBe(expected);
  });
});

describe('matrices of lists that SciPy wrote', () => {
  const files = readdirSync(SCIPY, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: version }) =>
      readdirSync(`${SCIPY}/${version}`)
        .filter((file) => file.startsWith('sparse-'))
        .map((file) => `${SCIPY}/${version}/${file}`),
    );

  it('are clean in every version, format and protocol', async () => {
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const { verdict, imports } = await scanPickleBytes(readFileSync(file), file);
      expect([file, verdict]).toEqual([file, 'clean']);
      expect(imports.some((one) => /\.lil_(?:matrix|array)$/.test(one))).toBe(true);
    }
  });
});
