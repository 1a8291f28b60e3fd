import { type Contract, unexpected } from '../contract.ts';
import { fieldsOf } from '../native/index.ts';

const BOUNDS = ['low_repr', 'high_repr'];

/**
 * `Space.__setstate__` of gymnasium copies its state by `dict(state)`, which calls methods of what is not a dict; that of a box
 * writes its bounds out where the state has no text of them (gymnasium/spaces/box.py).
 */
const space =
  (keys: readonly string[]): Contract =>
  ([state], context) => {
    const fields = fieldsOf(state, context);
    if (context.state.waits) return undefined;
    if (fields === undefined) return unexpected('the state of a space is not a plain dict');
    const missing = keys.find((key) => !fields.has(key));
    return missing === undefined ? undefined : unexpected(`the state of a space has no ${missing}`);
  };

const SPACES = [
  'dict:Dict',
  'discrete:Discrete',
  'graph:Graph',
  'multi_binary:MultiBinary',
  'multi_discrete:MultiDiscrete',
];
const MORE = ['oneof:OneOf', 'sequence:Sequence', 'space:Space', 'text:Text', 'tuple:Tuple'];

export const SPACE_STATES: readonly (readonly [string, Contract])[] = [
  ['gymnasium.spaces.box:Box', space(BOUNDS)],
  ...[...SPACES, ...MORE].map((name) => [`gymnasium.spaces.${name}`, space([])] as const),
];
