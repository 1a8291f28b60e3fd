import { list, object, oneOf, optionalOf, text } from '../../schema/index.ts';
import { ACTIONS } from '../action.ts';

export const ActionSchema = oneOf(ACTIONS, 'The action of the policy.');

export const WaiverSchema = object({
  rule: text('The rule that the waiver covers, of the policy or of the catalogue.'),
  digest: text('`sha256:<hex>` of the only artifact for which the waiver is valid.'),
  file: optionalOf(text('The only file for which the waiver is valid; none for all files.')),
  reason: text('The reason of the waiver.'),
  owner: text('The owner of the waiver.'),
  expires: text('The expiry, an ISO 8601 date or date-time; the waiver is void from then on.'),
  from: text('The place that the waiver was read from.'),
});

const Fingerprints = list(text(), 'Fingerprints of the findings that led to this.');

export const ViolationSchema = object({
  rule: text('The rule of the policy: verdict.malicious, artifact.incomplete, integrity.checksum, fail-on.high, ...'),
  message: text('A message for people.'),
  findings: Fingerprints,
});

export const RuleOutcomeSchema = object({
  id: text('The rule of the policy.'),
  outcome: oneOf(
    ['pass', 'deny', 'warn', 'audit', 'error', 'unavailable'],
    '`error`: the rule could not be evaluated. `unavailable`: the rule needs a value that this version cannot produce. Both deny.',
  ),
  message: text('A message for people; empty on pass.'),
  findings: Fingerprints,
});

export const JudgedWaiverSchema = object({
  waiver: WaiverSchema,
  outcome: oneOf(
    ['applied', 'expired', 'other-artifact', 'refused', 'unused'],
    '`expired`, `other-artifact`: the waiver is void. `refused`: the waiver asks for something that cannot be waived, such as a malicious verdict.',
  ),
  findings: list(text(), 'Fingerprints of the findings that the waiver covers.'),
});

export const DecisionSchema = object(
  {
    action: ActionSchema,
    policy: text('Name of the policy that decided.'),
    policyDigest: text('`sha256:<hex>` of the bytes of the policy.'),
    violations: list(ViolationSchema, 'The rules that led to the action; empty on allow.'),
    rules: list(RuleOutcomeSchema, 'The outcome of every rule of the policy, in the order of the policy.'),
    waivers: list(JudgedWaiverSchema, 'Every waiver that was given, and its outcome.'),
  },
  'The policy applied to the assessment.',
);
