import { isAssayError } from '../../../src/core/index.ts';
import { fieldOf, type KubeClient, listField, textField } from '../kube/index.ts';
import { AUDITED_KINDS } from './kinds.ts';
import { type AuditProblem, auditProblemOf } from './report.ts';

/** Objects of one kind, as a server has them. */
export interface Collection {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural. */
  readonly resource: string;
  readonly namespaced: boolean;
}

export interface Discovered {
  readonly collections: readonly Collection[];
  /** What could not be told of. */
  readonly problems: readonly AuditProblem[];
}

/**
 * Which kinds of the tables a server has, each in one version.
 * @see https://kubernetes.io/docs/concepts/overview/kubernetes-api/#unaggregated-discovery
 * @throws KubeError when it does not even tell its groups
 */
export async function discover(kube: KubeClient, signal: AbortSignal | undefined): Promise<Discovered> {
  const answer = await kube.get('/apis', signal);
  const collections: Collection[] = [];
  const problems: AuditProblem[] = [];
  const groups = [{ name: '', versions: ['v1'] }, ...listField(answer, 'groups').map(groupOf)];
  for (const { name, versions } of groups) {
    const kinds = new Set(AUDITED_KINDS.get(name));
    for (const version of versions) {
      if (kinds.size === 0) break;
      try {
        const resources = listField(await kube.get(rootOf(name, version), signal), 'resources');
        for (const found of resources.flatMap((one) => collectionOf(one, name, version, kinds))) {
          kinds.delete(found.kind);
          collections.push(found);
        }
      } catch (error) {
        if (!isAssayError(error) || error.code === 'aborted') throw error;
        problems.push(auditProblemOf(`${name === '' ? '' : `${name}/`}${version}`, error));
      }
    }
  }
  return { collections, problems };
}

export function collectionPath({ group, version, resource, namespaced }: Collection, namespace: string | null): string {
  const root = rootOf(group, version);
  if (!namespaced || namespace === null) return `${root}/${resource}`;
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
}

function rootOf(group: string, version: string): string {
  const part = encodeURIComponent(version);
  return group === '' ? `/api/${part}` : `/apis/${encodeURIComponent(group)}/${part}`;
}

/** The version that the server prefers comes first; a kind may be in another only. */
function groupOf(group: unknown): { readonly name: string; readonly versions: readonly string[] } {
  const preferred = textField(fieldOf(group, 'preferredVersion'), 'version');
  const all = listField(group, 'versions').flatMap((one) => textField(one, 'version') ?? []);
  const versions = new Set(preferred === undefined ? all : [preferred, ...all]);
  return { name: textField(group, 'name') ?? '', versions: [...versions] };
}

function collectionOf(
  resource: unknown,
  group: string,
  version: string,
  kinds: ReadonlySet<string>,
): readonly Collection[] {
  const name = textField(resource, 'name') ?? '';
  const kind = textField(resource, 'kind') ?? '';
  // `pods/status` is a part of a Pod, and says that it is one.
  const isMeant = kinds.has(kind) && /^[a-z0-9-]+$/.test(name) && listField(resource, 'verbs').includes('list');
  const namespaced = fieldOf(resource, 'namespaced') === true;
  return isMeant ? [{ group, version, kind, resource: name, namespaced }] : [];
}
