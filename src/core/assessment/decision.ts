import type { Static } from '../schema/index.ts';
import type {
  DecisionSchema,
  JudgedWaiverSchema,
  RuleOutcomeSchema,
  ViolationSchema,
  WaiverSchema,
} from './schema/index.ts';

/**
 * A waiver of one rule for one artifact, from the organisation's configuration or signed by an approver: `verdict.suspicious`,
 * `pickle.global.unlisted`. It is void for another digest, and after its expiry. `from` is a file, or the signer of an
 * attestation.
 */
export type Waiver = Static<typeof WaiverSchema>;
export type Violation = Static<typeof ViolationSchema>;
/**
 * The outcome of one rule of a policy. `error`: the rule could not be evaluated. `unavailable`: the rule needs a value that
 * this version cannot produce. Both deny.
 */
export type RuleOutcome = Static<typeof RuleOutcomeSchema>;
export type RuleResult = RuleOutcome['outcome'];
/**
 * The outcome of a waiver. `applied`: it waives these findings. `expired`, `other-artifact`: it is void. `refused`: its rule or
 * file cannot be waived (a malicious verdict). `unused`: the artifact does not break the rule.
 */
export type JudgedWaiver = Static<typeof JudgedWaiverSchema>;
export type WaiverOutcome = JudgedWaiver['outcome'];
/** A policy applied to an assessment, with the outcome of every rule and of every waiver that was given. */
export type Decision = Static<typeof DecisionSchema>;
