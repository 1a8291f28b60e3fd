/** The actions of a policy, the worst last. */
export const ACTIONS = ['allow', 'warn', 'deny'] as const;
export type Action = (typeof ACTIONS)[number];

export function worseAction(a: Action, b: Action): Action {
  return ACTIONS.indexOf(a) >= ACTIONS.indexOf(b) ? a : b;
}
