import { NONE } from '../../../../formats/pickle/values.ts';
import { type Contract, unexpected } from '../contract.ts';
import { numberOf } from '../numbers.ts';
import { classFirst } from '../scientific.ts';
import { fieldsOf, knownArray } from './known-array.ts';

const UNTOLD = unexpected('what the object is made of cannot be told');

/** `STL(endog, period, ...)` of statsmodels takes memory for two periods more than there are numbers (tsa/stl/_stl.pyx). */
const decomposition: Contract = ([endog, period, ...more], context) => {
  const array = knownArray(endog, context);
  const [length, ...others] = array?.sizes ?? [];
  const count = numberOf(period, context);
  if (context.state.waits) return undefined;
  if (array === undefined || !/^[fi]$/.test(array.letter) || length === undefined || others.length > 0) return UNTOLD;
  if (typeof count !== 'number') return count;
  for (const each of more) {
    const number = numberOf(each, context);
    if (typeof number !== 'number') return number;
  }
  return count >= 0 && count <= length ? undefined : unexpected('the period is longer than the series');
};

/** Windows of a size that nobody sets. */
const MAX_BUCKETS = 4096;

/** `AdaptiveWindowing(delta, clock, max_buckets, ...)` of river in Rust takes memory for its buckets (rust_src/adwin.rs). */
const windows: Contract = (args, context) => {
  if (args.length === 0) return undefined;
  const buckets = numberOf(args[2], context);
  if (context.state.waits) return undefined;
  if (typeof buckets !== 'number') return buckets;
  return buckets >= 0 && buckets <= MAX_BUCKETS ? undefined : unexpected('it has more buckets than anybody sets');
};

/** Numbers, then the attributes: Cython's code looks at items of `bucket_deque` as if those of a list were there (drift/adwin_c.pyx). */
const windowsState: Contract = (state, context) => {
  const fields = fieldsOf(state.at(-1), context);
  if (context.state.waits) return undefined;
  const buckets = fields?.get('bucket_deque');
  const maker = buckets === undefined ? undefined : context.madeBy(buckets);
  return fields?.size === 1 && maker?.module === 'collections' && maker.name === 'deque'
    ? undefined
    : unexpected('its buckets are not in a deque');
};

/** The state is given by BUILD, where it is looked at. */
const withoutState: Contract = (args, context) =>
  classFirst(args, context) ?? (args[2]?.kind === NONE ? undefined : unexpected('its state is an argument'));

export const BOUNDED_CALLS: readonly (readonly [string, Contract])[] = [
  ['statsmodels.tsa.stl._stl:STL', decomposition],
  ['statsmodels.tsa._stl:STL', decomposition],
  ['river._river_rust.drift:AdaptiveWindowing', windows],
  ['river.drift.adwin_c:__pyx_unpickle_AdaptiveWindowing', withoutState],
];

export const BOUNDED_STATES: readonly (readonly [string, Contract])[] = [
  ['river.drift.adwin_c:AdaptiveWindowing', windowsState],
];
