/** What the webhook does with a refusal. */
export const MODES = ['enforce', 'warn', 'audit', 'off'] as const;
export type Mode = (typeof MODES)[number];

/** What is known of one reference to a model, or of an object that names none. */
export const OUTCOMES = [
  'approved',
  'denied', // decided against: rejected, revoked, its approval ended, approved for another stage
  'unlisted', // nothing is decided of it
  'unresolved', // a model may be there, and the object does not say which
  'unpinned', // a branch, a tag or an alias: other bytes may be put there
  'unverified', // the bytes come from a place that others write to: a shared volume, a cache
  'none', // nothing names a model
  'policy', // a rule of the webhook's own configuration says no
  'expired', // the snapshot has expired, or there is none
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const WEBHOOK_ACTIONS = ['allow', 'audit', 'warn', 'deny'] as const;
export type WebhookAction = (typeof WEBHOOK_ACTIONS)[number];

/** What holds for the objects of one namespace. */
export interface NamespaceRule {
  readonly mode: Mode;
  /** Where they run; `null`: any stage will do. */
  readonly stage: string | null;
  /** What each outcome leads to, before the mode: the weaker of the two counts. */
  readonly actions: Readonly<Record<Outcome, WebhookAction>>;
}

/** What holds in each namespace, by its labels and by configuration. Replaced whole, never changed. */
export interface NamespaceRules {
  ruleOf(namespace: string): NamespaceRule;
}
