import { array, choiceOf, objectOf, optionalOf, type SchemaProperties, type Static, string } from '../schema/index.ts';
import { ACTIONS } from './action.ts';

const object = <P extends SchemaProperties>(properties: P, described: { readonly description?: string } = {}) =>
  objectOf(properties, { more: false, ...described });
const text = (description: string) => string({ description });
const oneOf = <const T extends readonly string[]>(values: T, description: string) =>
  choiceOf(values, { type: 'string', enum: values, description });

export const ActionSchema = oneOf(ACTIONS, 'What the policy says');

export const WaiverSchema = object({
  rule: text('A rule of the policy or of the catalogue'),
  digest: text('`sha256:<hex>`: the artifact that it is for'),
  file: optionalOf(text('Only findings in this file')),
  reason: text('Why'),
  owner: text('Owner'),
  expires: text('The end: an ISO 8601 date or date-time'),
  from: text('Where it was read from'),
});
/**
 * A waiver of one rule for one artifact, from the organisation's configuration or signed by an approver: `verdict.suspicious`,
 * `pickle.global.unlisted`. It is void for another digest, and from its end on. `from` is a file, or the signer of an attestation.
 */
export type Waiver = Static<typeof WaiverSchema>;

const Fingerprints = array(string(), { description: 'Fingerprints of findings' });

const ViolationSchema = object({
  rule: text('The rule'),
  message: text('What broke it'),
  findings: Fingerprints,
});
export type Violation = Static<typeof ViolationSchema>;

const RuleOutcomeSchema = object({
  id: text('The rule'),
  outcome: oneOf(['pass', 'deny', 'warn', 'audit', 'error', 'unavailable'], 'What it said'),
  message: text('Why; empty on `pass`'),
  findings: Fingerprints,
});
/**
 * What one rule of a policy said. `error`: it could not be evaluated. `unavailable`: it asks for what this version cannot produce.
 * Both deny.
 */
export type RuleOutcome = Static<typeof RuleOutcomeSchema>;
export type RuleResult = RuleOutcome['outcome'];

const JudgedWaiverSchema = object({
  waiver: WaiverSchema,
  outcome: oneOf(['applied', 'expired', 'other-artifact', 'refused', 'unused'], 'Change'),
  findings: Fingerprints,
});
/**
 * What became of a waiver. `applied`: it waives these findings. `expired`, `other-artifact`: void. `refused`: what it asks for
 * cannot be waived (a malicious verdict). `unused`: nothing broke the rule.
 */
export type JudgedWaiver = Static<typeof JudgedWaiverSchema>;
export type WaiverOutcome = JudgedWaiver['outcome'];

export const DecisionSchema = object(
  {
    action: ActionSchema,
    policy: text('Name of the policy'),
    policyDigest: text('`sha256:<hex>` of the policy'),
    violations: array(ViolationSchema, { description: 'Rules that were broken' }),
    rules: array(RuleOutcomeSchema, { description: 'Every rule, in the order of the policy' }),
    waivers: array(JudgedWaiverSchema, { description: 'Every waiver that was given' }),
  },
  { description: 'A policy applied to an assessment' },
);
/** A policy applied to an assessment: what it says of every rule and of every waiver that was given. */
export type Decision = Static<typeof DecisionSchema>;
