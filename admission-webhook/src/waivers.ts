import type { Outcome } from './rules.ts';

/** What a waiver for emergencies may be about. A decision against a model is never waived. */
export interface BreakGlassQuery {
  readonly outcome: Exclude<Outcome, 'approved' | 'denied'>;
  readonly namespace: string;
  /** As `extractReferences` says it; `null` where the object names no model, or does not say which. */
  readonly reference: string | null;
  readonly now: Date;
}

export interface BreakGlassWaiver {
  /** Name of the signer in the trust file. */
  readonly by: string;
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 UTC. */
  readonly expires: string;
  /** `sha256:<hex>` of the signed file: what an audit finds it by. */
  readonly digest: string;
}

/** The waivers that were verified when they were loaded. */
export interface BreakGlass {
  find(query: BreakGlassQuery): BreakGlassWaiver | undefined;
}

export const NO_WAIVERS: BreakGlass = { find: () => undefined };
