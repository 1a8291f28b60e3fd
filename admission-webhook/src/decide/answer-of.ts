import { own, ownText } from '../../../src/workload/index.ts';
import type { AdmissionAnswer, DecisionRecord, Ruling } from '../answer.ts';
import type { AdmissionRequest } from '../request.ts';
import { type NamespaceRule, WEBHOOK_ACTIONS, type WebhookAction } from '../rules.ts';
import type { WebhookState } from '../state.ts';
import { strongest } from './actions.ts';
import { bounded, plain } from './text.ts';

/** Of the whole message; kubectl shows all of it. */
const MAX_MESSAGE = 1_500;
/** The API server cuts longer ones, and all that goes beyond 4096 characters together. */
const MAX_WARNING = 256;
const MAX_WARNINGS = 14;
/** Of one audit annotation. */
const MAX_ANNOTATION = 1_024;
/** Kept of one answer, the strongest first. */
const MAX_RULINGS = 100;
const MAX_WHERE = 300;

export interface DecidedReference {
  readonly request: AdmissionRequest;
  readonly rule: NamespaceRule;
  readonly state: WebhookState;
  readonly now: Date;
  /** Of `performance.now()`. */
  readonly started: number;
  readonly skipped?: string;
  readonly rulings: readonly Ruling[];
  readonly warnings: readonly string[];
}

/** What is told to the API server, to its audit log and to ours. */
export function reviewAnswerOf(decided: DecidedReference): AdmissionAnswer {
  const { rulings, warnings } = decided;
  const ordered = [...rulings].sort((a, b) => WEBHOOK_ACTIONS.indexOf(b.action) - WEBHOOK_ACTIONS.indexOf(a.action));
  const action = strongest(rulings.map((ruling) => ruling.action));
  const of = (wanted: WebhookAction) => messages(ordered.filter((ruling) => ruling.action === wanted));
  return {
    allowed: action !== 'deny',
    code: action === 'deny' ? 403 : 200,
    message: joined(of('deny')),
    warnings: listed([...warnings, ...of('warn')]),
    auditAnnotations: annotationsOf(decided, ordered, action),
    record: recordOf(decided, ordered, action),
  };
}

/** Each once, and whether a waiver let it pass. */
function messages(rulings: readonly Ruling[]): readonly string[] {
  return [...new Set(rulings.map(({ message, waiver }) => (waiver === undefined ? message : waived(message, waiver))))];
}

function waived(message: string, { owner, expires, reason }: NonNullable<Ruling['waiver']>): string {
  return `let pass by the waiver of ${plain(owner, 60)} until ${plain(expires, 30)} (${plain(reason, 60)}): ${message}`;
}

function joined(reasons: readonly string[]): string {
  const [first = ''] = reasons;
  if (reasons.length < 2) return bounded(first, MAX_MESSAGE);
  let text = `${reasons.length} reasons:`;
  for (const [index, reason] of reasons.entries()) {
    const next = ` (${index + 1}) ${reason}`;
    const rest = ` and ${reasons.length - index} more`;
    if (text.length + next.length + rest.length > MAX_MESSAGE) return `${text}${rest}`;
    text += next;
  }
  return text;
}

function listed(warnings: readonly string[]): readonly string[] {
  const shown = warnings.length > MAX_WARNINGS ? warnings.slice(0, MAX_WARNINGS - 1) : warnings;
  const rest = warnings.length - shown.length;
  const all = rest === 0 ? shown : [...shown, `and ${rest} more`];
  return all.map((warning) => bounded(warning, MAX_WARNING));
}

function annotationsOf(
  { rule, state, skipped }: DecidedReference,
  rulings: readonly Ruling[],
  action: WebhookAction,
): Readonly<Record<string, string>> {
  const { snapshot } = state;
  const models = rulings.map(({ outcome, reference }) => (reference === null ? outcome : `${outcome} ${reference}`));
  const waivers = [...new Set(rulings.flatMap(({ waiver }) => (waiver === undefined ? [] : [waiver.digest])))];
  const baselines = [
    ...new Set(rulings.flatMap(({ baseline }) => (baseline === undefined ? [] : [baseline.digest ?? 'configuration']))),
  ];
  const reasons = joined(messages(rulings.filter((ruling) => ruling.action !== 'allow')));
  const annotations: Record<string, string> = {
    decision: action,
    mode: rule.mode,
    snapshot: snapshot.kind === 'held' ? String(snapshot.index.meta.version) : 'none',
  };
  if (rule.stage !== null) annotations.stage = rule.stage;
  if (skipped !== undefined) annotations.skipped = skipped;
  if (models.length > 0) annotations.models = counted(models);
  if (reasons !== '') annotations.reasons = reasons;
  if (baselines.length > 0) annotations.baseline = baselines.join(' ');
  if (waivers.length > 0) annotations.waiver = waivers.join(' ');
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, plain(value, MAX_ANNOTATION)]));
}

/** Whole items, and how many are missing. */
function counted(items: readonly string[]): string {
  let text = '';
  for (const [index, item] of [...new Set(items)].entries()) {
    const rest = `, and ${items.length - index} more`;
    if (text.length + item.length + 2 + rest.length > MAX_ANNOTATION) return `${text}${rest}`;
    text += text === '' ? item : `, ${item}`;
  }
  return text;
}

function recordOf(decided: DecidedReference, rulings: readonly Ruling[], action: WebhookAction): DecisionRecord {
  const { request, rule, state, now, started, skipped } = decided;
  const { group, version, kind, user, object } = request;
  const generated = ownText(own(object, 'metadata'), 'generateName');
  return {
    time: now.toISOString(),
    uid: plain(request.uid, 256),
    operation: request.operation,
    kind: plain(`${group === '' ? version : `${group}/${version}`} ${kind}`, 300),
    namespace: plain(request.namespace, 300),
    name: plain(request.name === '' ? (generated ?? '') : request.name, 300),
    user: plain(user.username, 300),
    dryRun: request.dryRun,
    mode: rule.mode,
    stage: rule.stage,
    action,
    ...(skipped === undefined ? {} : { skipped }),
    rulings: rulings.slice(0, MAX_RULINGS).map(shownRuling),
    snapshotVersion: state.snapshot.kind === 'held' ? state.snapshot.index.meta.version : null,
    durationMs: performance.now() - started,
  };
}

function shownRuling(ruling: Ruling): Ruling {
  const { where, container } = ruling;
  return { ...ruling, where: plain(where, MAX_WHERE), container: container === null ? null : plain(container, 100) };
}
