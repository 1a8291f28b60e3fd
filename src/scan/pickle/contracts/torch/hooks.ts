import { DICT, LIST, latin1, NONE, OBJECT, type Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type ContractContext, perMachine, unexpected } from '../contract.ts';
import { otherThan } from '../numbers.ts';

/** Bytes that remembering one object costs, about. */
const OBJECT_BYTES = 48;

/** Objects of one stream: those that tensors keep as their hooks, and those that were given items. */
const hooksOf = perMachine(() => ({ kept: new Set<number>(), filled: new Set<number>() }));

const FILLED = 'the hooks of a tensor are not empty: the backward pass calls them';

/** Hooks run in the backward pass, and torch writes an empty OrderedDict in their place. */
export function hooks(of: Value | undefined, context: ContractContext): Breach | undefined {
  if (of?.kind === NONE) return undefined;
  if (of?.kind === DICT || of?.kind === LIST) return unexpected('the hooks of a tensor are not an OrderedDict');
  if (of?.kind !== OBJECT) return otherThan(of, 'hooks');
  const maker = context.madeBy(of);
  const call = context.state.callOf(of);
  if (maker?.module !== 'collections' || maker.name !== 'OrderedDict' || call === undefined)
    return 'the hooks of a tensor are the result of a call';
  const args = context.state.tuple(call.args) ?? [];
  const { kept, filled } = hooksOf(context.state);
  if (filled.has(of.ref) || call.built) return FILLED;
  if (!kept.has(of.ref)) context.state.budget.hold(OBJECT_BYTES);
  kept.add(of.ref);
  return args.length === 0 ? undefined : emptyList(args, context);
}

/**
 * EMPTY_LIST, TUPLE1 (or TUPLE) and REDUCE in a row, with nothing but memo entries between: so nothing can put items into the
 * list.
 */
const EMPTY_ARGUMENT = /^\](?:q[\s\S]|r[\s\S]{4})?[\x85t](?:q[\s\S]|r[\s\S]{4})?R/;

/** Python 2 makes an OrderedDict from the list of its items. */
function emptyList(args: readonly Value[], { state }: ContractContext): Breach | undefined {
  const [list] = args;
  if (args.length !== 1 || list?.kind !== LIST) return FILLED;
  const head = state.headOf(list);
  if (state.waits || (head !== undefined && EMPTY_ARGUMENT.test(latin1(head)))) return undefined;
  return unexpected('the hooks of a tensor may not be empty');
}

/** Notes that an object was given items. @returns what is wrong when a tensor keeps it as its hooks */
export function fillHooks(object: Value, context: ContractContext): Breach | undefined {
  const { kept, filled } = hooksOf(context.state);
  const maker = context.madeBy(object);
  if (maker?.name !== 'OrderedDict') return undefined;
  if (kept.has(object.ref)) return FILLED;
  if (!filled.has(object.ref)) context.state.budget.hold(OBJECT_BYTES);
  filled.add(object.ref);
  return undefined;
}
