import { ActionSchema, DecisionSchema } from '../../core/assessment/index.ts';
import { type Static, string, wholeNumber } from '../../core/schema/index.ts';
import { A_DIGEST, AN_ID, list, maybeMoment, moment, object, StageSchema, text } from './kit.ts';

export const RulesetSchema = object({
  version: text('Version of the ruleset'),
  digest: text('Digest of the ruleset'),
});

export const StoredDecisionSchema = object({
  id: text('Id of the decision', {}, AN_ID),
  version: text('Id of the version'),
  assessment: text('Id of the assessment that it was made from'),
  stage: StageSchema,
  decision: DecisionSchema,
  ruleset: RulesetSchema,
  at: moment('When it was made'),
});
/** A policy applied to the newest assessment of a version, for a stage. Newer ones replace it; all are kept. */
export type StoredDecision = Static<typeof StoredDecisionSchema>;

export const DecisionsSchema = object({ items: list(StoredDecisionSchema, 'One for each stage') });

export const CurrentDecisionSchema = object(
  {
    model: text('Name of the model'),
    number: wholeNumber({ description: 'Number of the version' }),
    digest: text('`sha256:<hex>` of the tree', {}, A_DIGEST),
    pinned: list(string(), 'Pinned references of these bytes'),
    stage: StageSchema,
    action: ActionSchema,
    policy: text('Name of the policy'),
    policyDigest: text('Digest of the policy'),
    approvedFor: list(StageSchema, 'Stages that approvals which hold now let it run at'),
    notAfter: maybeMoment('The earliest end of an approval or waiver that this rests on'),
    reason: text('Why not, in a sentence; empty when allowed'),
  },
  'Whether a version may be used',
);
/**
 * The answer that the webhook and the Hub proxy need. Of several for one question (models that share bytes, bytes that share a
 * name) all must allow.
 * `approvedFor`: stages that it has reached, that their policies do not deny, and that approvals which hold now let it run at.
 */
export type CurrentDecision = Static<typeof CurrentDecisionSchema>;

export const CurrentDecisionsSchema = object({
  items: list(CurrentDecisionSchema, 'One for each model that has these bytes; none when nothing is known of them'),
});
