import { ACTIONS, type Action, type Mode } from '../rules.ts';

/** The most that a mode does. */
const CEILING: Readonly<Record<Mode, Action>> = { enforce: 'deny', warn: 'warn', audit: 'audit', off: 'allow' };

export function ceilingOf(mode: Mode): Action {
  return CEILING[mode];
}

export function weaker(a: Action, b: Action): Action {
  return ACTIONS.indexOf(a) < ACTIONS.indexOf(b) ? a : b;
}

export function strongest(actions: Iterable<Action>): Action {
  let most: Action = 'allow';
  for (const action of actions) if (ACTIONS.indexOf(action) > ACTIONS.indexOf(most)) most = action;
  return most;
}
