import { fieldOf, listField, textField } from '../kube/index.ts';
import type { AdmissionRequest } from '../request.ts';

/** An object of a cluster or of a file, and where it is kept. */
export interface SeenObject {
  readonly object: unknown;
  /** Plural; empty where it is not known. */
  readonly resource: string;
}

/** The review that making it now would lead to. */
export function requestFor({ object, resource }: SeenObject): AdmissionRequest {
  const apiVersion = textField(object, 'apiVersion') ?? '';
  const slash = apiVersion.lastIndexOf('/');
  const metadata = fieldOf(object, 'metadata');
  return {
    uid: textField(metadata, 'uid') ?? '',
    operation: 'CREATE',
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind: textField(object, 'kind') ?? '',
    resource,
    subResource: '',
    namespace: textField(metadata, 'namespace') ?? '',
    name: textField(metadata, 'name') ?? textField(metadata, 'generateName') ?? '',
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
  const owners = listField(fieldOf(object, 'metadata'), 'ownerReferences');
  const owner = owners.find((one) => fieldOf(one, 'controller') === true);
  const uid = textField(owner, 'uid');
  if (uid === undefined) return undefined;
  return { uid, kind: textField(owner, 'kind') ?? '', name: textField(owner, 'name') ?? '' };
}

/** It runs no more: a Pod or a Job that has ended, what a Deployment keeps to go back to, what is being deleted. */
export function isFinished(object: unknown, { group, kind }: AdmissionRequest): boolean {
  if (textField(fieldOf(object, 'metadata'), 'deletionTimestamp') !== undefined) return true;
  const status = fieldOf(object, 'status');
  if (group === '' && kind === 'Pod') return /^(Succeeded|Failed)$/.test(textField(status, 'phase') ?? '');
  if (group === 'apps' && kind === 'ReplicaSet') {
    return fieldOf(fieldOf(object, 'spec'), 'replicas') === 0 && ownerOf(object) !== undefined;
  }
  if (group !== 'batch' || kind !== 'Job') return false;
  return listField(status, 'conditions').some((one) => {
    return /^(Complete|Failed)$/.test(textField(one, 'type') ?? '') && textField(one, 'status') === 'True';
  });
}
