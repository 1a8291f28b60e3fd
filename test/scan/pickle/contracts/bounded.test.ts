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
import { CLEAN, changed, dtype, floats, judged, none, numbers, UNEXPECTED } from '../../../support/pickle-arrays.ts';

function argumentsOf(made: Made): Node[] {
  if (made.args.kind !== 'tuple') throw new Error('the arguments are not a tuple');
  return made.args.items;
}

describe('the contract of classes with an allocation size', () => {
  const series = floats(...Array.from({ length: 12 }, (_, i) => i));
  const stl = (period: number, ...more: Node[]) =>
    call(name('statsmodels.tsa.stl._stl:STL'), series, int(period), int(7), ...more);
  const windows = (buckets: number) => {
    const made = instance(name('river._river_rust.drift:AdaptiveWindowing'));
    made.args = tuple(leaf(0.002), int(32), int(buckets), int(5), int(10));
    return made;
  };
  const image = (wide: number, mode = 'RGB', pixels = 12) =>
    instance(
      name('PIL.Image:Image'),
      list(dict(), leaf(mode), tuple(int(wide), int(2)), none, leaf(new Uint8Array(pixels))),
    );

  it.each([
    ['a decomposition', CLEAN, stl(4, int(9))],
    ['a decomposition with a period longer than the series', UNEXPECTED, stl(2 ** 40)],
    ['a decomposition with a string for a number', UNEXPECTED, stl(4, leaf('9'))],
    ['adaptive windows', CLEAN, windows(5)],
    ['adaptive windows with more buckets than memory', UNEXPECTED, windows(2 ** 50)],
    ['an image', CLEAN, image(2)],
    ['a 1-bit image', CLEAN, image(9, '1', 4)],
    ['an image with fewer pixels than stated', UNEXPECTED, image(3)],
    ['an image with fewer rows than stated', UNEXPECTED, image(2 ** 30)],
    ['an image with an unknown mode', UNEXPECTED, image(1, 'X')],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });
});

describe('the contract of river windows in Cython', () => {
  const FILE = ['river/0.22.0/drift.p5.pkl', 'river.drift.adwin_c:__pyx_unpickle_AdaptiveWindowing'] as const;
  const inState = (change: (items: Node[]) => void) => (made: Made) => {
    const state = made.steps[0]?.items[0];
    const last = state?.kind === 'tuple' ? state.items.at(-1) : undefined;
    if (last?.kind !== 'dict') throw new Error('the state has no attributes');
    change(last.items);
  };

  it.each([
    ['the written state', CLEAN, () => undefined],
    ['a list in place of the deque', UNEXPECTED, inState((items) => items.splice(1, 1, list()))],
    ['no buckets', UNEXPECTED, inState((items) => items.splice(0))],
    ['an additional attribute', UNEXPECTED, inState((items) => items.push(leaf('x'), int(1)))],
  ])('gives the expected verdict for %s', async (_, expected, change) => {
    expect(await judged(changed(...FILE, change))).toEqual(expected);
  });

  it('gives suspicious for a state passed as an argument', async () => {
    const root = changed(...FILE, (made) => {
      argumentsOf(made)[2] = tuple(int(1), dict(leaf('bucket_deque'), list()));
    });
    expect(await judged(root)).toEqual(UNEXPECTED);
  });
});

describe("the contract of classes that Cython pickles without a check of the state's length", () => {
  const GARCH = 'arch.univariate.recursions:GARCHUpdater';
  const LOSS = 'sklearn._loss._loss:CyPinballLoss';
  const unpickled = (full: string, checksum: number, state: Node, type = full) =>
    call(name(full.replace(':', ':__pyx_unpickle_')), name(type), int(checksum), state);
  const five = [leaf(-1), int(0), int(1), leaf(2), int(1)];
  const later = (state: Node) => {
    const made = unpickled(GARCH, 119629453, none);
    made.steps.push({ does: 'build', items: [state] });
    return made;
  };

  it.each([
    ['a state as it is written', CLEAN, unpickled(GARCH, 119629453, tuple(...five))],
    ['a state of an older Cython', CLEAN, unpickled(GARCH, 46664382, tuple(...five))],
    ['a state set by BUILD, which no library writes', ['suspicious', 'pickle.use.unusual'], later(tuple(...five))],
    ['a shorter state', UNEXPECTED, unpickled(GARCH, 119629453, tuple(...five.slice(1)))],
    ['a shorter state set by BUILD', UNEXPECTED, later(tuple(...five.slice(1)))],
    ['a state that is not a tuple', UNEXPECTED, later(dict())],
    ['a checksum of other fields', UNEXPECTED, unpickled(GARCH, 1, tuple(...five))],
    ['another class', UNEXPECTED, unpickled(GARCH, 119629453, none, LOSS)],
    ['a loss of scikit-learn', CLEAN, unpickled(LOSS, 232784418, tuple(leaf(0.5)))],
    ['a loss without its field', UNEXPECTED, unpickled(LOSS, 232784418, tuple())],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it.each([
    ['a bucket without its last array', (items: Node[]) => items.splice(3)],
    ['a bucket with a shorter array', (items: Node[]) => items.splice(2, 1, floats(1, 2))],
    ['a bucket with a position beyond its end', (items: Node[]) => items.splice(0, 1, int(7))],
  ])('is broken by %s', async (_, change) => {
    const root = changed('river/0.22.0/drift.p5.pkl', 'river.drift.adwin_c:__pyx_unpickle_Bucket', (made) => {
      const state = made.steps[0]?.items[0];
      if (state?.kind !== 'tuple') throw new Error('the state is not a tuple');
      change(state.items);
    });
    expect(await judged(root)).toEqual(UNEXPECTED);
  });
});

describe('the contract of similarities in implicit', () => {
  const matrix = (rows: number, columns: number) =>
    instance(
      name('scipy.sparse._csr:csr_matrix'),
      dict(
        ...[leaf('_shape'), tuple(int(rows), int(columns)), leaf('maxprint'), int(50)],
        ...[leaf('indices'), numbers(0, 1), leaf('indptr'), numbers(0, ...Array.from({ length: rows }, () => 2))],
        ...[leaf('data'), floats(1, 1)],
      ),
    );
  const model = (similarity: Node) =>
    instance(name('implicit.nearest_neighbours:CosineRecommender'), dict(leaf('similarity'), similarity));

  it.each([
    ['no similarity', CLEAN, none],
    ['a square matrix', CLEAN, matrix(2, 2)],
    ['a wider matrix', UNEXPECTED, matrix(2, 3)],
    ['a list', UNEXPECTED, list()],
    ['a dense array', UNEXPECTED, floats(1)],
  ])('gives the expected verdict for %s', async (_, expected, similarity) => {
    expect(await judged(model(similarity))).toEqual(expected);
  });
});

describe('the contract of NetworkX graphs', () => {
  it('accepts no arguments, which could name another backend', async () => {
    const graph = instance(name('networkx.classes.graph:Graph'), dict(leaf('graph'), dict()));
    expect(await judged(graph)).toEqual(CLEAN);
    expect(await judged({ ...graph, args: tuple(none) })).toEqual(UNEXPECTED);
    const chosen = { ...graph, how: 'newobj_ex' as const, kwargs: dict(leaf('backend'), leaf('x')) };
    expect(await judged(chosen)).toEqual(UNEXPECTED);
  });
});

describe('the contract of Arrow types', () => {
  const of = (type: string, ...args: Node[]) => call(name(`pyarrow.lib:${type}`), ...args);
  const alias = of('type_for_alias', leaf('int64'));
  const field = (type: Node) => of('field', leaf('a'), type, leaf(true), none);
  const nested = (depth: number) => {
    let type: Node = alias;
    for (let i = 0; i < depth; i++) type = of('list_', field(type));
    return type;
  };

  it.each([
    ['a schema', CLEAN, of('schema', list(field(alias), field(of('timestamp', leaf('ms'), none))), none)],
    ['a nested type', CLEAN, nested(10)],
    ['a dictionary', CLEAN, of('dictionary', alias, alias, leaf(false))],
    ['a type nested so deeply that its deallocation ends the process', UNEXPECTED, nested(300)],
    ['a structure nested too deeply', UNEXPECTED, of('struct', list(field(nested(40))))],
    ['a field with a number for a type', UNEXPECTED, field(int(1))],
    ['a schema with a number for a field', UNEXPECTED, of('schema', list(int(1)), none)],
    ['an invalid unit', UNEXPECTED, of('timestamp', leaf('h'), none)],
    ['a table of lists', UNEXPECTED, of('_reconstruct_table', list(list()), of('schema', list(), none))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });
});

describe('the contract of NumPy arrays with an axis order', () => {
  const made = (axes: Node, shape = [2, 3]) =>
    call(
      name('numpy._core.numeric:_frombuffer'),
      leaf(new Uint8Array(48)),
      dtype('f8'),
      tuple(...shape.map((size) => int(size))),
      leaf('K'),
      axes,
    );

  it.each([
    ['no axes', CLEAN, none],
    ['each axis once', CLEAN, tuple(int(1), int(0))],
    ['a repeated axis', UNEXPECTED, tuple(int(1), int(1))],
    ['a missing axis', UNEXPECTED, tuple(int(0), int(2))],
    ['too few axes', UNEXPECTED, tuple(int(0))],
  ])('gives the expected verdict for %s', async (_, expected, axes) => {
    expect(await judged(made(axes))).toEqual(expected);
  });
});
