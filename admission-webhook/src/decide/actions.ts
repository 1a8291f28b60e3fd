import { type Mode, WEBHOOK_ACTIONS, type WebhookAction } from '../rules.ts';

/** The most that a mode does. */
const CEILING: Readonly<Record<Mode, WebhookAction>> = { enforce: 'deny', warn: 'warn', audit: 'audit', off: 'allow' };

export function ceilingOf(mode: Mode): WebhookAction {
  return CEILING[mode];
}

export function weaker(a: WebhookAction, b: WebhookAction): WebhookAction {
  return WEBHOOK_ACTIONS.indexOf(a) < WEBHOOK_ACTIONS.indexOf(b) ? a : b;
}

export function strongest(actions: Iterable<WebhookAction>): WebhookAction {
  let most: WebhookAction = 'allow';
  for (const action of actions) if (WEBHOOK_ACTIONS.indexOf(action) > WEBHOOK_ACTIONS.indexOf(most)) most = action;
  return most;
}
