import { createHash } from 'node:crypto';
import { extractReferences, ownText } from '../../../src/workload/index.ts';
import { toldOf } from '../../../src/workload/posture/exceptions/index.ts';
import {
  type ContainerPosture,
  type PostureKnowledge,
  pointedAt,
  readPostures,
} from '../../../src/workload/posture/index.ts';
import { type Baseline, baselineAt, baselineDigests, baselinePlaces } from '../baseline.ts';
import type { WrittenException } from '../exceptions/index.ts';
import type { AdmissionRequest } from '../request.ts';
import type { AuditedContainer, AuditOnboarding } from './report.ts';

/** Kept in memory. */
const MAX_CONTAINERS = 100_000;
/** What no approval and no exception changes has a message of its own. */
const DIGEST = /@(sha256:[0-9a-f]{64})$/;

interface Draft {
  readonly id: string;
  readonly image: string;
  readonly told: WrittenException['told'];
  readonly namespaces: Set<string>;
  readonly containers: Set<string>;
}

/** Gathers the posture of every container, and what would admit those that are unresolved. */
export class Onboarding {
  readonly #postures = new Map<string, AuditedContainer>();
  readonly #others: AuditedContainer[] = [];
  readonly #images = new Map<string, number>();
  readonly #drafts = new Map<string, Draft>();
  readonly #templates = new Set<string>();
  #ready = 0;
  #goingOn = 0;

  /** @param baselines that hold in the cluster now */
  take(
    request: AdmissionRequest,
    knowledge: PostureKnowledge,
    { baselines, now: at }: { readonly baselines: readonly Baseline[]; readonly now: Date },
  ): void {
    const { object } = request;
    const found = extractReferences(object);
    for (const { digest } of baselineDigests(request.namespace, object, found)) this.#templates.add(digest);
    const places = baselinePlaces(baselines, { namespace: request.namespace, object, found, now: at });
    const now = readPostures(object, found, knowledge);
    // As if every image that is named by its digest were approved.
    const approved = readPostures(object, found, {
      ...knowledge,
      approvalOf: (image) => knowledge.approvalOf(image) ?? (DIGEST.test(image) ? { as: 'program' } : undefined),
    });
    for (const [index, posture] of now.entries()) {
      const told = audited(request, posture);
      const key = JSON.stringify([told.namespace, contentOf(object, posture.where)]);
      if (this.#postures.has(key) || this.#postures.size >= MAX_CONTAINERS) continue;
      this.#postures.set(key, told);
      if (posture.posture !== 'unresolved') this.#ready++;
      else {
        if (baselineAt(places, posture.where) !== undefined) this.#goingOn++;
        this.#propose(request, told, posture, approved[index]);
      }
    }
  }

  /** An approval of the image, an exception, or both. */
  #propose(
    { object, namespace }: AdmissionRequest,
    told: AuditedContainer,
    posture: ContainerPosture,
    approved: ContainerPosture | undefined,
  ): void {
    const container = pointedAt(object, posture.where);
    const image = DIGEST.exec(ownText(container, 'image') ?? '')?.[1];
    if (image === undefined || approved === undefined) {
      this.#others.push(told);
      return;
    }
    const needsApproval = posture.problems.some(({ kind }) => kind === 'image');
    if (approved.posture !== 'unresolved') {
      this.#count(container);
      return;
    }
    const words = toldOf(container, podSpecOf(object, posture.where));
    // No exception can allow reach into other containers, or a neighbour that writes what this one reads.
    if (
      words === undefined ||
      approved.problems.some((one) => isReach(one.where) || /to which .* may write/.test(one.why))
    ) {
      this.#others.push(told);
      return;
    }
    if (needsApproval) this.#count(container);
    const key = JSON.stringify([image, words]);
    const hash = createHash('sha256').update(key).digest('hex').slice(0, 8);
    const name = (told.container ?? told.object)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60);
    const draft = this.#drafts.get(key) ?? {
      id: `${name === '' ? 'container' : name}-${hash}`,
      image,
      told: [words],
      namespaces: new Set<string>(),
      containers: new Set<string>(),
    };
    if (namespace !== '') draft.namespaces.add(namespace);
    if (told.container !== null) draft.containers.add(told.container);
    this.#drafts.set(key, draft);
  }

  #count(container: unknown): void {
    const image = ownText(container, 'image') ?? '';
    this.#images.set(image, (this.#images.get(image) ?? 0) + 1);
  }

  result(): AuditOnboarding {
    const drafts = [...this.#drafts.values()].sort((a, b) => (a.image + a.id < b.image + b.id ? -1 : 1));
    return {
      containers: this.#postures.size,
      ready: this.#ready,
      goingOn: this.#goingOn,
      postures: [...this.#postures.values()],
      approvals: [...this.#images]
        .map(([image, containers]) => ({ image, containers }))
        .sort((a, b) => b.containers - a.containers || (a.image < b.image ? -1 : 1)),
      exceptions: drafts.map(({ namespaces, containers, ...draft }) => ({
        ...draft,
        namespaces: [...namespaces].sort(),
        containers: [...containers].sort(),
      })),
      others: this.#others,
      templates: [...this.#templates].sort(),
    };
  }
}

function audited({ namespace, kind, name }: AdmissionRequest, posture: ContainerPosture): AuditedContainer {
  const { container, posture: held, program, problems, exception } = posture;
  return {
    namespace: namespace === '' ? null : namespace,
    object: `${kind} ${name}`,
    container,
    posture: held,
    program,
    why: problems[0]?.why ?? null,
    exception: exception?.id ?? null,
  };
}

/** What a container says, so that the Pods of one Deployment count once: their tokens are mounted under names of their own. */
function contentOf(object: unknown, where: string): string {
  const withoutToken = (key: string, value: unknown): unknown =>
    key === 'volumeMounts' && Array.isArray(value)
      ? value.filter((mount) => !(ownText(mount, 'mountPath') ?? '').startsWith('/var/run/secrets/kubernetes.io/'))
      : value;
  const text = JSON.stringify(pointedAt(object, where), withoutToken) ?? '';
  return createHash('sha256').update(text).digest('hex');
}

function podSpecOf(object: unknown, where: string): unknown {
  const found = /^(.*)\/(?:initContainers|containers|ephemeralContainers)\/\d+$/.exec(where)?.[1];
  return found === undefined ? {} : pointedAt(object, found);
}

function isReach(where: string): boolean {
  return /\/(?:securityContext|hostPID|shareProcessNamespace|hostAliases|os|volumeDevices|stdin)$/.test(where);
}
