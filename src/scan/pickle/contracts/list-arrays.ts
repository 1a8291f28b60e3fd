import { LIST, type ListNumbers, type PickleState, type Value } from '../../../formats/pickle/index.ts';
import { type ContractContext, perMachine } from './contract.ts';
import { madeBy } from './spelled-bytes.ts';

/** The facts about one list that is an element of an array. */
export interface ListFacts extends Pick<ListNumbers, 'length' | 'ascending'> {
  /** Whether it holds numbers and nothing else. */
  readonly isNumbers: boolean;
}

/** An array of objects, all of which are lists. */
export interface ListArray {
  readonly sizes: readonly number[];
  readonly lists: readonly ListFacts[];
}

/** An array of objects that the stream fills from a list, or one that stands between the instructions and was read whole. */
type Noted = { readonly sizes: readonly number[]; readonly from: Value } | ListArray;

const NOTE_BYTES = 64;
const NUMBER = /^(?:(?:builtins|__builtin__):complex|numpy\._?core\.multiarray:scalar)$/;
const NDARRAY = /^numpy:ndarray$/;
const RECONSTRUCT = /^numpy\._?core\.multiarray:_reconstruct$/;

const notedIn = perMachine(() => new Map<number, Noted>());

function note(array: Value, noted: Noted, state: PickleState): void {
  const all = notedIn(state);
  if (!all.has(array.ref)) state.kept.hold(NOTE_BYTES * ('lists' in noted ? 1 + noted.lists.length : 1));
  all.set(array.ref, noted);
}

/** Notes an array of objects, as it is given its sizes and the list of its elements. */
export function noteObjects(sizes: readonly number[], from: Value, { state, target }: ContractContext): void {
  if (!Number.isFinite(state.numbersFrom) || target === undefined || from.kind !== LIST) return;
  if (!RECONSTRUCT.test(madeBy(target, state) ?? '')) return;
  const [type] = state.tuple(state.callOf(target)?.args ?? target) ?? [];
  const global = type === undefined ? undefined : state.global(type);
  if (NDARRAY.test(`${global?.module}:${global?.name}`)) note(target, { sizes, from }, state);
}

/** Notes what a pickle of its own, which joblib reads in place of an array, makes. */
export function noteReadArray(array: Value, read: ListArray | undefined, state: PickleState): void {
  if (read !== undefined && Number.isFinite(state.numbersFrom)) note(array, read, state);
}

/** The facts about the lists of an array, as they are by now; `undefined` for any other value, and where one is not a list. */
export function listsIn(array: Value | undefined, state: PickleState): ListArray | undefined {
  const noted = array === undefined ? undefined : notedIn(state).get(array.ref);
  if (noted === undefined || 'lists' in noted) return noted;
  const count = noted.sizes.reduce((product, size) => product * size, 1);
  const held = state.flows.contents(noted.from.ref);
  // Constants are not kept: with one among the lists, places are not those of the array.
  if (held.length !== state.numbersIn(noted.from)?.length || held.length < count) return undefined;
  state.budget.hold(NOTE_BYTES * count);
  state.budget.release(NOTE_BYTES * count);
  const lists: ListFacts[] = [];
  for (const list of held.slice(0, count)) {
    const facts = factsOf(list, state);
    if (facts === undefined) return undefined;
    lists.push(facts);
  }
  return { sizes: noted.sizes, lists };
}

function factsOf(list: Value, state: PickleState): ListFacts | undefined {
  const numbers = state.numbersIn(list);
  if (numbers === undefined) return undefined;
  const { length, constants, ascending } = numbers;
  return { length, ascending, isNumbers: constants === length || constants + made(list, state) === length };
}

/** How many elements of a list are complex numbers, or numbers of NumPy; NaN where others are made, too. */
function made(list: Value, state: PickleState): number {
  const held = state.flows.contents(list.ref);
  return held.every((one) => NUMBER.test(madeBy(one, state) ?? '')) ? held.length : Number.NaN;
}
