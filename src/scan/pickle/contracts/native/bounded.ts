import { type Contract, unexpected } from '../contract.ts';
import { numberOf } from '../numbers.ts';
import { knownArray } from './known-array.ts';

const UNTOLD = unexpected('the arguments of the object are unknown');

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

/** A window size that real models do not have. */
const MAX_BUCKETS = 4096;

/** `AdaptiveWindowing(delta, clock, max_buckets, ...)` of river in Rust takes memory for its buckets (rust_src/adwin.rs). */
const windows: Contract = (args, context) => {
  if (args.length === 0) return undefined;
  const buckets = numberOf(args[2], context);
  if (context.state.waits) return undefined;
  if (typeof buckets !== 'number') return buckets;
  return buckets >= 0 && buckets <= MAX_BUCKETS ? undefined : unexpected('it has more buckets than real models have');
};

export const BOUNDED_CALLS: readonly (readonly [string, Contract])[] = [
  ['statsmodels.tsa.stl._stl:STL', decomposition],
  ['statsmodels.tsa._stl:STL', decomposition],
  ['river._river_rust.drift:AdaptiveWindowing', windows],
];
