import { DICT, NONE, type Value } from '../../../../formats/pickle/index.ts';
import { classFirst, isClassFirst } from '../class-first.ts';
import { type Breach, type Contract, type ContractContext, unexpected } from '../contract.ts';

/** Cached properties look `_cache` up as a dict without a check (pandas/_libs/properties.pyx), on most classes of pandas. */
const CACHE = '_cache';

/** The contract for the state of a class: that of its cache, then its own. A function that makes an instance has that of its class. */
export function withCache(name: string, own: Contract | undefined): Contract | undefined {
  if (!/^pandas[.:]/.test(name) || isClassFirst(name.slice(name.indexOf(':') + 1))) return own;
  return (state, context) => oddCache(state, context) ?? own?.(state, context);
}

/** `__pyx_unpickle_X(class, checksum, state)`: the attributes of an instance are in its state. */
const made: Contract = (args, context) => {
  const state = args[2];
  const parts = (state === undefined ? undefined : context.state.tuple(state)) ?? [];
  return classFirst(args, context) ?? oddCache(parts, context);
};

export const CACHE_CALLS: readonly (readonly [string, Contract])[] = [
  ['pandas._libs.arrays:__pyx_unpickle_NDArrayBacked', made],
  ['pandas._libs.interval:__pyx_unpickle_IntervalMixin', made],
  ['pandas._libs.tslibs.period:__pyx_unpickle_PeriodMixin', made],
];

function oddCache(state: readonly Value[], context: ContractContext): Breach | undefined {
  for (const part of state) {
    if (part.kind !== DICT) continue;
    const items = context.state.itemsOf(part);
    if (items === undefined) return unexpected('the names of its attributes are unknown');
    for (let i = 0; i + 1 < items.length; i += 2) {
      const [key, value] = [items[i], items[i + 1]];
      if (key === undefined || value === undefined || context.state.text(key) !== CACHE) continue;
      if (value.kind !== DICT && value.kind !== NONE) return unexpected('its cache is not a dict');
    }
  }
  return undefined;
}
