import { checkLine } from '../names.ts';
import type { Principal } from '../records.ts';
import type { NotedAction } from '../registry.ts';
import { type Context, change } from '../store/index.ts';

const MAX_SUBJECT = 2000;

/** Tells in the audit log what somebody did at a service, and no record of the registry holds. */
export async function noteAction(
  context: Context,
  by: Principal,
  action: NotedAction,
  subject: string,
  detail: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  checkLine(subject, 'the subject', MAX_SUBJECT);
  await change(context, by, async (change) => change.record(action, subject, detail));
}
