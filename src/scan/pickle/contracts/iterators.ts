import { BOOL, INT, LIST } from '../../../formats/pickle/index.ts';
import { type Contract, type ContractContext, unexpected } from './contract.ts';
import { madeBy } from './spelled-bytes.ts';

const RANGE = /^(?:builtins:range|__builtin__:x?range)$/;
const ITERATOR = /^(?:builtins|__builtin__):iter$/;

/** `iter(range)`: another object's `__iter__` would run, and two arguments are a function to call. */
const iterator: Contract = (args, context) =>
  isMade(args, RANGE, context) ? undefined : unexpected('it is given something other than a range');

/** `cycle(iterator)`: it reads its argument only when it is read itself. */
const cycle: Contract = (args, context) =>
  isMade(args, ITERATOR, context) ? undefined : unexpected('it is given something other than an iterator');

function isMade(args: Parameters<Contract>[0], maker: RegExp, { state }: ContractContext): boolean {
  const [arg] = args;
  return args.length === 1 && arg !== undefined && maker.test(madeBy(arg, state) ?? '');
}

/** The values that a cycle has met, and whether it still meets new ones. */
const cycleState: Contract = (state) => {
  const [met, first] = state;
  const plain = met?.kind === LIST && (first?.kind === BOOL || first?.kind === INT);
  return state.length === 2 && plain ? undefined : unexpected('its state is not a list and a flag');
};

export const ITERATOR_CONTRACTS: readonly (readonly [string, Contract])[] = [
  ['builtins:iter', iterator],
  ['__builtin__:iter', iterator],
  ['itertools:cycle', cycle],
];

/** By "module:name": what the state of an instance must keep to. */
export const ITERATOR_STATES: ReadonlyMap<string, Contract> = new Map([['itertools:cycle', cycleState]]);
