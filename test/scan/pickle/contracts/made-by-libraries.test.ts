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
import { array, CLEAN, dtype, floats, judged, none, UNEXPECTED } from '../../../support/pickle-arrays.ts';

describe('the contract of wavelets', () => {
  const filter = (length = 2) => list(...new Array<Node>(length).fill(leaf(0.5)));
  const wavelet = (...filters: Node[]) => call(name('pywt._extensions._pywt:Wavelet'), leaf('db1'), tuple(...filters));
  const continuous = (type: string) => call(name('pywt._extensions._pywt:ContinuousWavelet'), leaf('morl'), name(type));

  it.each([
    ['four filters', CLEAN, wavelet(filter(), filter(), filter(), filter())],
    ['three filters', UNEXPECTED, wavelet(filter(), filter(), filter())],
    ['a longer filter', UNEXPECTED, wavelet(filter(), filter(3), filter(), filter())],
    ['a filter of strings', UNEXPECTED, wavelet(filter(), filter(), filter(), list(leaf('a'), leaf('b')))],
    ['an array for a filter', UNEXPECTED, wavelet(filter(), filter(), filter(), floats(1, 2))],
    ['a continuous wavelet', CLEAN, continuous('numpy:float64')],
    ['a continuous wavelet of objects', UNEXPECTED, continuous('numpy:object_')],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it('is broken by a function in place of the type', async () => {
    const [verdict] = await judged(continuous('os:system'));
    expect(verdict).toBe('malicious');
  });
});

describe('the contract of pint quantities, whose units are evaluated as expressions', () => {
  const dictOf = (...items: Node[]): Made => {
    const made = instance(name('pint.util:udict'));
    if (items.length > 0) made.steps.push({ does: 'set', items });
    return made;
  };
  const units = (names: Node) =>
    instance(name('pint.util:UnitsContainer'), tuple(names, int(1), name('builtins:float')));
  const quantity = (magnitude: Node, of: Node) =>
    call(name('pint:_unpickle_quantity'), name('pint.facets.plain.quantity:PlainQuantity'), magnitude, of);
  const metres = units(dictOf(leaf('meter'), int(1)));
  const unit = (of: Node) => call(name('pint:_unpickle_unit'), name('pint.facets.plain.unit:PlainUnit'), of);

  it.each([
    ['a number', CLEAN, quantity(leaf(3.5), metres)],
    ['an array', CLEAN, quantity(floats(1, 2), metres)],
    ['a unit', CLEAN, unit(units(dictOf(leaf('meter'), int(1), leaf('µs'), int(-2))))],
    ['no units', CLEAN, quantity(int(1), units(dictOf()))],
    ['an expression as the value', UNEXPECTED, quantity(leaf('9**9**9'), metres)],
    ['an expression as a unit name', UNEXPECTED, unit(units(dictOf(leaf('9**9**9'), int(1))))],
    ['a product as a unit name', UNEXPECTED, unit(units(dictOf(leaf('m*s'), int(1))))],
    ['a power that is a string', UNEXPECTED, unit(units(dictOf(leaf('m'), leaf('2'))))],
    ['unit names in a plain dict', UNEXPECTED, unit(units(dict(leaf('9**9'), int(1))))],
    ['a string for the units', UNEXPECTED, quantity(int(1), leaf('9**9**9'))],
    ['an array of objects', UNEXPECTED, quantity(array(dtype('O8'), [1], list(leaf('9**9'))), metres)],
    [
      'unit names in the arguments of the dict',
      UNEXPECTED,
      unit(units(Object.assign(dictOf(), { args: tuple(dict(leaf('9**9'), int(1))) }))),
    ],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it('is broken by another class in place of the quantity', async () => {
    const other = call(name('pint:_unpickle_quantity'), name('pint.util:udict'), int(1), metres);
    expect((await judged(other))[0]).not.toBe('clean');
  });
});

describe('the contract of formulaic', () => {
  const variable = (...args: Node[]) => {
    const made = instance(name('formulaic.utils.variables:Variable'), dict(leaf('roles'), none, leaf('source'), none));
    made.args = tuple(...args);
    return made;
  };
  const table = instance(name('pandas.core.frame:DataFrame'));
  const matrix = (of: Node) => call(name('formulaic.model_matrix:ModelMatrix'), of, none);

  it('accepts only a string as a variable', async () => {
    expect(await judged(variable(leaf('a')))).toEqual(CLEAN);
    expect(await judged(variable(table))).toEqual(UNEXPECTED);
    expect(await judged(variable(leaf('a'), leaf('b')))).toEqual(UNEXPECTED);
  });

  it('accepts only an array or a table in a matrix, and no state for it', async () => {
    expect(await judged(matrix(floats(1, 2)))).toEqual(CLEAN);
    expect(await judged(matrix(instance(name('statsmodels.base.data:ModelData'))))).toEqual(UNEXPECTED);
    const made = matrix(floats(1, 2));
    made.steps.push({ does: 'build', items: [tuple(int(1), tuple(int(9)), dtype('O8'), leaf(false), list())] });
    expect((await judged(made))[0]).not.toBe('clean');
    const filled = matrix(floats(1, 2));
    filled.steps.push({ does: 'set', items: [int(0), leaf(1)] });
    expect((await judged(filled))[0]).not.toBe('clean');
  });
});

describe('the contract of tokenizers parts', () => {
  const part = (type: string, state: string, ...args: Node[]) => {
    const made = instance(name(`tokenizers.${type}`), leaf(Buffer.from(state)));
    made.args = tuple(...args);
    return made;
  };

  it.each([
    ['a normalizer', 'clean', part('normalizers:NFC', '{"type":"NFC"}')],
    ['a sequence', 'clean', part('normalizers:Sequence', '{"type":"Sequence","normalizers":[{"type":"NFC"}]}', list())],
    [
      'a post-processor',
      'clean',
      part(
        'processors:BertProcessing',
        '{"type":"BertProcessing","sep":["a",1],"cls":["b",2]}',
        tuple(leaf(''), int(0)),
        tuple(leaf(''), int(0)),
      ),
    ],
    ['a sequence made of other parts', 'suspicious', part('normalizers:Sequence', '{"type":"NFC"}', list(none))],
    ['a truncated part', 'suspicious', part('normalizers:NFC', '{"type":')],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect((await judged(root))[0]).toBe(expected);
  });
});

describe('the contract of numbers with uncertainties', () => {
  const variable = () =>
    instance(name('uncertainties.core:Variable'), dict(leaf('_nominal_value'), leaf(1), leaf('_std_dev'), leaf(0.1)));
  const sum = (key: Node) => instance(name('uncertainties.core:LinearCombination'), tuple(dict(key, leaf(1))));

  it('accepts variables as keys of a dict, and no function', async () => {
    expect(await judged(sum(variable()))).toEqual(CLEAN);
    expect((await judged(sum(name('os:system'))))[0]).toBe('malicious');
  });
});

describe('the contract of xarray objects, which look attributes up in their dicts', () => {
  const variable = (attributes: Node, data: Node = floats(1, 2)) =>
    instance(
      name('xarray.core.variable:Variable'),
      tuple(none, dict(leaf('_attrs'), attributes, leaf('_data'), data, leaf('_dims'), tuple(leaf('x')))),
    );
  const dataset = (members: readonly Node[]) =>
    instance(name('xarray.core.dataset:Dataset'), tuple(none, dict(...members)));
  const address = dict(leaf('data'), tuple(int(0), leaf(false)), leaf('shape'), tuple(int(9)));

  it.each([
    ['attributes', CLEAN, variable(dict(leaf('units'), leaf('m')))],
    ['numbers as keys', CLEAN, variable(dict(int(1), leaf('m')))],
    ['variables', CLEAN, dataset([leaf('_variables'), dict(leaf('a'), variable(none)), leaf('_attrs'), dict()])],
    ['a member that shadows a property', UNEXPECTED, dataset([leaf('attrs'), dict()])],
    ['attributes returned by a call', UNEXPECTED, variable(instance(name('collections:OrderedDict')))],
    ['data that is not an array', UNEXPECTED, variable(none, instance(name('statsmodels.base.data:ModelData')))],
    ['a function to close the dataset', UNEXPECTED, dataset([leaf('_close'), leaf('x')])],
    ['a state without slots', UNEXPECTED, instance(name('xarray.core.dataset:Dataset'), dict(leaf('_attrs'), dict()))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it.each([
    ['in the attributes', variable(dict(leaf('__array_interface__'), address))],
    [
      'in a dict within the attributes',
      dataset([leaf('_attrs'), dict(leaf('a'), dict(leaf('__array_interface__'), address))]),
    ],
    ['in the variables', dataset([leaf('_variables'), dict(leaf('__array_struct__'), variable(none))])],
  ])('is broken by a dunder key %s', async (_, root) => {
    expect((await judged(root))[0]).toBe('malicious');
  });

  it('does not accept a key returned by a call', async () => {
    const key = call(name('_codecs:encode'), leaf('__array_interface__'), leaf('latin1'));
    expect((await judged(variable(dict(key, address))))[0]).not.toBe('clean');
  });

  it('is broken by a key that is added to the attributes afterwards', async () => {
    const attributes = dict();
    const late = variable(attributes);
    attributes.items.push(leaf('__array_interface__'), address);
    expect((await judged(list(late, attributes)))[0]).toBe('malicious');
  });
});

describe('the contract of arguments for native code', () => {
  const point = Buffer.from('0101000000000000000000f03f0000000000000040', 'hex');
  const bits = Buffer.from('e0ffffff4000000006000000041a1a04080030', 'hex');
  const geometry = (...args: Node[]) => call(name('shapely.io:from_wkb'), ...args);
  const fingerprint = (of: Node) => call(name('rdkit.DataStructs.cDataStructs:ExplicitBitVect'), of);
  const NATIVE = ['suspicious', 'pickle.native-state'];

  it.each([
    ['a geometry', CLEAN, geometry(leaf(point))],
    ['a truncated geometry', NATIVE, geometry(leaf(point.subarray(0, 9)))],
    ['a string for a geometry', UNEXPECTED, geometry(leaf('POINT (1 2)'))],
    ['a list of geometries', UNEXPECTED, geometry(list(leaf(point)))],
    ['a geometry with another argument', UNEXPECTED, geometry(leaf(point), leaf('ignore'))],
    ['a fingerprint', CLEAN, fingerprint(leaf(bits))],
    ['a fingerprint with bits beyond its end', NATIVE, fingerprint(leaf(Buffer.from(bits).fill(0xfe, 12, 18)))],
    ['a number of bits for a fingerprint', UNEXPECTED, fingerprint(int(2 ** 31 - 1))],
    ['strings of spaCy', CLEAN, call(name('spacy.strings:StringStore'), list(leaf('a'), leaf('b')))],
    ['an endless iterable', UNEXPECTED, call(name('spacy.strings:StringStore'), call(name('collections:OrderedDict')))],
    ['a polars schema', CLEAN, call(name('polars.schema:Schema'))],
    ['a polars schema with an argument', UNEXPECTED, call(name('polars.schema:Schema'), dict())],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });
});
