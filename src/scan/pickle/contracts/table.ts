import type { ListedGlobal } from '../../lists/index.ts';
import { classFirst, isClassFirst } from './class-first.ts';
import type { Contract } from './contract.ts';
import { ITERATOR_CONTRACTS } from './iterators.ts';
import { ARROW_CONTRACTS, ARROW_TYPES, LIBRARY_CALLS, LIBRARY_ITEMS } from './libraries/index.ts';
import { NATIVE_CALLS } from './native/index.ts';
import { PYTHON_CONTRACTS } from './python.ts';
import { SCIENTIFIC_CONTRACTS } from './scientific.ts';
import { TORCH_CONTRACTS } from './torch/index.ts';

/**
 * By "module:name", as the stream writes it: the contracts for the arguments of listed functions. A listed function that is not
 * here receives constants, listed values and results of other calls.
 */
export const CONTRACTS: ReadonlyMap<string, Contract> = new Map([
  ...PYTHON_CONTRACTS,
  ...ITERATOR_CONTRACTS,
  ...TORCH_CONTRACTS,
  ...SCIENTIFIC_CONTRACTS,
  ...ARROW_CONTRACTS,
  ...ARROW_TYPES,
]);

/** The contract for the arguments of a listed name, if it has one. */
export function contractOf({ module, name }: ListedGlobal): Contract | undefined {
  // Cython writes such a function for each class: it makes an instance of its first argument.
  const full = `${module}:${name}`;
  const own = CONTRACTS.get(full) ?? NATIVE_CALLS.get(full) ?? LIBRARY_CALLS.get(full);
  return own ?? (name.startsWith('__pyx_unpickle_') ? classFirst : undefined);
}

/** The contract for the items that an instance of a class receives, if it has one. */
export function itemContract({ module, name }: Pick<ListedGlobal, 'module' | 'name'>): Contract | undefined {
  return LIBRARY_ITEMS.get(`${module}:${name}`);
}

/** Functions that call their first argument, under their own contract. */
export const CALLERS: ReadonlySet<string> = new Set([
  'torch._tensor:_rebuild_from_type_v2',
  'dill._dill:_create_array',
]);

/** Once a stream names one of these, its lists are kept: contracts read them. */
export const READS_LISTS: ReadonlySet<string> = new Set([
  ...['_restore_array', 'chunked_array', 'schema', 'struct', '_reconstruct_table', '_reconstruct_record_batch'].map(
    (name) => `pyarrow.lib.${name}`,
  ),
  'PIL.Image.Image',
  'igraph.Graph',
  'plotly.graph_objs._figure.Figure',
  ...['pandas', 'pandas.core.indexes.multi', 'pandas.indexes.multi'].map((module) => `${module}.MultiIndex`),
  'pywt._extensions._pywt.Wavelet',
]);

/** The same of dicts. */
export const READS_DICTS: ReadonlySet<string> = new Set([
  ...READS_LISTS,
  ...['base._new_Index', 'datetimes._new_DatetimeIndex', 'timedeltas._new_TimedeltaIndex'].map(
    (name) => `pandas.core.indexes.${name}`,
  ),
  ...['period._new_PeriodIndex', 'interval._new_IntervalIndex'].map((name) => `pandas.core.indexes.${name}`),
  'pandas.indexes.base._new_Index',
  'functools.partial',
  'pint._unpickle_quantity',
  'pint._unpickle_unit',
  'numpy.dtype',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray._reconstruct',
  'torch._tensor._rebuild_from_type_v2',
  'torch._utils._rebuild_parameter_with_state',
]);

/** The number of leading arguments that a contract judges itself; the others must be values that the entry may receive. */
export const JUDGED: ReadonlyMap<string, number> = new Map([
  ['copyreg:_reconstructor', 2],
  ['copy_reg:_reconstructor', 2],
  ['numpy.random._pickle:__bit_generator_ctor', 1],
  ['numpy.random._pickle:__generator_ctor', 2],
  ['numpy.random._pickle:__randomstate_ctor', 2],
  ['torch._tensor:_rebuild_from_type_v2', 2],
  ...[
    ...['builtins:getattr', '__builtin__:getattr', 'builtins:type', '__builtin__:type', '_operator:getitem'],
    ...['functools:partial', 'collections:defaultdict', 'dill._dill:_create_array'],
    'array:_array_reconstructor',
    ...['pint:_unpickle_quantity', 'pint:_unpickle_unit'],
  ].map((name) => [name, 1] as const),
  ['pywt._extensions._pywt:ContinuousWavelet', 2],
]);

export function judgedArguments(entry: ListedGlobal): number {
  const known = JUDGED.get(`${entry.module}:${entry.name}`);
  return known ?? (isClassFirst(entry.name) ? 1 : 0);
}

/** Whether no contract checks the keyword arguments of a class, so that it must have none. */
export function takesNoKeywords({ module, name }: ListedGlobal): boolean {
  return NATIVE_CALLS.has(`${module}:${name}`) || LIBRARY_CALLS.has(`${module}:${name}`);
}
