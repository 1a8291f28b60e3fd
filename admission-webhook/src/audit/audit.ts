import { AssayError } from '../../../src/core/index.ts';
import type { PostureKnowledge } from '../../../src/workload/posture/index.ts';
import type { AdmissionAnswer, Ruling } from '../answer.ts';
import type { AdmissionRequest } from '../request.ts';
import type { NamespaceRules } from '../rules.ts';
import type { WebhookState } from '../state.ts';
import { Onboarding } from './onboarding.ts';
import type { AuditProblem, AuditReport } from './report.ts';
import { isFinished, ownerOf, requestFor, type SeenObject } from './seen.ts';
import { type JudgedObject, tally } from './tally.ts';

/** How the webhook would answer. */
export interface AuditWebhook {
  state(): WebhookState;
  decide(request: AdmissionRequest, state: WebhookState, now: Date): AdmissionAnswer;
  /** With what the postures of an object in a namespace are read. */
  knowledge(namespace: string, state: WebhookState, now: Date): PostureKnowledge;
  /** What the webhook itself could not read, and goes on without. */
  readonly problems: readonly AuditProblem[];
}

/** Where objects come from; what cannot be had is told, and the rest goes on. */
export interface AuditSource {
  readonly from: string;
  objects(): AsyncIterable<SeenObject>;
  /** Complete once all objects were had. */
  problems(): readonly AuditProblem[];
}

/** Kept in memory. */
const MAX_OBJECTS = 200_000;

/**
 * Says of every object what the webhook would answer if it were made now, in a namespace that is enforced. Nothing is changed.
 * @throws AssayError `usage` when there is no snapshot to answer from, `limit`, and what the source throws
 */
export async function auditCluster(source: AuditSource, webhook: AuditWebhook, now: Date): Promise<AuditReport> {
  const present = webhook.state();
  const { snapshot } = present;
  if (snapshot.kind === 'none') {
    throw new AssayError('usage', `the snapshot cannot be used: ${snapshot.why}`, {
      subject: '--snapshot',
      hint: 'check --snapshot and --snapshot-key',
    });
  }
  const state = { ...present, namespaces: asEnforced(present.namespaces) };
  const judge = new Judge(webhook, state, now);
  for await (const seen of source.objects()) judge.take(seen);
  const { objects, namespaces, under } = tally(judge.judged, (name) => present.namespaces.ruleOf(name));
  const { finished, off } = judge;
  const problems = [...webhook.problems, ...source.problems()];
  const { meta } = snapshot.index;
  const of = (action: string) => objects.filter((one) => one.action === action).length;
  const goingOn = objects.filter(({ rulings }) => rulings.some(({ baseline }) => baseline !== undefined)).length;
  const counts = { allow: of('allow'), audit: of('audit'), warn: of('warn'), deny: of('deny') };
  return {
    schemaVersion: '1',
    from: source.from,
    at: now.toISOString(),
    snapshot: {
      from: snapshot.from,
      version: meta.version,
      issued: meta.issued,
      expires: meta.expires,
      expired: snapshot.index.isExpired(now),
    },
    complete: problems.length === 0,
    problems,
    totals: { objects: judge.judged.length + finished + off, under, finished, off, goingOn, ...counts },
    namespaces,
    objects,
    onboarding: judge.onboarding.result(),
  };
}

/** What would be refused is asked before it is: a namespace that only warns, or only notes, is judged as one that refuses. */
function asEnforced(rules: NamespaceRules): NamespaceRules {
  return {
    ruleOf(namespace) {
      const rule = rules.ruleOf(namespace);
      return rule.mode === 'off' ? rule : { ...rule, mode: 'enforce' };
    },
  };
}

class Judge {
  readonly judged: JudgedObject[] = [];
  readonly onboarding = new Onboarding();
  finished = 0;
  off = 0;
  readonly #webhook: AuditWebhook;
  readonly #state: WebhookState;
  readonly #now: Date;
  /** The Pods of one Deployment are told the same: once is kept. */
  readonly #rulings = new Map<string, readonly Ruling[]>();

  constructor(webhook: AuditWebhook, state: WebhookState, now: Date) {
    this.#webhook = webhook;
    this.#state = state;
    this.#now = now;
  }

  take(seen: SeenObject): void {
    const request = requestFor(seen);
    if (isFinished(seen.object, request)) {
      this.finished++;
      return;
    }
    const { record } = this.#webhook.decide(request, this.#state, this.#now);
    if (record.skipped === 'off' || record.skipped === 'own-namespace') {
      this.off++;
      return;
    }
    if (this.judged.length >= MAX_OBJECTS) {
      const hint = 'check fewer namespaces at a time with --in-namespace';
      throw new AssayError('limit', `the cluster has more than ${MAX_OBJECTS} objects`, { hint });
    }
    const { group, version, kind, namespace, name, uid } = request;
    this.onboarding.take(request, this.#webhook.knowledge(namespace, this.#state, this.#now), {
      baselines: this.#state.baselines,
      now: this.#now,
    });
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const rulings = this.#shared(record.rulings);
    const owner = ownerOf(seen.object);
    this.judged.push({ uid, owner, apiVersion, kind, namespace, name, action: record.action, rulings });
  }

  #shared(rulings: readonly Ruling[]): readonly Ruling[] {
    const key = JSON.stringify(rulings);
    const known = this.#rulings.get(key) ?? rulings;
    this.#rulings.set(key, known);
    return known;
  }
}
