import type { PickleState, Value } from '../../../../formats/pickle/index.ts';
import { isClassFirst } from '../class-first.ts';
import { type Contract, unexpected } from '../contract.ts';
import { ARRAY_STATES } from './arrays.ts';
import { BOUNDED_CALLS } from './bounded.ts';
import { type Claim, closeClaims } from './claims.ts';
import { CYTHON_CALLS, CYTHON_STATES } from './cython.ts';
import { closeBodies } from './known-array.ts';
import { PANDAS_CONTRACTS, PANDAS_STATES } from './pandas-arrays.ts';
import { CACHE_CALLS, withCache } from './pandas-caches.ts';
import { RANDOM_STATES } from './random.ts';
import { SPARSE_STATES } from './sparse.ts';
import { STATE_SPACE_CALLS, STATE_SPACE_STATES } from './state-space.ts';
import { TREE_STATES, treeCall, treeClassState } from './trees.ts';
import { VOLATILITY_CALLS, VOLATILITY_STATES } from './volatility.ts';

/**
 * The contract for the state of classes whose native code uses it without a check, and for functions that make such instances.
 */
const NATIVE_STATES: ReadonlyMap<string, Contract> = new Map([
  ...ARRAY_STATES,
  ...SPARSE_STATES,
  ...PANDAS_STATES,
  ...TREE_STATES,
  ...RANDOM_STATES,
  ...STATE_SPACE_STATES,
  ...CYTHON_STATES,
  ...VOLATILITY_STATES,
]);

/** What the state of an instance must keep to, by "module:name" of its class. */
export function classState(name: string): Contract | undefined {
  return withCache(name, NATIVE_STATES.get(name) ?? treeClassState(name));
}

/** What the arguments of native classes must keep to: such a class reads as many numbers as its arguments say. */
export const NATIVE_CALLS: ReadonlyMap<string, Contract> = new Map([
  ...PANDAS_CONTRACTS,
  ...CACHE_CALLS,
  ['sklearn.tree._tree:Tree', treeCall],
  ...STATE_SPACE_CALLS,
  ...BOUNDED_CALLS,
  ...CYTHON_CALLS,
  ...VOLATILITY_CALLS,
]);

const NEEDED =
  /^(?:pandas\b.*|scipy\.spatial\..*|sklearn\.neighbors\..*:newObj|statsmodels\.tsa\.statespace\..*|river\.drift\.adwin_c:.*)$/;

/** Classes whose state is made by code of the loader, and that crash it without one. */
const NEEDED_WITHOUT_CONTRACT: ReadonlySet<string> = new Set(['torch:ScriptObject']);

/** Whether native code would read uninitialised memory of an instance without a state. */
export function needsState(name: string): boolean {
  return NEEDED_WITHOUT_CONTRACT.has(name) || (NEEDED.test(name) && NATIVE_STATES.has(name));
}

const unknownArray: Contract = () => unexpected('the required content of its array is not known');

/** The contract of what a function that makes instances of its first argument made. */
export function nativeState(target: Value, machine: PickleState): Contract | undefined {
  const call = machine.callOf(target);
  const callee = call === undefined ? undefined : machine.global(call.callee);
  if (call === undefined || callee === undefined || !isClassFirst(callee.name)) return undefined;
  const known = classState(firstName(call.args, machine) ?? '');
  return known ?? (callee.name === '__pyx_unpickle_NDArrayBacked' ? unknownArray : undefined);
}

/** "module:name" of the first of a call's arguments. */
export function firstName(args: Value, machine: PickleState): string | undefined {
  const first = machine.tuple(args)?.[0];
  const global = first === undefined ? undefined : machine.global(first);
  return global === undefined ? undefined : `${global.module}:${global.name}`;
}

/** The claims of a stream that ended; the memory of its known arrays is released. */
export function takeClaims(machine: PickleState): readonly Claim[] {
  machine.budget.release(closeBodies(machine));
  return closeClaims(machine);
}
