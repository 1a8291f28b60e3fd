import type { ListNumbers } from './kept-items.ts';
import type { PickleState } from './state.ts';
import { BOOL, FLOAT, INT } from './values.ts';

/**
 * Notes the numbers among stack values that a list gets.
 * @returns false when one must be fetched first, so that the instruction runs again
 */
export function noteNumbers(state: PickleState, list: number, first: number, count: number): boolean {
  if (list < state.numbersFrom) return true;
  const known = state.kept.numbersOf(list);
  let { constants } = known;
  for (let i = first; i < first + count; i++) {
    const kind = state.kinds[i];
    if (kind === INT || kind === FLOAT || kind === BOOL) constants++;
  }
  const ascending = rising(state, known, first, count);
  if (state.waits) return false;
  state.budget.work(count);
  state.kept.noteNumbers(list, { length: known.length + count, constants, ascending });
  return true;
}

function rising(state: PickleState, known: ListNumbers, from: number, count: number): ListNumbers['ascending'] {
  let { ascending } = known;
  if (known.length > 0 && ascending === undefined) return undefined;
  for (let i = from; i < from + count; i++) {
    const value = state.valueAt(i);
    const number = value.kind === INT ? state.integer(value) : undefined;
    if (number === undefined || (ascending !== undefined && number <= ascending.last)) return undefined;
    ascending = { first: ascending?.first ?? number, last: number };
  }
  return ascending;
}
