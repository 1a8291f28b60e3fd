import {
  BUFFER,
  BYTES,
  DICT,
  FROZENSET,
  LIST,
  NONE,
  OBJECT,
  type PickleState,
  STR,
  STR_DUNDER,
  TUPLE,
  type Value,
} from '../../formats/pickle/index.ts';
import type { ListedGlobal, StateKind } from '../lists/index.ts';

/** What is wrong with the kind of a state, and whether that can act. */
export interface OddState {
  readonly what: string;
  readonly acts: boolean;
}

/** A state is a dict or tuple of the stream's own, unless the entry says what else its class takes. */
export function oddState(entry: ListedGlobal, state: Value, machine: PickleState): OddState | undefined {
  if (state.kind === DICT || state.kind === TUPLE || state.kind === NONE) return undefined;
  const kind = kindOf(state, machine);
  if (kind === undefined || entry.types?.get('build')?.states.has(kind) === true) return undefined;
  // Native code parses bytes; every other kind is data that the class does not expect.
  return { what: `its state is ${SHOWN[kind]} instead of a dict or a tuple`, acts: kind === 'bytes' };
}

const SHOWN: Readonly<Record<StateKind, string>> = {
  bytes: 'bytes',
  text: 'text',
  number: 'a number',
  list: 'a list or set',
  instance: 'an instance',
};

/** `undefined` for what other rules judge: globals, and what stands outside the pickle. */
function kindOf(state: Value, machine: PickleState): StateKind | undefined {
  if (state.kind === BYTES || state.kind === BUFFER) return 'bytes';
  if (state.kind === STR || state.kind === STR_DUNDER) return 'text';
  if (state.kind < BYTES) return 'number';
  if (state.kind >= LIST && state.kind <= FROZENSET) return 'list';
  if (state.kind !== OBJECT) return undefined;
  const call = machine.callOf(state);
  const callee = call === undefined ? undefined : machine.global(call.callee);
  // Protocol 2 has no bytes and encodes text.
  return callee?.module === '_codecs' && callee.name === 'encode' ? 'bytes' : 'instance';
}

/** Whether an object was given attributes by BUILD, which no loader gets past for a string: a string has none. */
export function tookState(of: Value, machine: PickleState): boolean {
  const given = machine.builtStates.get(of.ref);
  if (given === undefined) return false;
  const [own, slots, ...more] = machine.tuple(given) ?? [given];
  if (own === undefined || more.length > 0) return false;
  return [own, slots].some((part) => part?.kind === DICT && (machine.itemsOf(part)?.length ?? 0) > 0);
}
