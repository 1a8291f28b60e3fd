import { DICT, type Value } from '../../../../formats/pickle/index.ts';
import { type Contract, type ContractContext, unexpected, worst } from '../contract.ts';
import { numberOf } from '../numbers.ts';
import { claim } from './claims.ts';
import { fieldsOf, isIndexArray, type KnownArray, knownArray } from './known-array.ts';
import { indexLength } from './multi-index.ts';

/**
 * `NDArrayBacked.__setstate__` takes a dict, alone or in a tuple, or an array, a type and a dict (pandas/_libs/arrays.pyx). The class
 * believes that the array holds elements of its own kind.
 */
const holds =
  (kind: RegExp): Contract =>
  (state, context) => {
    const arrays = state.flatMap((part) => arraysIn(part, context));
    if (context.state.waits) return undefined;
    if (state.length === 1 && context.state.itemsOf(state[0] ?? NOTHING)?.length === 0) return MISSING;
    if (arrays.length === 0) return MISSING;
    if (!arrays.every((array) => array !== undefined && kind.test(`${array.letter}${array.itemSize}`)))
      return unexpected('its array holds elements of another kind');
    // To show an array without a length, pandas follows a pointer that is not there.
    return arrays.some((array) => array?.sizes.length === 0) ? unexpected('its array has no dimension') : undefined;
  };

const CATEGORIES_DTYPE = /^pandas(?:\.(?:core\.)?dtypes\.dtypes|\.api\.types)?$/;

/** A code says which category an element has; native code follows it without a check. */
const categorical: Contract = (state, context) => {
  const breach = holds(/^i[1248]$/)(state, context);
  if (breach !== undefined || context.state.waits) return breach;
  const codes = state.flatMap((part) => arraysIn(part, context)).filter((array) => array !== undefined);
  if (codes.every(({ sizes }) => sizes.includes(0))) return undefined;
  const categories = categoriesOf(state, context);
  const below = categories === undefined ? undefined : indexLength(categories, context);
  if (context.state.waits) return undefined;
  if (below === undefined) return unexpected('the categories of its codes are unknown');
  return worst(...codes.map((array) => claim(array, { kind: 'indexes', least: -1, below }, context)));
};

/** The index of categories: that of the type, or, in old versions, of the array itself. */
function categoriesOf(state: readonly Value[], context: ContractContext): Value | undefined {
  for (const part of state) {
    const own = part.kind === DICT ? fieldsOf(part, context) : undefined;
    const type = own === undefined ? part : (own.get('_dtype') ?? own.get('dtype'));
    const given = type === undefined ? undefined : typeCategories(type, context);
    const found = given ?? own?.get('_categories') ?? own?.get('categories');
    if (found !== undefined) return found;
  }
  return undefined;
}

function typeCategories(type: Value, context: ContractContext): Value | undefined {
  const maker = context.madeBy(type);
  if (maker?.name !== 'CategoricalDtype' || !CATEGORIES_DTYPE.test(maker.module)) return undefined;
  const built = context.state.builtStates.get(type.ref);
  const [argument] = context.state.tuple(context.state.callOf(type)?.args ?? type) ?? [];
  return (built === undefined ? undefined : fieldsOf(built, context)?.get('categories')) ?? argument;
}

const NOTHING: Value = { kind: DICT, ref: -1 };
const MISSING = unexpected('its state has no array');

/** The arrays of a state's part: itself, or what stands under the names that classes keep theirs by. */
function arraysIn(part: Value, context: ContractContext): (KnownArray | undefined)[] {
  if (part.kind !== DICT) {
    const array = knownArray(part, context);
    return array === undefined ? [] : [array];
  }
  const fields = fieldsOf(part, context);
  if (fields === undefined) return [undefined];
  return ['_ndarray', '_data', '_codes'].flatMap((name) =>
    fields.has(name) ? [knownArray(fields.get(name), context)] : [],
  );
}

const ARRAYS: readonly (readonly [modules: string, names: string, kind: RegExp | Contract])[] = [
  ['pandas.arrays pandas.core.arrays.datetimes', 'DatetimeArray', /^M8$/],
  ['pandas.arrays pandas.core.arrays.timedeltas', 'TimedeltaArray', /^m8$/],
  ['pandas.arrays pandas.core.arrays.period', 'PeriodArray', /^i8$/],
  ['pandas.arrays pandas.core.arrays.numpy_', 'NumpyExtensionArray PandasArray', /^/],
  ['pandas pandas.core.arrays.categorical', 'Categorical', categorical],
  ['pandas.arrays pandas.core.arrays.string_', 'StringArray StringArrayNumpySemantics ObjectStringArray', /^O8$/],
];

export const PANDAS_STATES: readonly (readonly [string, Contract])[] = ARRAYS.flatMap(([modules, names, kind]) =>
  modules
    .split(' ')
    .flatMap((module) =>
      names.split(' ').map((name) => [`${module}:${name}`, kind instanceof RegExp ? holds(kind) : kind] as const),
    ),
);

/** `_unpickle_block(values, placement, ndim)`: the places that the block has in its frame. */
const block: Contract = ([, placement], context) => {
  if (context.state.waits || placement === undefined) return undefined;
  return placeOf(placement, context) === undefined && !context.state.waits
    ? unexpected('the positions of a block are unknown')
    : undefined;
};

/** How many places a block has, and which: numbers of an array, or the ends of a range. */
type Placement =
  | { readonly kind: 'array'; readonly array: KnownArray; readonly count: number }
  | { readonly kind: 'range'; readonly count: number; readonly least: number; readonly most: number };

function placeOf(of: Value, context: ContractContext): Placement | undefined {
  const maker = context.madeBy(of);
  if (maker?.name === 'slice' || isDillSlice(of, context))
    return rangeOf(context.state.tuple(context.state.callOf(of)?.args ?? of), context);
  const array = knownArray(of, context);
  if (!isIndexArray(array) || array.sizes.length !== 1) return undefined;
  return { kind: 'array', array, count: array.sizes[0] ?? 0 };
}

/** dill looks the type up by its name. */
function isDillSlice(of: Value, context: ContractContext): boolean {
  const callee = context.state.callOf(of)?.callee;
  const maker = callee === undefined ? undefined : context.madeBy(callee);
  const args = callee === undefined ? undefined : context.state.callOf(callee)?.args;
  const [type] = (args === undefined ? undefined : context.state.tuple(args)) ?? [];
  const known = maker?.module === 'dill._dill' && maker.name === '_load_type' && type !== undefined;
  return known && /^[sS]lice(?:Type)?$/.test(context.state.text(type) ?? '');
}

function rangeOf(args: readonly Value[] | undefined, context: ContractContext): Placement | undefined {
  const [start, stop, step] = (args ?? []).map((value) => numberOf(value, context));
  if (typeof start !== 'number' || typeof stop !== 'number' || typeof step !== 'number') return undefined;
  if (step === 0) return undefined;
  const count = Math.max(0, Math.ceil((stop - start) / step));
  const last = start + step * Math.max(0, count - 1);
  return { kind: 'range', count, least: Math.min(start, last), most: Math.max(start, last) };
}

/** `BlockManager(blocks, axes)`: pandas writes the number of each block to its positions, without a check. */
const manager: Contract = ([blocks], context) => {
  const all = blocks === undefined ? undefined : context.state.tuple(blocks);
  if (all === undefined) return undefined;
  const places = all.map((one) => {
    const maker = context.madeBy(one);
    const args = context.state.tuple(context.state.callOf(one)?.args ?? one);
    return maker?.name === '_unpickle_block' && args?.[1] !== undefined ? placeOf(args[1], context) : undefined;
  });
  if (context.state.waits) return undefined;
  const total = places.reduce((sum, one) => sum + (one?.count ?? 0), 0);
  return worst(
    ...places.map((one) => {
      if (one === undefined) return unexpected('the positions of a block are unknown');
      if (one.kind === 'array')
        return claim(
          one.array,
          { kind: 'indexes', least: 0, below: total },
          context,
          'pandas.core.internals.managers.BlockManager',
        );
      return one.count === 0 || (one.least >= 0 && one.most < total)
        ? undefined
        : unexpected('a block has a position outside of its frame');
    }),
  );
};

export const PANDAS_CONTRACTS: readonly (readonly [string, Contract])[] = [
  ['pandas._libs.internals:_unpickle_block', block],
  ['pandas.core.internals.managers:BlockManager', manager],
];
