import { isAssayError } from '../../../src/core/index.ts';
import { fieldOf, type KubeClient, KubeError, textField, textsOf } from '../kube/index.ts';
import type { AuditSource } from './audit.ts';
import { type Collection, collectionPath, discover } from './discovery.ts';
import { type AuditProblem, auditProblemOf } from './report.ts';
import type { SeenObject } from './seen.ts';

type Labels = Readonly<Record<string, string>>;

/** What a cluster runs, and the labels of its namespaces. */
export interface ClusterSource extends AuditSource {
  labelsOf(namespace: string): Labels | undefined;
}

/**
 * Looks at a cluster: which kinds of the tables it has, and the labels of its namespaces.
 * @param namespaces only these; empty: all, and what lives in none
 * @throws KubeError when it cannot be asked at all
 */
export async function openCluster(
  kube: KubeClient,
  namespaces: readonly string[],
  signal?: AbortSignal,
): Promise<ClusterSource> {
  const { collections, problems: undiscovered } = await discover(kube, signal);
  const problems: AuditProblem[] = [...undiscovered];
  const labels = new Map<string, Labels>();
  try {
    for await (const one of kube.list('/api/v1/namespaces', signal)) {
      const metadata = fieldOf(one, 'metadata');
      labels.set(textField(metadata, 'name') ?? '', textsOf(metadata, 'labels'));
    }
  } catch (error) {
    problems.push(tellable(error, 'namespaces'));
  }
  for (const name of labels.size === 0 ? [] : namespaces.filter((one) => !labels.has(one))) {
    problems.push({
      subject: `namespace ${name}`,
      message: 'the namespace does not exist',
      mend: 'check --in-namespace',
    });
  }
  return {
    from: kube.server,
    labelsOf: (namespace) => labels.get(namespace),
    problems: () => problems,
    objects: () => objectsOf(kube, collections, namespaces, problems, signal),
  };
}

async function* objectsOf(
  kube: KubeClient,
  collections: readonly Collection[],
  namespaces: readonly string[],
  problems: AuditProblem[],
  signal: AbortSignal | undefined,
): AsyncGenerator<SeenObject> {
  const places: readonly (string | null)[] = namespaces.length === 0 ? [null] : [...new Set(namespaces)];
  for (const collection of collections) {
    if (namespaces.length > 0 && !collection.namespaced) continue;
    for (const place of places) {
      const { group, resource } = collection;
      const where = place === null ? '' : ` in ${place}`;
      try {
        const objects = kube.list(collectionPath(collection, place), signal);
        for await (const object of objects) yield { object, resource };
      } catch (error) {
        problems.push(tellable(error, `${resource}${group === '' ? '' : `.${group}`}${where}`));
        // Nobody answers any more: the rest would only take its time.
        if (error instanceof KubeError && error.status === 0) return;
      }
    }
  }
}

/** @throws what is not an answer of the server: a defect, or the order to stop */
function tellable(error: unknown, subject: string): AuditProblem {
  if (!isAssayError(error) || error.code === 'aborted') throw error;
  return auditProblemOf(subject, error);
}
