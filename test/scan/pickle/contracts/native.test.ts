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
import {
  array,
  CLEAN,
  changed,
  dtype,
  floats,
  judged,
  none,
  numbers,
  UNEXPECTED,
} from '../../../support/pickle-arrays.ts';

const NANOSECONDS = dtype('M8', tuple(dict(), tuple(leaf('ns'), int(1), int(1), int(1))));

describe('the contract of NumPy arrays and types', () => {
  it.each([
    ['an array with as many objects as elements', ['clean'], [none, none]],
    ['an array with fewer objects than elements', ['malicious', 'pickle.bytes-as-objects'], [none]],
  ])('gives the expected verdict for %s', async (_, expected, items) => {
    expect(await judged(array(dtype('O8'), [2], list(...items)))).toEqual(expected);
  });

  it.each(['numpy:ndarray', 'numpy:matrix', 'numpy.rec:recarray', 'numpy.ma:MaskedArray'])(
    'is broken by a state of %s without objects, when _reconstruct did not make it',
    async (type) => {
      const made = (...items: Node[]) => {
        const bare = instance(name(type), tuple(int(1), tuple(int(2)), dtype('O8'), leaf(false), list(...items)));
        bare.args = tuple(tuple(int(0)));
        return bare;
      };
      expect(await judged(made(none, none))).toEqual(CLEAN);
      expect(await judged(made())).toEqual(['malicious', 'pickle.bytes-as-objects']);
      const byPandas = call(
        name('pandas.core.indexes.base:_new_Index'),
        name(type),
        dict(leaf('shape'), tuple(int(0))),
      );
      byPandas.steps.push(...made().steps);
      expect(await judged(byPandas)).toEqual(['malicious', 'pickle.bytes-as-objects']);
    },
  );

  it('requires a unit for dates', async () => {
    expect(await judged(NANOSECONDS)).toEqual(CLEAN);
    expect(await judged(dtype('M8', none))).toEqual(UNEXPECTED);
    expect(await judged(dtype('M8', tuple(dict(), tuple(leaf('ns'), int(0), int(1), int(1)))))).toEqual(UNEXPECTED);
  });

  it.each([
    ['a structured type whose name is that of a field', 'a', ['clean']],
    ['a structured type whose name is not that of a field', 'b', ['malicious', 'pickle.contract.broken']],
  ])('gives the expected verdict for the type: %s', async (_, own, expected) => {
    const made = call(name('numpy:dtype'), leaf('V4'), leaf(false), leaf(true));
    const fields = dict(leaf('a'), tuple(dtype('i4'), int(0)));
    const state = tuple(int(3), leaf('|'), none, tuple(leaf(own)), fields, int(4), int(1), int(0));
    made.steps.push({ does: 'build', items: [state] });
    expect(await judged(made)).toEqual(expected);
  });
});

describe('the contract of classes that a function normally creates', () => {
  it.each([
    'sklearn.metrics._dist_metrics:EuclideanDistance64',
    'hdbscan.dist_metrics:DistanceMetric',
    'sklearn.neighbors._kd_tree:KDTree',
    'sklearn.neighbors._ball_tree:BallTree',
  ])('does not accept %s with a state that has too few parts', async (type) => {
    expect(await judged(instance(name(type), tuple()))).toEqual(UNEXPECTED);
    const byPandas = call(name('pandas.core.indexes.base:_new_Index'), name(type), dict());
    byPandas.steps.push({ does: 'build', items: [tuple()] });
    expect(await judged(byPandas)).toEqual(UNEXPECTED);
  });
});

describe('the contract of pandas arrays', () => {
  const made = (...state: Node[]) => instance(name('pandas.core.arrays.datetimes:DatetimeArray'), ...state);
  const state = (data: Node) => dict(leaf('_dtype'), NANOSECONDS, leaf('_ndarray'), data, leaf('_freq'), none);

  it('accepts elements of their type', async () => {
    expect(await judged(made(state(array(NANOSECONDS, [1], leaf(new Uint8Array(8))))))).toEqual(CLEAN);
  });

  it.each([
    ['a missing state', made()],
    ['an empty state', made(dict())],
    ['elements of another type', made(state(floats(1)))],
    ['a missing array', made(state(none))],
  ])('does not accept %s', async (_, root) => {
    expect(await judged(root)).toEqual(UNEXPECTED);
  });

  it('does not accept an array that is used before it has a state', async () => {
    const bare = made();
    const used: Node = call(name('pandas.core.indexes.base:_new_Index'), name('pandas:Index'), tuple(bare));
    bare.steps.push({ does: 'build', items: [tuple(used, dict())] });
    expect(await judged(bare)).not.toEqual(CLEAN);
  });
});

describe('the contract of pandas blocks', () => {
  const frame = (...placements: Node[]): Node => {
    const blocks = placements.map((one) =>
      call(name('pandas._libs.internals:_unpickle_block'), floats(1), one, int(2)),
    );
    return call(name('pandas.core.internals.managers:BlockManager'), tuple(...blocks), list());
  };
  const range = (...ends: number[]) => call(name('builtins:slice'), ...ends.map((end) => int(end)));
  const places = (...values: number[]) =>
    array(dtype('i8'), [values.length], leaf(new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer)));

  it.each([
    ['within the frame', CLEAN, frame(range(0, 2, 1), places(2, 3))],
    ['beyond the frame', UNEXPECTED, frame(range(0, 2, 1), places(2, 4))],
    ['before the frame', UNEXPECTED, frame(places(-1))],
    ['in a range beyond the frame', UNEXPECTED, frame(range(7, 9, 1))],
  ])('gives the expected verdict for placements %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });
});

describe('the contract of sparse matrices', () => {
  const matrix = (indptr: Node, indices: Node, columns = 2) =>
    instance(
      name('scipy.sparse._csr:csr_matrix'),
      dict(
        ...[leaf('_shape'), tuple(int(2), int(columns)), leaf('indptr'), indptr],
        ...[leaf('indices'), indices, leaf('data'), floats(1, 2)],
      ),
    );

  it.each([
    ['indexes within the shape', CLEAN, matrix(numbers(0, 1, 2), numbers(0, 1))],
    ['an index beyond the shape', UNEXPECTED, matrix(numbers(0, 1, 2), numbers(0, 2))],
    ['a negative index', UNEXPECTED, matrix(numbers(0, 1, 2), numbers(0, -1))],
    ['rows that end beyond the elements', UNEXPECTED, matrix(numbers(0, 1, 3), numbers(0, 1))],
    ['decreasing rows', UNEXPECTED, matrix(numbers(0, 2, 1), numbers(0, 1))],
    ['more rows than stated', UNEXPECTED, matrix(numbers(0, 1, 1, 2), numbers(0, 1))],
    ['a list for an array', UNEXPECTED, matrix(list(int(0)), numbers(0, 1))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });
});

/** Changes bytes of an array within a state: the path in the state, the offset, the number there. */
function withNumber(path: readonly number[], offset: number, value: bigint) {
  return (made: Made): void => {
    const state = path.reduce<Node | undefined>(
      (node, index) => (node !== undefined && 'items' in node ? node.items[index] : undefined),
      made.steps[0]?.items[0],
    );
    const inner = state?.kind === 'made' ? state.steps[0]?.items[0] : undefined;
    const content = inner?.kind === 'tuple' ? inner.items.at(-1) : undefined;
    if (content?.kind !== 'leaf' || !(content.value instanceof Uint8Array)) throw new Error('no bytes there');
    const bytes = Buffer.from(content.value);
    bytes.writeBigInt64LE(value, offset);
    content.value = Uint8Array.from(bytes);
  };
}

const KD = ['scipy/1.18.1/kdtrees.p4.pkl', 'scipy.spatial._ckdtree:cKDTree'] as const;
const TREE = ['sklearn/1.4.2/GradientBoostingRegressor.p4.pkl', 'sklearn.tree._tree:Tree'] as const;
const NEIGHBOURS = ['sklearn/1.4.2/trees.p4.pkl', 'sklearn.neighbors._kd_tree:newObj'] as const;
const nothing = () => undefined;
const afterOutputs = (made: Made) => {
  if (made.args.kind === 'tuple') made.args.items[2] = int(1000);
};

describe('the contract of trees', () => {
  it.each([
    ['the written nodes of SciPy', CLEAN, KD, nothing],
    ['a split on a missing dimension', UNEXPECTED, KD, withNumber([0], 0, 2n)],
    ['missing points', UNEXPECTED, KD, withNumber([0], 32, 7n)],
    ['an order of missing points', UNEXPECTED, KD, withNumber([7], 0, 6n)],
    ['no state', UNEXPECTED, KD, (made: Made): void => void made.steps.splice(0)],
    ['the written nodes of scikit-learn', CLEAN, TREE, nothing],
    ['more outputs than class counts', UNEXPECTED, TREE, afterOutputs],
    ['the written neighbours', CLEAN, NEIGHBOURS, nothing],
    ['missing neighbours', UNEXPECTED, NEIGHBOURS, withNumber([1], 0, 10_000n)],
    ['ranges of missing points', UNEXPECTED, NEIGHBOURS, withNumber([2], 8, 10_000n)],
  ] as const)('gives the expected verdict for %s', async (_, expected, [path, maker], change) => {
    expect(await judged(changed(path, maker, change))).toEqual(expected);
  });

  it('does not accept cycles', async () => {
    const root = changed(...TREE, (made) => {
      const state = made.steps[0]?.items[0];
      const items = state?.kind === 'dict' ? state.items : [];
      const at = items.findIndex((item) => item.kind === 'leaf' && item.value === 'nodes');
      withNumber([at + 1], 0, 0n)(made);
    });
    expect(await judged(root)).toEqual(UNEXPECTED);
  });
});

describe('nested tuples', () => {
  const nested = (depth: number) => {
    let inner: Node = tuple(int(1));
    for (let i = 0; i < depth; i++) inner = tuple(inner, inner);
    return dict(inner, none);
  };

  it.each([
    [4, CLEAN],
    [40, ['suspicious', 'pickle.structure.odd']],
  ])('%d levels deep get the expected verdict', async (depth, expected) => {
    expect(await judged(nested(depth))).toEqual(expected);
  });
});

it('a deque or a set does not accept a range or a network', async () => {
  const network = call(name('ipaddress:IPv4Network'), leaf('10.0.0.0/8'));
  expect(await judged(network)).toEqual(CLEAN);
  expect(await judged(call(name('collections:deque'), network, int(3)))).toEqual(UNEXPECTED);
  expect(await judged(call(name('builtins:set'), call(name('builtins:range'), int(0), int(2 ** 40), int(1))))).toEqual(
    UNEXPECTED,
  );
});

describe('the contract of random generators', () => {
  const state = (position: number): Node => {
    const key = array(dtype('u4'), [624], leaf(new Uint8Array(4 * 624)));
    const inner = dict(leaf('key'), key, leaf('pos'), int(position));
    const made = call(name('numpy.random._pickle:__bit_generator_ctor'), leaf('MT19937'));
    made.steps.push({ does: 'build', items: [dict(leaf('bit_generator'), leaf('MT19937'), leaf('state'), inner)] });
    return made;
  };

  it.each([
    [0, CLEAN],
    [624, CLEAN],
    [625, UNEXPECTED],
    [-1, UNEXPECTED],
  ])('gives the expected verdict for the position %d', async (position, expected) => {
    expect(await judged(state(position))).toEqual(expected);
  });
});

describe('an object of TorchScript', () => {
  it('is not clean without its state: code that shows it follows a pointer that is not there', async () => {
    expect(await judged(instance(name('torch:ScriptObject')))).toEqual(UNEXPECTED);
  });
});
