import type { Decision } from '../../core/assessment/index.ts';
import { endOfWaiver } from '../../policy/waivers/index.ts';
import type { CurrentDecision, Ground, Stage } from '../api/index.ts';
import type { RegistryRules } from '../registry.ts';
import {
  type ApprovalRow,
  type DecisionRow,
  decisionIn,
  isAccepted,
  isLive,
  stillNeeded,
  type VersionRow,
} from '../rows/index.ts';
import { hasReached, isRuled, RULED_STAGES, type RuledStage, uncorrectable } from '../rules/index.ts';

/** A current decision as it is stored: everything that does not depend on the time of the question. */
export interface StoredAnswer {
  readonly model: string;
  readonly number: number;
  readonly digest: string;
  readonly pinned: readonly string[];
  readonly stage: Stage;
  readonly action: CurrentDecision['action'];
  readonly policy: string;
  readonly policyDigest: string;
  readonly reason: string;
  /** Absent in one that an older version stored. */
  readonly restsOn?: readonly Ground[];
  /** Stages whose policy denies it there, whatever the approvals: that is so of the bytes, by every name. */
  readonly denies?: readonly RuledStage[];
  /** Stages that it may run at, and until when. */
  readonly stages: readonly { readonly stage: RuledStage; readonly notAfter: string | null }[];
}

/** The parts of an answer. */
export interface StageStanding {
  readonly version: VersionRow;
  readonly pinned: readonly string[];
  readonly decisions: ReadonlyMap<RuledStage, DecisionRow>;
  readonly approvals: readonly ApprovalRow[];
  /** Transitions that ended well: only their approvals let a version run. */
  readonly approved: ReadonlySet<string>;
  readonly rules: RegistryRules;
  readonly now: Date;
}

/** Whether a version may run at a stage. */
type Held = { readonly notAfter: string | null; readonly restsOn: readonly Ground[] } | { readonly reason: string };

const APPROVED: readonly RuledStage[] = ['staging', 'production'];

export function decisionAnswerOf(standing: StageStanding): StoredAnswer {
  const { version, decisions } = standing;
  const stage = version.stage as Stage;
  const asked = isRuled(stage) ? stage : 'candidate';
  const held = heldAt(standing, asked);
  const reached = APPROVED.filter((one) => hasReached(stage, one)).map((one) => ({
    stage: one,
    ...heldAt(standing, one),
  }));
  const row = decisions.get(asked);
  const decision = row === undefined ? undefined : decisionIn(row);
  const reason = isRuled(stage) ? ('reason' in held ? held.reason : '') : closedReason(stage, version.stage_reason);
  return {
    model: version.model,
    number: version.number,
    digest: version.digest,
    pinned: standing.pinned,
    stage,
    action: reason === '' ? (decision?.action ?? 'deny') : 'deny',
    policy: decision?.policy ?? '',
    policyDigest: decision?.policyDigest ?? '',
    reason,
    restsOn: reason === '' && 'restsOn' in held ? held.restsOn : [],
    denies: deniedStages(standing),
    stages: [
      ...(stage === 'candidate' && 'notAfter' in held ? [{ stage, notAfter: held.notAfter }] : []),
      ...reached.flatMap((one) => ('notAfter' in one ? [{ stage: one.stage, notAfter: one.notAfter }] : [])),
    ],
  };
}

/** The answer at the time of the question: expired approvals deny. */
export function answerAt(stored: StoredAnswer, now: Date): CurrentDecision {
  const { stages, denies: _, ...answer } = stored;
  const running = stages.filter(({ notAfter }) => notAfter === null || now < new Date(notAfter));
  const own = stages.find(({ stage }) => stage === stored.stage);
  const notAfter = own?.notAfter ?? null;
  const ended = notAfter !== null && !running.some(({ stage }) => stage === stored.stage);
  return {
    ...answer,
    restsOn: ended ? [] : (answer.restsOn ?? []),
    ...(ended ? { action: 'deny', reason: `an approval or a waiver that it depends on expired at ${notAfter}` } : {}),
    approvedFor: running.map(({ stage }) => stage).filter((stage) => stage !== 'candidate'),
    notAfter,
  };
}

/** Of the stages where it stands or that it has passed; where it is closed, its policy says nothing more. */
function deniedStages({ version, decisions, rules }: StageStanding): RuledStage[] {
  const at = version.stage as Stage;
  return RULED_STAGES.filter((stage) => {
    const stands = at === 'candidate' ? stage === 'candidate' : stage !== 'candidate' && hasReached(at, stage);
    const decided = stands ? decisions.get(stage) : undefined;
    return decided !== undefined && uncorrectable(decisionIn(decided), rules[stage].policy) !== undefined;
  });
}

function heldAt({ decisions, approvals, approved, rules, now }: StageStanding, stage: RuledStage): Held {
  const row = decisions.get(stage);
  if (row === undefined) return { reason: `there is no decision for ${stage}` };
  const decision = decisionIn(row);
  const given = approvals.filter((approval) => approval.stage === stage && approved.has(approval.transition));
  const counted = given.filter((approval) => isLive(approval, now) && isAccepted(approval, rules[stage]));
  const needed = stage === 'candidate' ? [] : stillNeeded(rules[stage].approvals, counted);
  if (needed.length > 0) {
    const lost = given.findLast(({ state }) => state === 'void' || state === 'revoked');
    const wanted = needed.map(({ role, count }) => `${count} more by a ${role}`).join(', ');
    return { reason: `its approval for ${stage} is not valid (${lost?.why ?? 'it has expired'}): ${wanted} needed` };
  }
  if (decision.action === 'deny') return { reason: reasonOf(decision) };
  const ends = [
    ...(stage === 'candidate' ? [] : counted.map(({ until }) => until)),
    ...decision.waivers
      .filter(({ outcome }) => outcome === 'applied')
      .map(({ waiver }) => endOfWaiver(waiver.expires).toISOString()),
  ];
  return { notAfter: earliest(ends), restsOn: groundsOf(stage, counted, decision) };
}

function groundsOf(stage: RuledStage, counted: readonly ApprovalRow[], { waivers }: Decision): readonly Ground[] {
  return [
    ...(stage !== 'candidate' && counted.length > 0 ? (['approval'] as const) : []),
    ...(waivers.some(({ outcome }) => outcome === 'applied') ? (['waiver'] as const) : []),
  ];
}

function closedReason(stage: Stage, why: string): string {
  const what = stage === 'quarantined' ? 'it is quarantined' : 'it was retired';
  return why === '' ? what : `${what}: ${why}`;
}

function reasonOf({ violations, policy }: Decision): string {
  const [first] = violations;
  if (first === undefined) return `${policy} denies it`;
  const more = violations.length - 1;
  return `${first.rule}: ${first.message}${more === 0 ? '' : ` (and ${more} more)`}`;
}

function earliest(ends: readonly (string | null)[]): string | null {
  const times = ends.filter((end) => end !== null).sort();
  return times[0] ?? null;
}
