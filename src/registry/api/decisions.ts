import { ActionSchema, DecisionSchema, RulesetSchema } from '../../core/assessment/schema/index.ts';
import { RequiredSuiteSchema } from '../../core/behavior/index.ts';
import {
  DIGEST,
  list,
  maybe,
  object,
  oneOf,
  optionalOf,
  type Static,
  string,
  text,
  wholeNumber,
} from '../../core/schema/index.ts';
import { A_DIGEST, AN_ID, maybeMoment, moment, REFERENCE, StageSchema } from './kit.ts';
import { GROUNDS } from './names.ts';

export const StoredDecisionSchema = object({
  id: text('Id of the decision', {}, AN_ID),
  version: text('Id of the version'),
  assessment: text('Id of the assessment that it was made from'),
  stage: StageSchema,
  decision: DecisionSchema,
  ruleset: RulesetSchema,
  // Absent in answers of an older service.
  suite: optionalOf(maybe(RequiredSuiteSchema)),
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
    // Absent in answers of an older service.
    restsOn: optionalOf(
      list(
        oneOf(GROUNDS, 'What people gave for exactly these bytes'),
        'What an answer that does not deny rests on, besides the policy; empty when it is the policy alone',
      ),
    ),
    reason: text('The reason of a denial; empty when allowed'),
  },
  'Whether a version may be used',
);
/**
 * The answer that the webhook and the Hub proxy need. Of several for one question (models that share bytes, bytes that share a
 * name) all must allow.
 * `approvedFor`: stages that the version has reached, that their policies do not deny, and for which it has valid approvals.
 */
export type CurrentDecision = Static<typeof CurrentDecisionSchema>;

export const CurrentDecisionsSchema = object({
  items: list(CurrentDecisionSchema, 'One for each name that the bytes have; none when nothing is known of them'),
  // Absent in answers of an older service.
  combined: optionalOf(maybe(CurrentDecisionSchema)),
});

/** Questions of one request. */
export const MAX_DECISION_QUERIES = 200;

export const DecisionQuerySchema = object({
  digest: optionalOf(text('`sha256:<hex>`: the canonical tree digest', DIGEST)),
  ref: optionalOf(text('A pinned reference', REFERENCE)),
});

export const ManyDecisionsSchema = object({
  results: list(
    object({ query: DecisionQuerySchema, ...CurrentDecisionsSchema.properties }),
    'In the order of the questions',
  ),
});
