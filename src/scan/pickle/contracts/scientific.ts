import { OBJECT } from '../../../formats/pickle/index.ts';
import { classFirst } from './class-first.ts';
import { type Contract, textAt } from './contract.ts';
import { withLevels } from './native/index.ts';
import { arrayState, fromBuffer, reconstruct, reconstructMasked, scalar } from './numpy-array.ts';
import { dtypeCall, dtypeState } from './numpy-dtype.ts';

const BIT_GENERATORS = new Set(['MT19937', 'PCG64', 'PCG64DXSM', 'Philox', 'SFC64', 'DSFMT']);

const bitGenerator: Contract = (args, context) => {
  const first = args[0];
  if (first === undefined || first.kind === OBJECT) return undefined;
  const global = context.state.global(first);
  const name = global?.module.startsWith('numpy.random.') === true ? global.name : context.state.text(first);
  return name !== undefined && BIT_GENERATORS.has(name) ? undefined : 'it does not name a bit generator of NumPy';
};

const UFUNCS = new Set([
  ...[
    'abs',
    'absolute',
    'add',
    'subtract',
    'multiply',
    'divide',
    'true_divide',
    'floor_divide',
    'power',
    'negative',
    'reciprocal',
  ],
  ...[
    'exp',
    'exp2',
    'expm1',
    'log',
    'log2',
    'log10',
    'log1p',
    'sqrt',
    'square',
    'cbrt',
    'sign',
    'rint',
    'floor',
    'ceil',
    'trunc',
  ],
  ...[
    'sin',
    'cos',
    'tan',
    'arcsin',
    'arccos',
    'arctan',
    'arctan2',
    'sinh',
    'cosh',
    'tanh',
    'arcsinh',
    'arccosh',
    'arctanh',
  ],
  ...[
    'maximum',
    'minimum',
    'fmax',
    'fmin',
    'isnan',
    'isinf',
    'isfinite',
    'logical_not',
    'logical_and',
    'logical_or',
    'expit',
    'logit',
  ],
]);
const UFUNC_MODULES = new Set([
  'numpy',
  'numpy.core.umath',
  'numpy.core._multiarray_umath',
  'scipy.special',
  'scipy.special._ufuncs',
]);

/** `_ufunc_reconstruct(module, name)` imports any name. */
const ufunc: Contract = (args, context) => {
  const known = UFUNC_MODULES.has(textAt(args, 0, context) ?? '') && UFUNCS.has(textAt(args, 1, context) ?? '');
  return known ? undefined : 'it does not name a universal function of NumPy';
};

/** Source code that SciPy generates from argument names; the class executes it when its state is set. */
const NAMES = '(?:[A-Za-z_][A-Za-z0-9_]*, )*';
const LOCATION = '(?:loc|0)';
const PARSE_TEMPLATE = new RegExp(
  [
    `^\\ndef _parse_args\\(self, ${NAMES} loc=0(?:, scale=1)?\\):`,
    `    return \\(${NAMES}\\), loc, (?:scale|1)`,
    '',
    `def _parse_args_rvs\\(self, ${NAMES} loc=0(?:, scale=1)?, size=None\\):`,
    `    return self\\._argcheck_rvs\\(${NAMES} ${LOCATION}, (?:scale|1), size=size\\)`,
    '',
    `def _parse_args_stats\\(self, ${NAMES} loc=0(?:, scale=1)?, moments='mv'\\):`,
    `    return \\(${NAMES}\\), loc, (?:scale|1), moments\\n$`,
  ].join('\\n'),
);

/** The state of a SciPy distribution: a dict, or attributes of which `_parse_arg_template` is source code. */
export const distributionState: Contract = ([state], context) => {
  const items = state === undefined ? undefined : context.state.itemsOf(state);
  if (items === undefined) return 'the state of the distribution is unknown';
  for (let i = 0; i + 1 < items.length; i += 2) {
    const key = textAt(items, i, context);
    if (context.state.waits) return undefined;
    if (key === undefined) return 'a key of the state is not a string';
    if (key !== '_parse_arg_template') continue;
    const template = textAt(items, i + 1, context);
    if (template === undefined || !PARSE_TEMPLATE.test(template))
      return 'the state holds source code that SciPy does not write';
  }
  return undefined;
};

const CLASS_FIRST = [
  ...[
    'pandas.core.indexes.base:_new_Index',
    'pandas.indexes.base:_new_Index',
    'pandas.core.indexes.datetimes:_new_DatetimeIndex',
  ],
  ...['pandas.core.indexes.interval:_new_IntervalIndex', 'pandas.core.indexes.timedeltas:_new_TimedeltaIndex'],
  ...['pandas.core.indexes.period:_new_PeriodIndex', 'scipy.spatial.ckdtree:new_object', 'hdbscan.dist_metrics:newObj'],
  ...['_dist_metrics', 'dist_metrics'].flatMap((name) => [
    `sklearn.neighbors.${name}:newObj`,
    `sklearn.metrics.${name}:newObj`,
  ]),
  ...['_kd_tree', 'kd_tree', '_ball_tree', 'ball_tree'].map((name) => `sklearn.neighbors.${name}:newObj`),
];

const NUMPY_CONTRACTS = ['numpy.core', 'numpy._core'].flatMap((core) => [
  [`${core}.multiarray:scalar`, scalar] as const,
  [`${core}.multiarray:_reconstruct`, reconstruct] as const,
  [`${core}.numeric:_frombuffer`, fromBuffer] as const,
]);

/** Contracts for the state that BUILD sets on results of functions and classes of NumPy. */
export const NUMPY_STATES: ReadonlyMap<string, Contract> = new Map([
  ['numpy:dtype', dtypeState],
  ['numpy.core.multiarray:_reconstruct', arrayState],
  ['numpy._core.multiarray:_reconstruct', arrayState],
  ['numpy.ma.core:_mareconstruct', arrayState],
]);

export const SCIENTIFIC_CONTRACTS: readonly (readonly [string, Contract])[] = [
  ['numpy:dtype', dtypeCall],
  ['numpy.ma.core:_mareconstruct', reconstructMasked],
  ...NUMPY_CONTRACTS,
  ...CLASS_FIRST.map((name) => [name, name.endsWith(':_new_Index') ? withLevels(classFirst) : classFirst] as const),
  ['numpy.random._pickle:__bit_generator_ctor', bitGenerator],
  ['numpy.random._pickle:__generator_ctor', bitGenerator],
  ['numpy.random._pickle:__randomstate_ctor', bitGenerator],
  ['numpy.core:_ufunc_reconstruct', ufunc],
  ['numpy._core:_ufunc_reconstruct', ufunc],
];
