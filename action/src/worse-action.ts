import type { Action } from '../../src/core/assessment/index.ts';

const WORST_LAST: readonly Action[] = ['allow', 'warn', 'deny'];

export function worseAction(a: Action, b: Action): Action {
  return WORST_LAST.indexOf(a) >= WORST_LAST.indexOf(b) ? a : b;
}
