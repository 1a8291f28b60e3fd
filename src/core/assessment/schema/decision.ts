import { array, object, oneOf, optionalOf, string, text } from '../../schema/index.ts';
import { ACTIONS } from '../action.ts';

export const ActionSchema = oneOf(ACTIONS, 'What the policy says.');

export const WaiverSchema = object({
  rule: text('The rule that it waives, of the policy or of the catalogue.'),
  digest: text('`sha256:<hex>` of the only artifact that it holds for.'),
  file: optionalOf(text('The only file that it holds for; none for all.')),
  reason: text('Why it is waived.'),
  owner: text('Who answers for it.'),
  expires: text('An ISO 8601 date or date-time; the waiver is void from then on.'),
  from: text('Where it was read.'),
});

const Fingerprints = array(string(), { description: 'Fingerprints of the findings that this rests on.' });

export const ViolationSchema = object({
  rule: text('The rule of the policy: verdict.malicious, artifact.incomplete, integrity.checksum, fail-on.high, ...'),
  message: text('For people.'),
  findings: Fingerprints,
});

export const RuleOutcomeSchema = object({
  id: text('The rule of the policy.'),
  outcome: oneOf(
    ['pass', 'deny', 'warn', 'audit', 'error', 'unavailable'],
    '`error`: it could not be evaluated. `unavailable`: it asks for what this version cannot produce. Both deny.',
  ),
  message: text('For people; empty on pass.'),
  findings: Fingerprints,
});

export const JudgedWaiverSchema = object({
  waiver: WaiverSchema,
  outcome: oneOf(
    ['applied', 'expired', 'other-artifact', 'refused', 'unused'],
    '`expired`, `other-artifact`: it is void. `refused`: what it asks for cannot be waived.',
  ),
  findings: Fingerprints,
});

export const DecisionSchema = object(
  {
    action: ActionSchema,
    policy: text('Name of the policy that decided.'),
    policyDigest: text('`sha256:<hex>` of the bytes of the policy.'),
    violations: array(ViolationSchema, { description: 'The rules that led to the action; empty on allow.' }),
    rules: array(RuleOutcomeSchema, { description: 'What every rule of the policy said, in its order.' }),
    waivers: array(JudgedWaiverSchema, { description: 'Every waiver that was given, and its outcome.' }),
  },
  'The policy applied to the assessment.',
);
