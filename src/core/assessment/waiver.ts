/** A waiver of one rule for one artifact, from the organisation's configuration or signed by an approver. */
export interface Waiver {
  /** A rule of the policy or of the catalogue: `verdict.suspicious`, `pickle.global.unlisted`. */
  readonly rule: string;
  /** `sha256:<hex>`: the canonical tree digest of the artifact. Another digest voids it. */
  readonly digest: string;
  /** Only findings in this file; any, when absent. */
  readonly file?: string;
  readonly reason: string;
  readonly owner: string;
  /** ISO 8601 date or date-time; the waiver is void from then on. */
  readonly expires: string;
  /** The file it was read from, or the attestation's signer. */
  readonly from: string;
}

/**
 * What became of a waiver. `applied`: it waives. `expired`, `other-artifact`: void. `refused`: what it asks for cannot be
 * waived (a malicious verdict). `unused`: nothing broke the rule.
 */
export type WaiverOutcome = 'applied' | 'expired' | 'other-artifact' | 'refused' | 'unused';

export interface JudgedWaiver {
  readonly waiver: Waiver;
  readonly outcome: WaiverOutcome;
  /** Fingerprints of the findings that it waives. */
  readonly findings: readonly string[];
}
