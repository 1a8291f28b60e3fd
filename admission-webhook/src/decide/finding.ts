import type { Outcome, WebhookAction } from '../rules.ts';

/** Something that was found, before what the namespace does about it. */
export interface AdmissionFinding {
  readonly outcome: Outcome;
  readonly message: string;
  /** As it was extracted. */
  readonly reference: string | null;
  readonly where: string;
  readonly container: string | null;
  /** It came with this request; what was there before leads to a warning at most. */
  readonly isNew: boolean;
  /** In place of the namespace's. */
  readonly action?: WebhookAction;
}
