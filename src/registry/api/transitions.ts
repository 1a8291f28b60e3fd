import { RulesetSchema } from '../../core/assessment/schema/index.ts';
import { RequiredSuiteSchema } from '../../core/behavior/index.ts';
import type { Static } from '../../core/schema/index.ts';
import { countOf, list, maybe, object, oneOf, optionalOf, text } from '../../core/schema/index.ts';
import { A_DIGEST, AN_ID, maybeMoment, maybeText, moment, RoleSchema, StageSchema } from './kit.ts';
import { APPROVAL_METHODS, TRANSITION_STATES } from './names.ts';

const VoteSchema = object({
  by: text('Who voted'),
  role: RoleSchema,
  vote: oneOf(['approve', 'reject'], 'What the vote was'),
  comment: text('Comment'),
  at: moment('When'),
  approval: maybeText('Id of the approval that it made', AN_ID),
});
export type Vote = Static<typeof VoteSchema>;

export const TransitionSchema = object(
  {
    id: text('Id of the transition', {}, AN_ID),
    version: text('Id of the version'),
    from: StageSchema,
    to: StageSchema,
    state: oneOf(TRANSITION_STATES, 'The state'),
    requestedBy: text('Who asked'),
    comment: text('Comment'),
    at: moment('When it was asked for'),
    votes: list(VoteSchema, 'The votes, in their order'),
    needed: list(object({ role: RoleSchema, count: countOf('How many') }), 'Approvals that are still needed'),
  },
  'A request to move a version to another stage',
);
export type Transition = Static<typeof TransitionSchema>;

export const ApprovalMethodSchema = oneOf(APPROVAL_METHODS, 'The signing method of the approver');

export const ApprovalSchema = object(
  {
    id: text('Id of the approval', {}, AN_ID),
    version: text('Id of the version'),
    stage: StageSchema,
    digest: text('`sha256:<hex>` that was approved', {}, A_DIGEST),
    policyDigest: text('Digest of the policy that the approver saw'),
    ruleset: RulesetSchema,
    // Absent in answers of an older service.
    suite: optionalOf(maybe(RequiredSuiteSchema)),
    role: RoleSchema,
    signer: text('Who approved: the hint of a key, an identity; of `service`, who had the session'),
    method: ApprovalMethodSchema,
    attestation: text('The Sigstore bundle as JSON text'),
    reevaluation: maybeText('The signed re-evaluation that stands beside it: a Sigstore bundle as JSON text'),
    at: moment('When'),
    until: maybeMoment('Its end'),
    state: oneOf(['valid', 'carried', 'void', 'revoked'], 'Whether it holds'),
    why: text('Why it does not hold; empty when it does'),
  },
  'A signed approval',
);
/**
 * An approval: an attestation bound to the digest, the policy and the ruleset that the approver saw. `carried`: a signed
 * re-evaluation under newer rules found no new violation, and is kept beside it: the `decision` attestation of the newest
 * re-evaluation, whose inputs are the digest of `attestation` and the ruleset.
 */
export type ApprovalRecord = Static<typeof ApprovalSchema>;

export const ApprovalsSchema = object({ items: list(ApprovalSchema, 'Approvals') });
