import type { PickleState } from '../../../../formats/pickle/state.ts';
import type { Value } from '../../../../formats/pickle/values.ts';
import { isClassFirst } from '../../class-first.ts';
import type { Contract } from '../contract.ts';
import { PANDAS_CONTRACTS, PANDAS_STATES } from './pandas-arrays.ts';
import { RANDOM_STATES } from './random.ts';
import { SPARSE_STATES } from './sparse.ts';
import { TREE_STATES, treeCall } from './trees.ts';

export { type Claim, claimsOf } from './claims.ts';
export { noteBody } from './known-array.ts';
export { brokenNumbers } from './nodes.ts';

/** Of classes whose native code takes its state as it is, and functions that make such instances: what it must keep to. */
export const NATIVE_STATES: ReadonlyMap<string, Contract> = new Map([
  ...SPARSE_STATES,
  ...PANDAS_STATES,
  ...TREE_STATES,
  ...RANDOM_STATES,
]);

/** What the arguments of native classes must keep to that read numbers as they are told. */
export const NATIVE_CALLS: ReadonlyMap<string, Contract> = new Map([
  ...PANDAS_CONTRACTS,
  ['sklearn.tree._tree:Tree', treeCall],
]);

const NEEDED = /^(?:pandas\b.*|scipy\.spatial\..*|sklearn\.neighbors\..*:newObj)$/;

/** Whether an instance without a state is not whole: native code reads what was never set. */
export function needsState(name: string): boolean {
  return NEEDED.test(name) && NATIVE_STATES.has(name);
}

/** The contract of what a function that makes instances of its first argument made. */
export function nativeState(target: Value, machine: PickleState): Contract | undefined {
  const call = machine.callOf(target);
  const callee = call === undefined ? undefined : machine.global(call.callee);
  if (call === undefined || callee === undefined || !isClassFirst(callee.name)) return undefined;
  return NATIVE_STATES.get(firstName(call.args, machine) ?? '');
}

/** "module:name" of the first of a call's arguments. */
export function firstName(args: Value, machine: PickleState): string | undefined {
  const first = machine.tuple(args)?.[0];
  const global = first === undefined ? undefined : machine.global(first);
  return global === undefined ? undefined : `${global.module}:${global.name}`;
}
