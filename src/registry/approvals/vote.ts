import { endOfWaiver } from '../../policy/waivers/index.ts';
import { ROLES, type Role, type Stage, type Transition } from '../api/index.ts';
import { checkNotBarred, checkVersion } from '../chain-state/index.ts';
import { decideVersion } from '../decisions/index.ts';
import { checkComment, keyOf, nameOf } from '../names.ts';
import type { Principal } from '../records.ts';
import type { Ballot, Seen } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import {
  approvalRows,
  type DecisionRow,
  isAccepted,
  isLive,
  labelOf,
  neededBy,
  newestAssessment,
  newestDecisions,
  storedWaiversFor,
  suiteIn,
  type TransitionRow,
  transitionOfRow,
  transitionRow,
  type VersionRow,
  votesOf,
} from '../rows/index.ts';
import { isRuled, JUDGES, type RuledStage, rulesFor, steadyRules } from '../rules/index.ts';
import { type Approvable, type GivenApproval, signForApprover, verifyApproval } from '../statements/index.ts';
import { type Change, type Context, change, newId } from '../store/index.ts';
import { isSameNamed, isSamePerson } from '../tokens/index.ts';
import { checkCorrectable, checkOpen, endTransition, finishTransition } from '../transitions/index.ts';

/** Counts a vote. One rejection ends a transition; the last approval that is needed moves the version. */
export async function vote(live: Context, by: Principal, id: string, ballot: Ballot): Promise<Transition> {
  checkComment(ballot.comment, 'the comment');
  if (!ROLES.includes(ballot.role)) throw new RegistryError('invalid', 'this is not a role');
  return change(live, by, async (change) => {
    // What is checked, signed and decided is by the same rules, whenever they change.
    const context = { ...live, rules: steadyRules(live.rules) };
    const row = await transitionRow(change.db, change.tenant, id);
    checkOpen(row);
    await checkVoter(change, row, ballot.role);
    const version = await checkVersion(context, change, row.version);
    if (ballot.vote === 'approve') await checkNotWaiver(change, version);
    await (ballot.vote === 'reject'
      ? reject(change, row, version, ballot)
      : approve(context, change, row, version, ballot));
    return transitionOfRow(change.db, await transitionRow(change.db, change.tenant, id), context.rules, change.now);
  });
}

/**
 * A requester cannot vote, nor can anybody who made the requester's token, at any distance. Nobody votes twice, be it in person or by
 * a token that they made, and nobody votes in a role that they do not have. An approver whose approval is no longer valid (newer rules, expiry, a revocation)
 * reviews and votes again.
 */
async function checkVoter({ db, by, now }: Change, row: TransitionRow, role: Role): Promise<void> {
  if (!by.roles.includes(role)) throw new RegistryError('forbidden', `only a ${role} votes as one`);
  if (await isSamePerson(db, by, row.requester_key)) {
    throw new RegistryError('own-request', 'a requester cannot vote on the transition', {
      hint: 'another person must vote',
    });
  }
  const over = (await approvalRows(db, row.version)).filter((approval) => !isLive(approval, now)).map(({ id }) => id);
  for (const { voter_key, approval } of await votesOf(db, row.id)) {
    if (approval !== null && over.includes(approval)) continue;
    if (voter_key === keyOf(by)) {
      throw new RegistryError('already-voted', 'you have voted on this transition already');
    }
    if (await isSamePerson(db, by, voter_key)) {
      throw new RegistryError('already-voted', 'all tokens that one person made, and that person, have one vote', {
        hint: 'let a person vote who has nothing to do with these tokens',
      });
    }
  }
}

/** Who waived a rule for these bytes has said all about them: others approve them. @throws RegistryError `own-request` */
async function checkNotWaiver({ db, tenant, by, now }: Change, { digest }: VersionRow): Promise<void> {
  for (const { createdBy, waiver } of await storedWaiversFor(db, tenant, digest)) {
    const stands = now < endOfWaiver(waiver.expires);
    if (!stands || !(await isSameNamed(db, by, createdBy))) continue;
    throw new RegistryError(
      'own-request',
      `you waived ${waiver.rule} for these bytes, so that you cannot approve them`,
      {
        hint: 'another person must approve',
      },
    );
  }
}

async function reject(change: Change, row: TransitionRow, version: VersionRow, ballot: Ballot): Promise<void> {
  if (!JUDGES.includes(ballot.role)) throw new RegistryError('forbidden', `a ${ballot.role} cannot reject`);
  await storeVote(change, row, ballot, null);
  await endTransition(change, row, version, 'rejected', `rejected by ${nameOf(change.by)}`);
}

async function approve(
  context: Context,
  change: Change,
  row: TransitionRow,
  version: VersionRow,
  ballot: Ballot,
): Promise<void> {
  const { db, now } = change;
  const to = row.to_stage as Stage;
  if (!isRuled(to)) throw new RegistryError('internal', `${to} needs no votes`);
  checkAsked(await neededBy(db, row, context.rules, now), ballot.role);
  // A release is of one name: the others bar the bytes until each is released.
  if (row.from_stage !== 'quarantined') await checkNotBarred(context, change, version);
  await checkCorrectable(context, change, version.id, to);
  const seen = (await newestDecisions(db, version.id)).get(to);
  if (seen === undefined) throw new RegistryError('internal', `there is no decision for ${to}`);
  checkSeen(ballot.seen, version, seen);
  const given = await givenApproval(context, change, approvableOf(context, version, to, seen), ballot);
  await checkMethod(context, change, row, version, to, given);
  await storeVote(change, row, ballot, await storeApproval(change, row, version, to, seen, given, ballot.role));
  const { decisions } = await decideVersion(context, change, version, await newestAssessment(db, version.id));
  const needed = await neededBy(db, row, context.rules, now);
  const isDenied = decisions.get(to)?.action === 'deny';
  // A policy may require more approvals than the rules.
  if (needed.length === 0 && !isDenied) await finishTransition(context, change, row, version);
}

/** An approval covers what its approver saw, even when the decision changed between the review and the vote. */
function checkSeen(seen: Seen | undefined, { digest }: VersionRow, now: DecisionRow): void {
  const stands: Required<Seen> = {
    decision: now.id,
    digest,
    policyDigest: now.policy_digest,
    rulesetDigest: now.ruleset_digest,
  };
  for (const part of ['digest', 'policyDigest', 'rulesetDigest', 'decision'] as const) {
    if (seen?.[part] === undefined || seen[part] === stands[part]) continue;
    throw new RegistryError('changed', `${SEEN_WORDS[part]} changed since you read it`, { hint: 'read it again' });
  }
}

const SEEN_WORDS: Readonly<Record<keyof Seen, string>> = {
  digest: 'the bytes have',
  policyDigest: 'the policy has',
  rulesetDigest: 'the ruleset has',
  decision: 'the findings or the decision have',
};

function checkAsked(needed: Transition['needed'], role: Role): void {
  // When the rules need no more approvals but the policy does, any approver may add one.
  const roles = needed.length === 0 ? JUDGES : needed.map((one) => one.role);
  if (roles.includes(role)) return;
  throw new RegistryError('role-not-asked', `no approval by a ${role} is needed`, {
    hint: `needed: ${roles.join(', ')}`,
  });
}

function approvableOf({ rules }: Context, version: VersionRow, to: RuledStage, seen: DecisionRow): Approvable {
  const { policy } = rules[to];
  if (policy.digest !== seen.policy_digest) {
    throw new RegistryError('conflict', 'the policy has changed since the decision', { hint: 're-evaluate first' });
  }
  const suite = rules.suites.get(version.model) ?? null;
  if (suite?.digest !== suiteIn(seen)?.digest) {
    throw new RegistryError('conflict', 'the suite of tests has changed since the decision', {
      hint: 're-evaluate first',
    });
  }
  return {
    stage: to,
    digest: version.digest,
    pinned: version.ref,
    policy: { name: policy.name, digest: policy.digest },
    ruleset: { version: seen.ruleset_version, digest: seen.ruleset_digest },
    suite,
  };
}

async function givenApproval(
  context: Context,
  { by, now }: Change,
  approvable: Approvable,
  { attestation, role, until }: Ballot,
): Promise<GivenApproval> {
  if (until !== undefined && !(until > now)) {
    throw new RegistryError('invalid', 'the approval would already be expired', { hint: 'give a time in the future' });
  }
  if (attestation === undefined) {
    return signForApprover(context, approvable, { by, role, at: now, ...(until === undefined ? {} : { until }) });
  }
  const given = await verifyApproval(context, attestation, approvable, role, now);
  if (until !== undefined && given.until?.getTime() !== Math.floor(until.getTime() / 1000) * 1000) {
    throw new RegistryError('bad-attestation', 'the expiry of the approval differs from that of the vote');
  }
  return given;
}

/** Approvals by one key are by one person, no matter who submits them; a revoked approval cannot be submitted again. */
async function checkMethod(
  { rules }: Context,
  { db, now }: Change,
  row: TransitionRow,
  version: VersionRow,
  to: RuledStage,
  given: GivenApproval,
): Promise<void> {
  const ruled = rulesFor(rules, row.from_stage as Stage, to);
  if (!isAccepted(given, ruled)) {
    throw new RegistryError('method-not-accepted', `an approval by ${given.method} does not count for ${to}`, {
      hint: `approve by ${ruled.methods.join(' or ')}`,
    });
  }
  if (given.method === 'service') return;
  const waivers = await storedWaiversFor(db, row.tenant, version.digest);
  if (waivers.some(({ signer, waiver }) => signer === given.signer && now < endOfWaiver(waiver.expires))) {
    throw new RegistryError('own-request', 'this signer waived a rule for these bytes, and cannot approve them', {
      hint: 'another person must approve',
    });
  }
  const own = (await approvalRows(db, row.version)).filter(({ signer }) => signer === given.signer);
  if (own.some((approval) => approval.transition === row.id && isLive(approval, now))) {
    throw new RegistryError('already-voted', 'this signer has approved the transition already');
  }
  const ended = own.filter(({ stage, state }) => stage === to && (state === 'revoked' || state === 'void'));
  if (ended.some(({ at }) => given.signedAt <= new Date(at))) {
    throw new RegistryError('bad-attestation', 'it was signed before an approval by the same signer was revoked', {
      hint: 'let the signer review it and sign again',
    });
  }
}

async function storeApproval(
  change: Change,
  row: TransitionRow,
  version: VersionRow,
  stage: RuledStage,
  seen: DecisionRow,
  { signer, method, attestation, until }: GivenApproval,
  role: Role,
): Promise<string> {
  const { policy_digest, ruleset_version, ruleset_digest } = seen;
  const id = newId();
  await change.db
    .insertInto('approvals')
    .values({
      id,
      tenant: change.tenant,
      seq: change.next(),
      version: version.id,
      transition: row.id,
      stage,
      digest: version.digest,
      policy_digest,
      ruleset_version,
      ruleset_digest,
      decision: seen.id,
      suite: seen.suite,
      held_policy: policy_digest,
      held_ruleset_version: ruleset_version,
      held_ruleset_digest: ruleset_digest,
      voter_key: keyOf(change.by),
      role,
      signer,
      method,
      attestation,
      reevaluation: null,
      at: change.at,
      until: until?.toISOString() ?? null,
      state: 'valid',
      why: '',
    })
    .execute();
  change.record('approval.given', labelOf(version), {
    approval: id,
    stage,
    role,
    method,
    signer,
    digest: version.digest,
    policyDigest: policy_digest,
    ...(seen.suite === '' ? {} : { suite: suiteIn(seen) }),
  });
  return id;
}

async function storeVote(change: Change, row: TransitionRow, ballot: Ballot, approval: string | null): Promise<void> {
  const { role, vote, comment } = ballot;
  const voter = keyOf(change.by);
  // A void approval: the log records it.
  await change.db.deleteFrom('votes').where('transition', '=', row.id).where('voter_key', '=', voter).execute();
  await change.db
    .insertInto('votes')
    .values({
      transition: row.id,
      voter_key: voter,
      voted_by: nameOf(change.by),
      seq: change.next(),
      role,
      vote,
      comment,
      approval,
      at: change.at,
    })
    .execute();
}
