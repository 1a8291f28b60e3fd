import {
  extractReferences,
  own,
  ownText,
  type WorkloadReference,
  type WorkloadReferences,
} from '../../../src/workload/index.ts';
import {
  type ContainerPosture,
  type PostureKnowledge,
  pointedAt,
  readPostures,
} from '../../../src/workload/posture/index.ts';
import type { AdmissionAnswer, Ruling } from '../answer.ts';
import { type Baseline, baselineAt, baselinePlaces, usedBaseline } from '../baseline.ts';
import { exceptionsAt, templateLike } from '../exceptions/index.ts';
import type { AdmissionRequest } from '../request.ts';
import type { NamespaceRule, WebhookAction } from '../rules.ts';
import type { WebhookState } from '../state.ts';
import { ceilingOf, weaker } from './actions.ts';
import { reviewAnswerOf } from './answer-of.ts';
import { type Changes, changesOf } from './changes.ts';
import type { AdmissionFinding } from './finding.ts';
import { approvalOfImage } from './images.ts';
import { type InjectionCheck, NOTHING_INJECTED, type OwnContainerCheck } from './injected.ts';
import { type JudgeContext, judgeReference } from './judge.ts';
import { NO_DECISIONS } from './no-decisions.ts';
import { exceptedBy, exceptionFindings, postureFindings, toldBy } from './postures.ts';
import { expiredSentence, noneSentence, noSnapshotSentence, shownReference, unresolvedSentence } from './sentences.ts';
import { plain } from './text.ts';

/**
 * Answers a review from what is held: no I/O, no waiting, no cryptography but a digest where there is a baseline, and no exception for anything an object may hold.
 * @param isInjected believed about objects that the webhook has changed
 * @param isOwn believed about containers that it has added
 */
export function decideReview(
  request: AdmissionRequest,
  state: WebhookState,
  now: Date,
  isInjected: InjectionCheck = NOTHING_INJECTED,
  isOwn: OwnContainerCheck = () => false,
): AdmissionAnswer {
  const started = performance.now();
  const rule = state.namespaces.ruleOf(request.namespace);
  const about = { request, rule, state, now, started };
  const skipped = skippedOf(request, rule, state);
  if (skipped !== undefined) {
    const warnings = skipped === 'being-deleted' ? ['the object is being deleted: its models were not checked'] : [];
    return reviewAnswerOf({ ...about, skipped, rulings: [], warnings });
  }
  const found = extractReferences(request.object);
  const changes = changesOf(request, found);
  const findings = findingsOf(request, found, changes, { rule, state, now, isInjected, isOwn });
  const isUnchanged = changes.nothing && findings.every(({ isNew }) => !isNew);
  const outcomes = [...new Set(findings.map(({ outcome }) => outcome))];
  const policies = state.policies.judge({ request, found, rule, outcomes }).map((ruling): AdmissionFinding => {
    const { id, action, message } = ruling;
    const told = `${plain(message, 500)} (policy ${plain(id, 100)})`;
    const place = { reference: null, where: '', container: null };
    return { outcome: 'policy', message: told, ...place, isNew: !isUnchanged, action };
  });
  const rulings = [...findings, ...policies].map((finding) => rulingOf(finding, rule, state, request, now));
  if (rulings.some(({ action }) => action === 'deny')) {
    const { namespace, object } = request;
    const places = baselinePlaces(state.baselines, { namespace, object, found, now });
    for (const [index, ruling] of rulings.entries()) rulings[index] = goingOn(ruling, places);
  }
  return reviewAnswerOf({ ...about, ...(isUnchanged ? { skipped: 'unchanged' } : {}), rulings, warnings: [] });
}

/**
 * The reason why the snapshot is not asked. Never the owner of an object, nor the name of a container: the author of the object chooses
 * both.
 */
function skippedOf(request: AdmissionRequest, rule: NamespaceRule, state: WebhookState): string | undefined {
  const { namespace, operation, subResource } = request;
  if (namespace !== '' && (namespace === 'kube-system' || namespace === state.ownNamespace)) return 'own-namespace';
  if (rule.mode === 'off') return 'off';
  // The object of a DELETE is null, that of CONNECT names no model.
  if (operation === 'DELETE' || operation === 'CONNECT') return 'not-loading';
  if (subResource === 'scale' || subResource === 'status') return 'not-loading';
  if (operation === 'UPDATE' && isBeingDeleted(request.object) && isBeingDeleted(request.oldObject))
    return 'being-deleted';
  return undefined;
}

/** The API server alone sets it. */
function isBeingDeleted(object: unknown): boolean {
  return (ownText(own(object, 'metadata'), 'deletionTimestamp') ?? '') !== '';
}

interface Context {
  readonly rule: NamespaceRule;
  readonly state: WebhookState;
  readonly now: Date;
  readonly isInjected: InjectionCheck;
  readonly isOwn: OwnContainerCheck;
}

function findingsOf(
  { object, oldObject, namespace }: AdmissionRequest,
  found: WorkloadReferences,
  changes: Changes,
  { rule, state, now, isInjected, isOwn }: Context,
): readonly AdmissionFinding[] {
  const { snapshot, serviceUrl } = state;
  const decisions = snapshot.kind === 'held' ? snapshot.index : NO_DECISIONS;
  const judging: JudgeContext = {
    decisions,
    now,
    stage: rule.stage,
    serviceUrl,
    isInjected: (one) => isInjected(object, one),
  };
  // Verified bytes that this request lets somebody else write to are as new as another model.
  const isLoosened = (one: WorkloadReference) => isInjected(oldObject, one) && !isInjected(object, one);
  const postures = readPostures(object, found, knowledgeOf(namespace, judging, state, isOwn));
  const isExcepted = exceptedBy(postures);
  const references = found.references.flatMap((one) => {
    const all = referenceFindings(one, changes.found(one) || isLoosened(one), judging);
    return isExcepted(one.where) ? all.filter(({ outcome }) => outcome === 'denied') : all;
  });
  const isTold = toldBy(postures);
  const unresolved = found.unresolved.flatMap((one): readonly AdmissionFinding[] => {
    if (isTold(one.where)) return [];
    const place = { reference: null, where: one.where, container: null };
    const isNew = changes.found(one);
    return [{ outcome: 'unresolved', message: unresolvedSentence(one.why), ...place, isNew }];
  });
  // Data names no model: beside it, a program may still download one.
  const loads = found.references.some((one) => !isData(one) && !isExcepted(one.where));
  const templateOf = (where: string) => templateLike(pointedAt(object, where));
  const open = postureFindings(postures, { found, isNew: changes.container, loads, rule, templateOf });
  const none = noneFinding(postures, loads || unresolved.length > 0 || open.length > 0, found, changes);
  const all = [...references, ...unresolved, ...open, ...exceptionFindings(postures, changes.container), ...none];
  // Where every image has to be approved, the approvals may have ended.
  const asked = loads || (rule.actions.none !== 'allow' && postures.length > 0);
  const isNew = all.some((one) => one.isNew);
  return asked ? [...all, ...endedFindings(state, rule, isNew, now)] : all;
}

function knowledgeOf(
  namespace: string,
  judging: Pick<JudgeContext, 'decisions' | 'stage' | 'now'>,
  state: WebhookState,
  isOwn: OwnContainerCheck,
): PostureKnowledge {
  const exceptions = exceptionsAt(state.exceptions, namespace, judging.now);
  return { approvalOf: (image) => approvalOfImage(image, judging), isOwn, exceptions };
}

/** What is needed to read the postures of an object in a namespace, without a decision. */
export function postureKnowledge(
  namespace: string,
  state: WebhookState,
  now: Date,
  isOwn: OwnContainerCheck = () => false,
): PostureKnowledge {
  const decisions = state.snapshot.kind === 'held' ? state.snapshot.index : NO_DECISIONS;
  const { stage } = state.namespaces.ruleOf(namespace);
  return knowledgeOf(namespace, { decisions, stage, now }, state, isOwn);
}

function referenceFindings(
  found: WorkloadReference,
  isNew: boolean,
  judging: JudgeContext,
): readonly AdmissionFinding[] {
  const { reference, where, container } = found;
  return judgeReference(found, judging).map(({ outcome, message }) => {
    const finding = { outcome, message, reference, where, container, isNew };
    return isData(found) ? { ...finding, action: 'audit' } : finding;
  });
}

/** Data is told of, and not decided on; with a script of its own, which then runs, it is. */
function isData({ role, trustRemoteCode }: WorkloadReference): boolean {
  return role === 'dataset' && !trustRemoteCode;
}

/** An object that runs something, names no model, and of which nothing else is said. */
function noneFinding(
  postures: readonly ContainerPosture[],
  isTold: boolean,
  found: WorkloadReferences,
  changes: Changes,
): readonly AdmissionFinding[] {
  if (isTold || (found.podSpecs === 0 && found.images.length === 0)) return [];
  const isEmpty = postures.length === 0;
  const place = { reference: null, where: '', container: null };
  const finding = { outcome: 'none', message: noneSentence(isEmpty), ...place, isNew: changes.images } as const;
  return [isEmpty ? finding : { ...finding, action: 'allow' }];
}

/** The decisions that are held have ended, or there are none: then no configuration helps but that nothing is enforced. */
function endedFindings(
  { snapshot, serviceUrl }: WebhookState,
  rule: NamespaceRule,
  isNew: boolean,
  now: Date,
): readonly AdmissionFinding[] {
  const place = { reference: null, where: '', container: null };
  if (snapshot.kind === 'none') {
    return [{ outcome: 'expired', message: noSnapshotSentence(snapshot.why), ...place, isNew, action: 'deny' }];
  }
  const { index } = snapshot;
  if (!index.isExpired(now)) return [];
  const message = expiredSentence(index.meta.expires, { stage: rule.stage, serviceUrl });
  return [{ outcome: 'expired', message, ...place, isNew }];
}

/** What the namespace does about a finding: the weakest of its action, its mode, and what was there before; waivers last. */
function rulingOf(
  finding: AdmissionFinding,
  rule: NamespaceRule,
  state: WebhookState,
  { namespace }: AdmissionRequest,
  now: Date,
): Ruling {
  const { outcome, reference, where, container, isNew } = finding;
  const wanted = weaker(actionOf(finding, rule), ceilingOf(rule.mode));
  const action = isNew ? wanted : weaker('warn', wanted);
  const message = action === wanted ? finding.message : `unchanged, so it is not refused: ${finding.message}`;
  const told = { outcome, reference: reference === null ? null : shownReference(reference), where, container, message };
  if (action !== 'deny' || outcome === 'denied' || outcome === 'approved') return { ...told, action };
  const waiver = state.breakGlass.find({ outcome, namespace, reference, now });
  return waiver === undefined ? { ...told, action } : { ...told, action: 'warn', waiver };
}

/** What ran when enforcement began goes on with a warning; what was decided against does not. */
function goingOn(ruling: Ruling, places: ReadonlyMap<string, Baseline>): Ruling {
  const { outcome, action, where, message } = ruling;
  const baseline = baselineAt(places, where);
  if (action !== 'deny' || baseline === undefined || outcome === 'denied' || outcome === 'policy') return ruling;
  const why = `it ran when enforcement began (baseline of ${plain(baseline.owner, 60)} until ${baseline.expires})`;
  return { ...ruling, action: 'warn', message: `${why}: ${message}`, baseline: usedBaseline(baseline) };
}

/** Of the two, the weaker: a rule of its own never makes a namespace stricter than it was told to be. */
function actionOf({ outcome, action }: AdmissionFinding, rule: NamespaceRule): WebhookAction {
  if (action === undefined) return rule.actions[outcome];
  return outcome === 'expired' ? action : weaker(action, rule.actions[outcome]);
}
