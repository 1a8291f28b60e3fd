import { LIST, OBJECT, STR, STR_DUNDER, type Value } from '../../../formats/pickle/index.ts';
import { type ListedGlobal, makesCallable } from '../../lists/index.ts';
import { type ContractContext, isClassFirst } from '../contracts/index.ts';

/** Makes a function that numba compiles when it is called. */
export const COMPILED = 'numba.core.serialize:custom_rebuild';

/**
 * The name of what a listed call returns, when that can be called: `module:name` of the function or class, of a member with the
 * class before it. `undefined` for data.
 */
export function callableResult(
  entry: ListedGlobal,
  args: readonly Value[],
  context: ContractContext,
): string | undefined {
  const { state } = context;
  const [first, second] = args;
  if (isClassFirst(entry.name)) {
    const made = first === undefined ? undefined : context.listed(first);
    return made !== undefined && makesCallable(made) ? nameOf(made) : undefined;
  }
  switch (`${entry.module}:${entry.name}`) {
    case 'builtins:getattr':
    case '__builtin__:getattr':
      return memberName(first, second === undefined ? undefined : state.text(second), context);
    case 'numpy.core:_ufunc_reconstruct':
    case 'numpy._core:_ufunc_reconstruct':
      return `${textOf(first, context)}:${textOf(second, context)}`;
    case 'dill._dill:_load_type':
      return `builtins:${textOf(first, context)}`;
    case 'builtins:type':
    case '__builtin__:type':
      return 'builtins:NoneType';
    case 'functools:partial':
      // The wrapped function is on no list, which already has a finding, as without a partial.
      return first !== undefined && context.unlisted(state.callOf(first)?.callee ?? first) ? undefined : nameOf(entry);
    case '_operator:getitem':
    case COMPILED:
      return nameOf(entry);
    default:
      return makesCallable(entry) ? nameOf(entry) : undefined;
  }
}

/** Members of enums are data: they are written in capitals, of a class. */
function memberName(owner: Value | undefined, name: string | undefined, context: ContractContext): string | undefined {
  if (owner === undefined || name === undefined) return '?';
  if (owner.kind === STR) return `builtins:str.${name}`;
  // Already reported, as a method of plain data.
  if (owner.kind === LIST || owner.kind === STR_DUNDER) return undefined;
  const call = owner.kind === OBJECT ? context.state.callOf(owner) : undefined;
  // A class on no list is a finding of its own.
  if (context.unlisted(call?.callee ?? owner)) return undefined;
  const entry = context.listed(call?.callee ?? owner);
  if (entry === undefined) return '?';
  if (call === undefined && /^_?[A-Z]/.test(entry.name) && /^[A-Z][A-Z0-9_]*$/.test(name)) return undefined;
  return `${nameOf(entry)}.${name}`;
}

function nameOf({ module, name }: ListedGlobal): string {
  return `${module}:${name}`;
}

function textOf(of: Value | undefined, { state }: ContractContext): string {
  return (of === undefined ? undefined : state.text(of)) ?? '?';
}
