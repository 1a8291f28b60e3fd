import { type Call, GLOBAL } from '../../formats/pickle/index.ts';
import type { ContractContext } from './contracts/contract.ts';
import { CALLED_MEMBERS, dillType, isUnlistedClass, NESTED_CLASSES, nestedClass } from './contracts/python.ts';

/** Whether a call's result may be called: a class method that a framework pickles, a built-in type that dill names. */
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
  // Protocol 2 writes a class within a class so; the one without is reported when it is on no list.
  if (isUnlistedClass(args[0], context) && /^_*[A-Z]\w*$/.test(machine.text(args[1]) ?? '')) return true;
  const owner = context.listed(args[0]);
  const member = `${owner?.module}:${owner?.name}.${machine.text(args[1])}`;
  const inner = owner === undefined ? undefined : nestedClass(owner, machine.text(args[1]) ?? '', context);
  const contract = CALLED_MEMBERS.get(member) ?? NESTED_CLASSES.get(member) ?? inner;
  return contract !== undefined && contract(own, context) === undefined;
}
