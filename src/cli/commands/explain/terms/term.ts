/** What a report prints that is not a rule of scanners. */
export interface GlossaryEntry {
  readonly id: string;
  readonly kind: 'check' | 'policy rule' | 'limit' | 'problem of a signature' | 'verdict' | 'outcome';
  readonly title: string;
  /** Sentences. */
  readonly explanation: string;
  /** What to do when it stops a model. */
  readonly remedy?: string;
}
