import { DICT, NONE, OBJECT, type Value } from '../../../../formats/pickle/index.ts';
import { type Contract, type ContractContext, textAt, unexpected } from '../contract.ts';
import { ARITHMETIC_STATES } from './arithmetic.ts';
import { ARROW_STATES } from './arrow.ts';
import { FLAML_STATES } from './flaml.ts';
import { IMAGE_STATES } from './images.ts';
import { LABELLED_STATES } from './labelled-arrays.ts';
import { RECOMMENDER_STATES } from './recommenders.ts';
import { SPACE_STATES } from './spaces.ts';

/** Longer formulas are left to a person. */
const MAX_FORMULA = 4096;

/**
 * One piece of a formula that patsy evaluates as Python: an operator, a small number, a column, a word in quotes that ends an
 * argument, or one of the functions that formulas are made of. Names are read and never called, attributes and items never taken.
 */
const FORMULA_PIECE = new RegExp(
  [
    String.raw`[ \t\n]+|[~+\-*/:|(),=]`,
    String.raw`\d{1,6}(?:\.\d{1,6})?(?![\w.])`,
    String.raw`(?:C|Q|I|bs|cr|cc|te|center|standardize|scale|Treatment|Sum|Poly|Helmert|Diff)\(`,
    String.raw`np\.(?:log|log2|log10|log1p|exp|expm1|sqrt|square|abs|sin|cos|tan)\(`,
    String.raw`[A-Za-z_]\w*(?!\s*[.([]|\w)`,
    String.raw`"[^"\\\n]{0,200}"(?=\s*[),])|'[^'\\\n]{0,200}'(?=\s*[),])`,
  ].join('|'),
  'y',
);

/**
 * Whether a formula does arithmetic on columns and nothing else. A power may occur once: nested powers take too long to
 * compute.
 */
export function isPlainFormula(formula: string): boolean {
  if (formula.length > MAX_FORMULA || (formula.match(/\*\s*\*/g) ?? []).length > 1) return false;
  let at = 0;
  while (at < formula.length) {
    FORMULA_PIECE.lastIndex = at;
    if (!FORMULA_PIECE.test(formula)) return false;
    at = FORMULA_PIECE.lastIndex;
  }
  return true;
}

/** The state of what statsmodels keeps a model's data in: with one of two keys, its formula is evaluated on load. */
const formulaState: Contract = ([state], context) => {
  const items = itemsOf(state, context);
  if (items === undefined) return 'the state of the data is not a plain dict';
  let formula: string | undefined;
  let evaluated = false;
  for (let i = 0; i + 1 < items.length; i += 2) {
    const key = textAt(items, i, context);
    if (context.state.waits) return undefined;
    if (key === undefined) return 'a key of the state is not a string';
    if (key === 'restore_design_info' || key === 'restore_model_spec') evaluated = true;
    if (key === 'formula') formula = textAt(items, i + 1, context);
    if (context.state.waits) return undefined;
  }
  if (!evaluated) return undefined;
  return formula !== undefined && isPlainFormula(formula)
    ? undefined
    : 'the state holds a formula that is not plain arithmetic on columns';
};

/** A cache of joblib loads pickles from its folder when it is used; models are written without a cache folder. */
const memoryState: Contract = ([state], context) => {
  const items = itemsOf(state, context);
  if (items === undefined) return 'the state of the cache is not a plain dict';
  for (let i = 0; i + 1 < items.length; i += 2) {
    const key = textAt(items, i, context);
    if (context.state.waits) return undefined;
    if (key === undefined) return 'a key of the state is not a string';
    if (/^(location|cachedir|_cachedir|store_backend)$/.test(key) && items[i + 1]?.kind !== NONE)
      return 'the cache names a folder, from which it would load pickles';
  }
  return undefined;
};

/** A dict whose `__dict__` is itself, so that it is its own state. */
const ownState: Contract = ([state], { target }) =>
  state?.kind === DICT || (state?.kind === OBJECT && state.ref === target?.ref)
    ? undefined
    : unexpected('the state is neither a dict nor the object itself');

function itemsOf(state: Value | undefined, context: ContractContext): readonly Value[] | undefined {
  return state === undefined ? undefined : context.state.itemsOf(state);
}

/** By "module:name": what the state of an instance must keep to. */
export const LIBRARY_STATES: ReadonlyMap<string, Contract> = new Map([
  ...['ModelData', 'PandasData', 'PatsyData', 'FormulaicData'].map(
    (name) => [`statsmodels.base.data:${name}`, formulaState] as const,
  ),
  ['joblib.memory:Memory', memoryState],
  ['statsmodels.tools.tools:Bunch', ownState],
  ...ARITHMETIC_STATES,
  ...ARROW_STATES,
  ...FLAML_STATES,
  ...IMAGE_STATES,
  ...LABELLED_STATES,
  ...RECOMMENDER_STATES,
  ...SPACE_STATES,
]);
