import type { Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, unexpected } from '../contract.ts';
import { numberOf } from '../numbers.ts';
import { fieldsOf, knownArray } from './known-array.ts';

const POSITIONS = unexpected('the position of the generator is outside of its buffer');
const UNTOLD = unexpected('the state of the generator is unknown');
/** Numbers of the Mersenne Twister and of Philox that are kept ahead. */
const TWISTER = 624;
const PHILOX = 4;

/**
 * `{bit_generator, state: {key, pos}}`, in a tuple with its seed or not; before NumPy 1.17 `('MT19937', key, pos, ...)`.
 * Drawing a number reads the buffer at the position, without a check.
 */
export const generatorState: Contract = (state, context) => {
  const [first] = state;
  if (state.length >= 3) return twister(state[1], state[2], context);
  const fields = first === undefined ? undefined : fieldsOf(first, context);
  if (context.state.waits) return undefined;
  // A generator has no other state than that of its bit generator, which is a separate object.
  if (fields === undefined) return state.length === 1 && first?.kind === 0 ? undefined : UNTOLD;
  const inner = fields.get('state');
  const parts = inner === undefined ? undefined : fieldsOf(inner, context);
  if (parts?.has('pos') === true) return twister(parts.get('key'), parts.get('pos'), context);
  const position = fields.get('buffer_pos');
  if (position === undefined || context.state.waits) return undefined;
  const at = numberOf(position, context);
  return typeof at === 'number' && at >= 0 && at <= PHILOX ? undefined : POSITIONS;
};

function twister(key: Value | undefined, position: Value | undefined, context: ContractContext): Breach | undefined {
  const array = knownArray(key, context);
  const at = numberOf(position, context);
  if (context.state.waits) return undefined;
  if (array === undefined || !/^[iu]$/.test(array.letter) || array.sizes.length !== 1 || array.sizes[0] !== TWISTER)
    return UNTOLD;
  return typeof at === 'number' && at >= 0 && at <= TWISTER ? undefined : POSITIONS;
}

export const RANDOM_STATES: readonly (readonly [string, Contract])[] = [
  'numpy.random:__RandomState_ctor',
  'numpy.random._pickle:__bit_generator_ctor',
  'numpy.random._pickle:__randomstate_ctor',
].map((name) => [name, generatorState] as const);
