import { DICT, GLOBAL, NONE, type Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type ContractContext, unexpected } from '../contract.ts';
import { otherThan } from '../numbers.ts';
import { hooks } from './hooks.ts';

/** Attributes of tensors that are more than data: setting them runs code of torch, or has it run later. */
const ACTIVE = /^(?:__.*|.*_hooks|grad_fn|_grad_fn|data|_cdata|_base|_version)$/;

/**
 * `_set_obj_state(tensor, state)`: a dict of attributes, or such a dict and one of slots, each `None` where there are none
 * (torch/_utils.py). Every key is set as an attribute.
 */
export function attributeState(state: Value | undefined, context: ContractContext): Breach | undefined {
  const parts = state === undefined ? undefined : context.state.tuple(state);
  if (parts === undefined) return attributes(state, context);
  if (parts.length !== 2) return unexpected('the state of the tensor has another shape');
  return attributes(parts[0], context) ?? attributes(parts[1], context);
}

function attributes(of: Value | undefined, context: ContractContext): Breach | undefined {
  if (of?.kind === NONE) return undefined;
  if (of?.kind !== DICT) return otherThan(of, 'a state');
  const items = context.state.itemsOf(of);
  if (items === undefined) return unexpected('the attributes of the tensor are unknown');
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key, item] = [items[i], items[i + 1]];
    const name = key === undefined ? undefined : context.state.text(key);
    if (context.state.waits) return undefined;
    if (name === undefined) return 'an attribute of the tensor has a name that is not a constant';
    if (ACTIVE.test(name) && !(name.endsWith('_hooks') && hooks(item, context) === undefined))
      return `the state sets ${name}, which is more than data`;
    if (item?.kind === GLOBAL && context.plain(item) === undefined)
      return `the attribute ${name} is a global that is not listed, or is listed under a contract`;
  }
  return undefined;
}
