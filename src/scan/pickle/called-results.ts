import { type Call, DICT, GLOBAL, JOBLIB, OBJECT } from '../../formats/pickle/index.ts';
import {
  CALLED_MEMBERS,
  type ContractContext,
  dillType,
  isPlainMember,
  isUnlistedClass,
  NESTED_CLASSES,
  nestedClass,
} from './contracts/index.ts';
import { isArrayMarker } from './judge-names.ts';

/** Whether the result of a call may be called: a class method that a framework pickles, a built-in type that dill names. */
export function mayBeCalled(call: Call, context: ContractContext): boolean {
  const machine = context.state;
  const made = machine.callOf(call.callee);
  const maker = made === undefined ? undefined : machine.global(made.callee);
  const args = made === undefined ? undefined : machine.tuple(made.args);
  const own = machine.tuple(call.args);
  if (maker === undefined || args === undefined || own === undefined) return false;
  if (maker.module === 'dill._dill' && maker.name === '_load_type') {
    return dillType(args, context) === undefined && !own.some((arg) => arg.kind === GLOBAL);
  }
  if (maker.name !== 'getattr' || args[0] === undefined || args[1] === undefined) return false;
  const name = machine.text(args[1]) ?? '';
  // Protocol 2 writes `Class.member` so, which protocol 4 imports by its dotted name: the class is reported when it is on no list.
  if (isUnlistedClass(args[0], context) && isPlainMember(name)) return true;
  const owner = context.listed(args[0]);
  const member = `${owner?.module}:${owner?.name}.${name}`;
  const inner = owner === undefined ? undefined : nestedClass(owner, name, context);
  const contract = CALLED_MEMBERS.get(member) ?? NESTED_CLASSES.get(member) ?? inner;
  return contract !== undefined && contract(own, context) === undefined;
}

/**
 * Whether a call surely raises: joblib's marker of an array has no `__call__`, whatever its own attributes are. Only joblib puts an
 * array in its place. A class is changed by states of slots alone, which is why the marker must have one of a dict.
 */
export function cannotBeCalled({ callee }: Pick<Call, 'callee'>, context: ContractContext): boolean {
  const { state } = context;
  if (callee.kind !== OBJECT || (state.alive & JOBLIB) !== 0) return false;
  const maker = context.madeBy(callee);
  const made = state.callOf(callee);
  if (maker?.module !== 'joblib.numpy_pickle' || made === undefined || !isArrayMarker(maker)) return false;
  return made.built ? state.builtStates.get(callee.ref)?.kind === DICT : true;
}
