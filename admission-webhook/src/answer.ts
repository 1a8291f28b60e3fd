import type { UsedBaseline } from './baseline.ts';
import type { Mode, Outcome, WebhookAction } from './rules.ts';
import type { BreakGlassWaiver } from './waivers.ts';

/** Comment of one reference, or of the whole object. */
export interface Ruling {
  readonly outcome: Outcome;
  /** After the mode of the namespace and waivers. */
  readonly action: WebhookAction;
  /** `null` where the object names none. */
  readonly reference: string | null;
  /** JSON pointer into the object; empty for the whole. */
  readonly where: string;
  readonly container: string | null;
  /** A sentence: the model, why, the report's address, the command that corrects it. */
  readonly message: string;
  readonly waiver?: BreakGlassWaiver;
  /** What it goes on by, for now. */
  readonly baseline?: UsedBaseline;
}

/** Everything about one answer, for the log, the metrics and `status`. Holds no secret and no object. */
export interface DecisionRecord {
  readonly time: string;
  readonly uid: string;
  readonly operation: string;
  /** `apps/v1 Deployment`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string;
  readonly dryRun: boolean;
  readonly mode: Mode;
  readonly stage: string | null;
  /** What the API server was told: the strongest action of all rulings. */
  readonly action: WebhookAction;
  /** Why nothing was asked of the snapshot, where nothing was: `unchanged`, `being-deleted`, `own-namespace`, `off`, `malformed`. */
  readonly skipped?: string;
  readonly rulings: readonly Ruling[];
  readonly snapshotVersion: number | null;
  readonly durationMs: number;
}

/** The `response` of an AdmissionReview, and what is recorded of it. */
export interface AdmissionAnswer {
  readonly allowed: boolean;
  /** HTTP status of the refusal: 403 when denied, 400 for a review that cannot be read. */
  readonly code: number;
  readonly message: string;
  /** Shown to the user by kubectl; each at most 256 characters. */
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
  readonly record: DecisionRecord;
}
