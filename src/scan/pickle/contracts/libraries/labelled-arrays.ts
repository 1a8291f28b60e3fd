import { DICT, GLOBAL, NONE, TUPLE, type Value } from '../../../../formats/pickle/index.ts';
import { type Contract, type ContractContext, unexpected } from '../contract.ts';
import { fieldsOf } from '../native/index.ts';

const STATE = unexpected('the members of its state are not those of the class');

/**
 * The allowed kinds of a member: none, a dict of the stream, an object that a function of this pattern made, or data of any
 * kind.
 */
type Member = 'none' | 'dict' | 'any' | RegExp;

const VARIABLE = /^xarray\.core\.variable:(?:Index)?Variable$/;
const INDEX = /^pandas(?:\.core\.indexes\.\w+)?:(?:\w*Index|_new_\w*Index)$/;
const ADAPTER = /^xarray\.core\.indexing:Pandas(?:Multi)?IndexingAdapter$/;
const ARRAY =
  /^(?:numpy\._?core\.multiarray:_reconstruct|numpy\._?core\.numeric:_frombuffer|numpy:ndarray|joblib\.numpy_pickle:NumpyArrayWrapper)$/;
const DATA = new RegExp(`${ARRAY.source}|${ADAPTER.source}`);

/**
 * Classes of xarray are given their slots one by one: a name beside them would be that of a property, which runs code. An attribute that
 * is not there is looked up in their dicts, whose keys are looked at after the stream: NumPy looks `__array_interface__` up,
 * and uses the value as an address.
 */
const SLOTS: Readonly<Record<string, Readonly<Record<string, Member>>>> = {
  'xarray.core.dataarray:DataArray': {
    ...{ _cache: 'dict', _close: 'none', _coords: 'dict', _indexes: 'dict', _name: 'any', _variable: VARIABLE },
  },
  'xarray.core.dataset:Dataset': {
    ...{ _attrs: 'dict', _cache: 'dict', _close: 'none', _coord_names: 'any', _dims: 'dict', _encoding: 'dict' },
    ...{ _indexes: 'dict', _variables: 'dict' },
  },
  ...Object.fromEntries(
    ['Variable', 'IndexVariable'].map((name) => [
      `xarray.core.variable:${name}`,
      { _attrs: 'dict', _data: DATA, _dims: 'any', _encoding: 'dict' } as const,
    ]),
  ),
  'xarray.core.indexing:PandasIndexingAdapter': { _dtype: 'any', array: INDEX },
  'xarray.core.indexing:PandasMultiIndexingAdapter': { _dtype: 'any', adapter: 'none', array: INDEX, level: 'any' },
  'xarray.core.indexes:PandasIndex': { coord_dtype: 'any', dim: 'any', index: INDEX },
  'xarray.core.indexes:PandasMultiIndex': { coord_dtype: 'any', dim: 'any', index: INDEX, level_coords_dtype: 'dict' },
};

const slots =
  (members: Readonly<Record<string, Member>>): Contract =>
  ([none, state, ...more], context) => {
    const fields = none?.kind === NONE && more.length === 0 ? fieldsOf(state, context) : undefined;
    if (context.state.waits) return undefined;
    const kept = fields !== undefined && [...fields].every(([key, value]) => fits(members, key, value, context));
    return kept ? undefined : STATE;
  };

function fits(members: Readonly<Record<string, Member>>, key: string, of: Value, context: ContractContext): boolean {
  const member = Object.hasOwn(members, key) ? members[key] : undefined;
  if (member === undefined) return false;
  if (member === 'any') return of.kind < GLOBAL || context.madeBy(of) !== undefined;
  if (of.kind === NONE) return true;
  if (member === 'none') return false;
  if (member === 'dict') return of.kind === DICT;
  const maker = context.madeBy(of);
  return of.kind !== TUPLE && maker !== undefined && member.test(`${maker.module}:${maker.name}`);
}

export const LABELLED_STATES: readonly (readonly [string, Contract])[] = Object.entries(SLOTS).map(
  ([name, members]) => [name, slots(members)] as const,
);

/** Classes that look attributes up in the dicts of their state, however deep those lie. */
export const LOOKS_INTO_DICTS: ReadonlySet<string> = new Set(Object.keys(SLOTS));

/**
 * `Schema()` of polars is created empty and filled with items, each of which it checks; an argument could be an Arrow schema.
 */
const empty: Contract = (args) =>
  args.length === 0 ? undefined : unexpected('it is created with arguments, which polars does not do');

export const LABELLED_CALLS: readonly (readonly [string, Contract])[] = [['polars.schema:Schema', empty]];
