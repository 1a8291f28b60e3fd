import type { Assessment, Decision } from '../../core/assessment/index.ts';
import type { RequiredSuite } from '../../core/behavior/index.ts';
import { decider } from '../../policy/index.ts';
import type { StoredWaiver } from '../api/index.ts';
import { chainStateIn } from '../chain-state/index.ts';
import type { StoredAssessment } from '../records.ts';
import type { StageRules } from '../registry.ts';
import {
  type ApprovalRow,
  approvalRows,
  type DecisionRow,
  isAccepted,
  isExact,
  isLive,
  labelOf,
  newestDecisions,
  policyApproval,
  storedWaiversFor,
  suiteIn,
  suiteText,
  testRunRows,
  type VersionRow,
} from '../rows/index.ts';
import { RULED_STAGES, type RuledStage, steadyRules } from '../rules/index.ts';
import { type Change, type Context, compiledOnce, insertRow, newId } from '../store/index.ts';
import { noteSuite, voidOtherSuite } from './asked-suite.ts';
import { carryOrVoid, isBehind } from './carry-over.ts';
import { decisionAnswerOf } from './stored-answer.ts';
import { standingRuns, testedBy } from './tested.ts';

/** The changes of a new decision. */
export interface DecidedVersion {
  /** The newest for each stage. */
  readonly decisions: ReadonlyMap<RuledStage, DecisionRow>;
  readonly changed: readonly { readonly stage: RuledStage; readonly from: string; readonly to: string }[];
  /** Stages whose decision changed, even if only in its text. */
  readonly renewed: readonly RuledStage[];
  readonly carried: number;
  readonly voided: number;
}

/**
 * Decides a version for every stage by its newest assessment and the current rules, carries approvals over or voids them, and
 * updates the current decision.
 * @param isNew it was made in this very change: no decision yet, or approved
 */
export async function decideVersion(
  live: Context,
  change: Change,
  version: VersionRow,
  newest: StoredAssessment,
  isNew = false,
): Promise<DecidedVersion> {
  // Rules that change meanwhile count at the next decision.
  const context = { ...live, rules: steadyRules(live.rules) };
  const { db, tenant } = change;
  const suite = context.rules.suites.get(version.model) ?? null;
  await noteSuite(change, version.model, suite);
  const runs = isNew ? [] : standingRuns(await testRunRows(db, version.id));
  const told = await chainStateIn(context, change);
  const stored = await storedWaiversFor(db, tenant, version.digest);
  // A row that the audit log does not tell of waives nothing.
  const waivers = stored.filter(({ id, waiver }) => told.holdsWaiver(id, version.digest, waiver));
  const before = isNew ? new Map<RuledStage, DecisionRow>() : await newestDecisions(db, version.id);
  const approvals = isNew ? [] : await approvalRows(db, version.id);
  const decisions = new Map(before);
  const changed: DecidedVersion['changed'][number][] = [];
  const renewed: RuledStage[] = [];
  const given = approvals.filter((approval) => isLive(approval, change.now));
  let held = await voidOtherSuite(change, version, given, { last: lastSuite(before), now: suite });
  let [carried, voided] = [0, given.length - held.length];
  const deciders = decidersOf(testedBy(newest.assessment, runs, suite), waivers, change.now);
  for (const stage of RULED_STAGES) {
    const decide = deciders(context.rules[stage]);
    const settled = await settleStage(context, change, { version, newest, suite, decide, live: held, stage });
    carried += settled.carried;
    voided += held.length - settled.live.length;
    held = settled.live;
    const known = before.get(stage);
    const row = await storeDecision(change, { version, newest, suite, stage }, settled.decision, known);
    decisions.set(stage, row);
    if (known !== row) renewed.push(stage);
    if (known === undefined || known.action === row.action) continue;
    changed.push({ stage, from: known.action, to: row.action });
    change.record('decision.changed', labelOf(version), { stage, from: known.action, to: row.action });
  }
  const known = carried + voided === 0 ? approvals : undefined;
  await storeAnswer(context, change, version, decisions, known);
  return { decisions, changed, renewed, carried, voided };
}

/** Every stage of a version is decided at once. */
function lastSuite(before: ReadonlyMap<RuledStage, DecisionRow>): RequiredSuite | null {
  const [last] = before.values();
  return last === undefined ? null : suiteIn(last);
}

/** A decider for the waivers that a stage takes: one for all stages that take the same. */
function decidersOf(assessment: Assessment, waivers: readonly StoredWaiver[], now: Date) {
  const known = new Map<string, ReturnType<typeof decider>>();
  return (rules: StageRules) => {
    const counted = waivers.filter(({ method }) => isAccepted({ method: method ?? 'nobody' }, rules));
    const key = counted.map(({ id }) => id).join();
    const decide = known.get(key) ?? decider(assessment, { waivers: counted.map(({ waiver }) => waiver), now });
    known.set(key, decide);
    return decide;
  };
}

/** Brings the current decision up to date, when a stage or an approval has changed and no decision. */
export async function storeAnswer(
  { rules }: Context,
  { db, now }: Change,
  version: VersionRow,
  decisions: ReadonlyMap<RuledStage, DecisionRow>,
  approvals?: readonly ApprovalRow[],
): Promise<void> {
  const pinned = await pinnedOf(db, { version: version.id });
  const given = approvals ?? (await approvalRows(db, version.id));
  // Only their approvals count.
  const approved = given.length === 0 ? [] : await approvedTransitions(db, { version: version.id });
  const answer = decisionAnswerOf({
    version,
    pinned: pinned.map(({ key }) => key),
    decisions,
    approvals: given,
    approved: new Set(approved.map(({ id }) => id)),
    rules,
    now,
  });
  await keepAnswer(db, { version: version.id, answer: JSON.stringify(answer) });
}

const pinnedOf = compiledOnce({ version: 'text' }, (db, { version }) =>
  db.selectFrom('version_keys').select('key').where('version', '=', version).where('kind', '=', 'ref').orderBy('key'),
);

const approvedTransitions = compiledOnce({ version: 'text' }, (db, { version }) =>
  db.selectFrom('transitions').select('id').where('version', '=', version).where('state', '=', 'approved'),
);

const keepAnswer = compiledOnce({ version: 'text', answer: 'text' }, (db, { version, answer }) =>
  db
    .insertInto('gate')
    .values({ version, answer })
    .onConflict((conflict) => conflict.column('version').doUpdateSet({ answer })),
);

interface Question {
  readonly version: VersionRow;
  readonly newest: StoredAssessment;
  readonly suite: RequiredSuite | null;
  readonly decide: ReturnType<typeof decider>;
  readonly live: readonly ApprovalRow[];
  readonly stage: RuledStage;
}

/** The decision for a stage, and the approvals that outlive it. */
async function settleStage(context: Context, change: Change, question: Question) {
  const { version, newest, stage, live } = question;
  const decision = decisionFor(context, question, live);
  const { ruleset, artifact } = newest.assessment;
  const behind = live.filter((approval) => approval.stage === stage && isBehind(approval, { decision, ruleset }));
  const pinned = isExact(artifact.pinned) ? artifact.pinned : version.ref;
  const lost: ApprovalRow[] = [];
  for (const approval of behind) {
    const holds = await carryOrVoid(context, change, approval, { version, decision, ruleset, pinned });
    if (!holds) lost.push(approval);
  }
  if (lost.length === 0) return { decision, live, carried: behind.length };
  const kept = live.filter((approval) => !lost.includes(approval));
  return { decision: decisionFor(context, question, kept), live: kept, carried: behind.length - lost.length };
}

function decisionFor(
  { rules }: Context,
  { decide, stage, suite }: Question,
  approvals: readonly ApprovalRow[],
): Decision {
  return decide({
    policy: rules[stage].policy,
    approvals: approvals.map(policyApproval),
    environment: { stage, suite },
  });
}

/** Nothing is written when the decision and its inputs are unchanged. */
async function storeDecision(
  change: Change,
  { version, newest, suite, stage }: Pick<Question, 'version' | 'newest' | 'suite' | 'stage'>,
  decision: Decision,
  known: DecisionRow | undefined,
): Promise<DecisionRow> {
  const { ruleset } = newest.assessment;
  const assessment = newest.id;
  const body = JSON.stringify(decision);
  const asked = suiteText(suite);
  if (known?.body === body && known.assessment === assessment && known.suite === asked) return known;
  const row = {
    id: newId(),
    version: version.id,
    assessment,
    stage,
    seq: change.next(),
    action: decision.action,
    policy_digest: decision.policyDigest,
    ruleset_version: ruleset.version,
    ruleset_digest: ruleset.digest,
    suite: asked,
    body,
    at: change.at,
  };
  await insertRow(change.db, 'decisions', row);
  return row;
}
