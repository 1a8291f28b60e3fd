import type { Assessment, Decision, Ruleset } from '../../core/assessment/index.ts';
import { formatTime } from '../../integrity/statements/index.ts';
import { type Approval, decide } from '../../policy/index.ts';
import { endOfWaiver } from '../../policy/waivers/index.ts';
import { pinnedReference } from '../../snapshot/index.ts';
import type { ApprovalRecord, Stage, StoredWaiver, Version } from '../api/index.ts';
import type { StoredAssessment } from '../records.ts';
import type { RegistryRules } from '../registry.ts';
import { labelOf } from '../rows/index.ts';
import { hasReached, type RuledStage } from '../rules/index.ts';
import type { Believed, Believer } from './believe.ts';
import { believeApproval, type FormerPolicy } from './former.ts';
import { type StoredRun, testedByHeldRuns } from './held-runs.ts';
import { type HeldWaiver, type HeldWaivers, heldWaiversOf, NO_HELD_WAIVERS, waiversAt } from './held-waivers.ts';
import type { History } from './history.ts';
import { quorumOf } from './quorum.ts';

/** A statement of the registry that the snapshot leaves out, with the reason. */
export interface Omission {
  /** `model@number` */
  readonly version: string;
  /** `approval <id>`, `waiver <id>`, `stage production`, `reference hf://...`. */
  readonly what: string;
  readonly why: string;
}

/** The verified decision on one version. */
export interface JudgedVersion {
  readonly version: Version;
  /** Of the newest assessment. */
  readonly ruleset: Ruleset | undefined;
  /** The approvers were told that it loads with its own code. */
  readonly ownCode: boolean;
  /** Of the furthest stage that it is approved for. */
  readonly policy: { readonly name: string; readonly digest: string };
  readonly stages: readonly SnapshotStage[];
  /** Pinned references that approvers saw; of one that is not approved, all. */
  readonly refs: readonly string[];
  /** Why it is not approved. */
  readonly reason: string;
  /** It denies all versions of the same bytes: quarantined, retired, or denied by the policy of that stage. */
  readonly bars: readonly { readonly stage: RuledStage | 'any'; readonly reason: string }[];
  readonly omitted: readonly Omission[];
}

export interface SnapshotStage {
  readonly stage: RuledStage;
  /** To the second, in UTC. */
  readonly notAfter: string | null;
}

export interface VersionQuestion {
  readonly version: Version;
  /** The newest. */
  readonly assessment: StoredAssessment | undefined;
  readonly approvals: readonly ApprovalRecord[];
  /** Of its bytes. */
  readonly waivers: readonly StoredWaiver[];
  /** That nobody revoked. */
  readonly runs: readonly StoredRun[];
}

/** Whether it stands where approvals count: else nothing of it has to be read. */
export function isAsked({ stage }: Version): boolean {
  return reachedBy(stage).length > 0;
}

function reachedBy(stage: Stage): RuledStage[] {
  return APPROVED.filter((one) => hasReached(stage, one));
}

/** Further input of the judgement. */
export interface Bench {
  readonly rules: RegistryRules;
  readonly former: readonly FormerPolicy[];
  readonly believer: Believer;
  readonly history: History;
  readonly now: Date;
}

const APPROVED: readonly RuledStage[] = ['staging', 'production'];
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const METHODS = { key: 'key', certificate: 'certificate', keyless: 'sigstore', service: 'service' } as const;
/** A module of the artifact that loaders import, and a setting that asks for such: see `scan/repository/rules.ts`. */
const OWN_CODE = ['hub.remote-code.own', 'hub.remote-code.approved', 'hub.remote-code.asked'];
const FOREIGN_CODE = 'hub.remote-code.foreign';

/** Judges one version again by its attestations, the rules and the audit log, never by the results in the tables. */
export async function judgeVersion(question: VersionQuestion, bench: Bench): Promise<JudgedVersion> {
  const { version, assessment: stored } = question;
  const assessment = stored?.assessment;
  const label = labelOf(version);
  const told = bench.history.refs(label);
  const ruleset = assessment?.ruleset;
  const ownCode = assessment !== undefined && allowsOwnCode(assessment);
  const base = { version, ruleset, ownCode, policy: policyAt(bench, 'candidate'), stages: [], bars: [], omitted: [] };
  const all = pinnedOnly([...told.keys(), ...version.pinned]);
  if (!DIGEST.test(version.digest)) {
    const why = 'its digest is not valid';
    return { ...base, refs: [], reason: why, omitted: [{ version: label, what: 'version', why }] };
  }
  const closed = closedReason(version, bench);
  if (closed !== undefined) {
    // Retiring a version says nothing of its bytes.
    const bars = closed.startsWith('it is quarantined') ? [{ stage: 'any', reason: closed } as const] : [];
    return { ...base, refs: all, reason: closed, bars };
  }
  const reached = reachedBy(version.stage);
  if (reached.length === 0) return { ...base, refs: all, reason: 'it has no approval' };
  if (assessment === undefined || assessment.artifact.digest !== version.digest) {
    return { ...base, refs: all, reason: 'it has no assessment of these bytes' };
  }
  const suite = bench.rules.suites.get(version.model) ?? null;
  const tested = await testedByHeldRuns(assessment, question.runs, label, suite, bench);
  const weighed = await heldWaiversOf(version.digest, question.waivers, bench);
  const outcomes: StageOutcome[] = [];
  for (const stage of reached)
    outcomes.push(await judgeStage(stage, question, tested.assessment, weighed.given, bench));
  const runs = tested.refused.map(({ id, why }) => ({ version: label, what: `run of tests ${id}`, why }));
  const omitted = [...runs, ...waiverOmissions(label, weighed), ...outcomes.flatMap((one) => one.omitted)];
  const bars = outcomes.flatMap(({ stage, denied }) => (denied === undefined ? [] : [{ stage, reason: denied }]));
  const held = outcomes.filter(({ quorum, denied }) => quorum !== undefined && denied === undefined);
  const last = held.at(-1);
  if (last === undefined) {
    const reason = outcomes.at(-1)?.reason ?? '';
    return { ...base, refs: all, reason, bars, omitted };
  }
  const seen = pinnedOnly([...told].filter(([, seq]) => held.some(({ since }) => seq < since)).map(([ref]) => ref));
  const unseen = all
    .filter((ref) => !seen.includes(ref))
    .map((ref) => ({
      version: label,
      what: `reference ${ref}`,
      why: 'it was added after the approvals: approve the version again',
    }));
  return {
    ...base,
    policy: policyAt(bench, last.stage),
    stages: held.map(({ stage, notAfter }) => ({ stage, notAfter })),
    refs: seen,
    reason: '',
    bars,
    omitted: [...omitted, ...unseen],
  };
}

/** Whether the assessment reports code of the artifact that runs when it is loaded, and none of another repository. */
function allowsOwnCode({ findings }: Assessment): boolean {
  const ids = new Set(findings.map(({ ruleId }) => ruleId));
  return OWN_CODE.some((id) => ids.has(id)) && !ids.has(FOREIGN_CODE);
}

interface StageOutcome {
  readonly stage: RuledStage;
  readonly quorum: readonly Believed[] | undefined;
  /** Why the policy denies it. */
  readonly denied: string | undefined;
  readonly notAfter: string | null;
  /** The audit entry of the first approval that counts. */
  readonly since: number;
  readonly reason: string;
  readonly omitted: readonly Omission[];
}

async function judgeStage(
  stage: RuledStage,
  { version, approvals }: VersionQuestion,
  assessment: Assessment,
  weighed: readonly HeldWaiver[],
  bench: Bench,
): Promise<StageOutcome> {
  const label = labelOf(version);
  const { rules, now } = bench;
  const voices: (Believed & { readonly seq: number })[] = [];
  const omitted: Omission[] = [];
  for (const record of approvals) {
    if (record.stage !== stage || record.state === 'void' || record.state === 'revoked') continue;
    const voice = await voiceOf(record, stage, version, assessment, bench);
    if (typeof voice === 'string') omitted.push({ version: label, what: `approval ${record.id}`, why: voice });
    else voices.push(voice);
  }
  const wanted = rules[stage].approvals;
  const quorum = wanted.length === 0 ? undefined : quorumOf(wanted, voices);
  const since =
    quorum === undefined ? 0 : Math.min(...voices.filter((one) => quorum.includes(one)).map(({ seq }) => seq));
  const counted = quorum === undefined ? NO_HELD_WAIVERS : waiversAt(weighed, stage, rules[stage], since);
  const decision = decide(assessment, {
    policy: rules[stage].policy,
    waivers: counted.given.map(({ waiver }) => waiver),
    approvals: voices.map((voice) => approvalOf(voice, stage, version.digest)),
    environment: { stage, suite: rules.suites.get(version.model) ?? null },
    now,
  });
  const lacking = `its approvals for ${stage} are not valid: ${wantedText(rules, stage)}`;
  const denied = quorum !== undefined && decision.action === 'deny' ? reasonOf(decision) : undefined;
  const reason = quorum === undefined ? lacking : (denied ?? '');
  const short = reason === '' ? [] : [{ version: label, what: `stage ${stage}`, why: reason }];
  return {
    stage,
    quorum,
    denied,
    notAfter: earliest([...(quorum ?? []).map(({ until }) => until), ...waiverEnds(decision)]),
    since,
    reason,
    omitted: [...omitted, ...waiverOmissions(label, counted), ...short],
  };
}

function waiverOmissions(version: string, { refused }: HeldWaivers): Omission[] {
  return refused.map(({ id, why }) => ({ version, what: `waiver ${id}`, why }));
}

async function voiceOf(
  record: ApprovalRecord,
  stage: RuledStage,
  version: Version,
  assessment: Assessment,
  { rules, former, believer, history, now }: Bench,
): Promise<(Believed & { readonly seq: number }) | string> {
  const { policy, methods } = rules[stage];
  const claim = {
    digest: version.digest,
    stage,
    policyDigest: policy.digest,
    rulesetDigest: assessment.ruleset.digest,
    suiteDigest: rules.suites.get(version.model)?.digest,
  };
  const believed = await believeApproval(believer, former, record, claim, now);
  if (typeof believed === 'string') return believed;
  const { method, signer, signedAt } = believed;
  if (methods.length > 0 && !methods.includes(method)) {
    return `it was signed by ${method}, but ${stage} requires ${methods.join(' or ')}`;
  }
  const label = labelOf(version);
  const given = history.given(label, stage, signer, signedAt);
  if (given === undefined) return 'the audit log does not record it';
  return history.isEnded(label, stage, signer, signedAt)
    ? 'the audit log records its revocation'
    : { ...believed, seq: given.seq };
}

/** Both must permit it: the log, which cannot be rewritten, and the table, which is the newest. */
function closedReason({ model, number, stage }: Version, { history }: Bench): string | undefined {
  const told = history.closed(labelOf({ model, number }));
  const isClosed = stage === 'quarantined' || stage === 'retired';
  if (told === undefined && !isClosed) return undefined;
  const what = (told?.action ?? stage) === 'quarantined' ? 'it is quarantined' : 'it was retired';
  return told === undefined || told.reason === '' ? what : cut(`${what}: ${told.reason}`);
}

function policyAt({ rules }: Bench, stage: RuledStage): JudgedVersion['policy'] {
  const { name, digest } = rules[stage].policy;
  return { name, digest };
}

function approvalOf({ signer, method, signedAt }: Believed, stage: string, digest: string): Approval {
  return { stage, signer, method: METHODS[method], at: formatTime(new Date(signedAt)), digest };
}

function wantedText(rules: RegistryRules, stage: RuledStage): string {
  const wanted = rules[stage].approvals.map(({ role, count }) => `${count} by a ${role}`);
  return wanted.length === 0 ? 'the rules require no approval, so nobody signed' : `${wanted.join(' and ')} needed`;
}

function waiverEnds({ waivers }: Decision): number[] {
  return waivers
    .filter(({ outcome }) => outcome === 'applied')
    .map(({ waiver }) => endOfWaiver(waiver.expires).getTime());
}

/** Rounded down, so that nothing is valid for too long. */
function earliest(ends: readonly (number | undefined)[]): string | null {
  const first = Math.min(...ends.map((end) => end ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(first) ? formatTime(new Date(first)) : null;
}

function reasonOf({ violations, policy }: Decision): string {
  const [first] = violations;
  return cut(first === undefined ? `${policy} denies it` : `${first.rule}: ${first.message}`);
}

function pinnedOnly(refs: readonly string[]): string[] {
  const pinned = refs.flatMap((ref) => {
    const one = pinnedReference(ref);
    return one.kind === 'pinned' ? [one.ref] : [];
  });
  return [...new Set(pinned)].sort();
}

/** As much as a refusal shows. */
function cut(text: string): string {
  return text.length > 500 ? `${text.slice(0, 499)}…` : text;
}
