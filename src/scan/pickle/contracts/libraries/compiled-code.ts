import type { Contract } from '../contract.ts';
import { unexpected } from '../contract.ts';
import { madeBy, spelledBytes } from '../spelled-bytes.ts';

const PICKLED = 'numba.core.serialize:_unpickle__CustomPickled';

/** `_unpickle__CustomPickled(bytes)` loads bytes: after the stream, they are compared with the code of libraries. */
const unpickle: Contract = (args, context) => {
  const [bytes] = args;
  const code = bytes === undefined || args.length !== 1 ? undefined : spelledBytes(bytes, context.state);
  if (context.state.waits) return undefined;
  if (code === undefined) return unexpected('its code is not a byte string of the stream');
  context.checkCode(code);
  return undefined;
};

/** `custom_rebuild(pickled)` calls `_rebuild` of the class in it with the states in it. */
const rebuild: Contract = (args, { state }) => {
  const [pickled] = args;
  const call = pickled === undefined ? undefined : state.callOf(pickled);
  const whole = call !== undefined && !call.built && pickled !== undefined && madeBy(pickled, state) === PICKLED;
  return whole && args.length === 1 ? undefined : unexpected('its argument is not code that numba pickled');
};

export const COMPILED_CODE: readonly (readonly [string, Contract])[] = [
  [PICKLED, unpickle],
  ['numba.core.serialize:custom_rebuild', rebuild],
];
