import { fieldOf, listOf, textOf } from '../kube/index.ts';
import type { AdmissionRequest } from '../request.ts';

/** An object of a cluster or of a file, and where it is kept. */
export interface SeenObject {
  readonly object: unknown;
  /** Plural; empty where it is not known. */
  readonly resource: string;
}

/** The review that making it now would lead to. */
export function requestFor({ object, resource }: SeenObject): AdmissionRequest {
  const apiVersion = textOf(object, 'apiVersion') ?? '';
  const slash = apiVersion.lastIndexOf('/');
  const metadata = fieldOf(object, 'metadata');
  return {
    uid: textOf(metadata, 'uid') ?? '',
    operation: 'CREATE',
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind: textOf(object, 'kind') ?? '',
    resource,
    subResource: '',
    namespace: textOf(metadata, 'namespace') ?? '',
    name: textOf(metadata, 'name') ?? textOf(metadata, 'generateName') ?? '',
    user: { username: '', groups: [] },
    dryRun: true,
    object,
    oldObject: null,
  };
}

export interface Owner {
  readonly uid: string;
  readonly kind: string;
  readonly name: string;
}

/** The controller that made it. */
export function ownerOf(object: unknown): Owner | undefined {
  const owners = listOf(fieldOf(object, 'metadata'), 'ownerReferences');
  const owner = owners.find((one) => fieldOf(one, 'controller') === true);
  const uid = textOf(owner, 'uid');
  if (uid === undefined) return undefined;
  return { uid, kind: textOf(owner, 'kind') ?? '', name: textOf(owner, 'name') ?? '' };
}

/** It runs no more: a Pod or a Job that has ended, what a Deployment keeps to go back to, what is being deleted. */
export function isFinished(object: unknown, { group, kind }: AdmissionRequest): boolean {
  if (textOf(fieldOf(object, 'metadata'), 'deletionTimestamp') !== undefined) return true;
  const status = fieldOf(object, 'status');
  if (group === '' && kind === 'Pod') return /^(Succeeded|Failed)$/.test(textOf(status, 'phase') ?? '');
  if (group === 'apps' && kind === 'ReplicaSet') {
    return fieldOf(fieldOf(object, 'spec'), 'replicas') === 0 && ownerOf(object) !== undefined;
  }
  if (group !== 'batch' || kind !== 'Job') return false;
  return listOf(status, 'conditions').some((one) => {
    return /^(Complete|Failed)$/.test(textOf(one, 'type') ?? '') && textOf(one, 'status') === 'True';
  });
}
