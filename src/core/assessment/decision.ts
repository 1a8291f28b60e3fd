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
 * `pickle.global.unlisted`. It is void for another digest, and from its end on. `from` is a file, or the signer of an attestation.
 */
export type Waiver = Static<typeof WaiverSchema>;
export type Violation = Static<typeof ViolationSchema>;
/**
 * What one rule of a policy said. `error`: it could not be evaluated. `unavailable`: it asks for what this version cannot produce.
 * Both deny.
 */
export type RuleOutcome = Static<typeof RuleOutcomeSchema>;
export type RuleResult = RuleOutcome['outcome'];
/**
 * What became of a waiver. `applied`: it waives these findings. `expired`, `other-artifact`: void. `refused`: what it asks for
 * cannot be waived (a malicious verdict). `unused`: nothing broke the rule.
 */
export type JudgedWaiver = Static<typeof JudgedWaiverSchema>;
export type WaiverOutcome = JudgedWaiver['outcome'];
/** A policy applied to an assessment: what it says of every rule and of every waiver that was given. */
export type Decision = Static<typeof DecisionSchema>;
