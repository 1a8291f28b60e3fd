import { collectionPath, type KubeObject, ML_KINDS, type MlKind } from '../../support/kube/index.ts';

/** A kind that no table contains: it is found by its shape. */
export const FLEET: MlKind = {
  group: 'inference.acme.example',
  version: 'v1',
  kind: 'Fleet',
  plural: 'fleets',
  scope: 'Namespaced',
};
export const CUSTOM_KINDS: readonly MlKind[] = [...ML_KINDS, FLEET];

/** @param id `group/Kind`, as in the tables of the webhook */
function apiVersionOf(id: string): string {
  const [group = '', kind] = id.split('/');
  if (group === '') return 'v1';
  const custom = CUSTOM_KINDS.find((one) => one.group === group && one.kind === kind);
  return custom === undefined ? `${group}/v1` : `${group}/${custom.version}`;
}

/** An object of a kind with a name that the server generates. */
export function objectOf(id: string, body: Readonly<Record<string, unknown>>): KubeObject {
  const kind = id.slice(id.indexOf('/') + 1);
  const metadata = { generateName: `${kind.toLowerCase()}-`, ...(body.metadata as object | undefined) };
  return { ...body, apiVersion: apiVersionOf(id), kind, metadata };
}

export function pathOf(id: string, namespace: string): string {
  const kind = id.slice(id.indexOf('/') + 1);
  if (kind === FLEET.kind) return `/apis/${FLEET.group}/${FLEET.version}/namespaces/${namespace}/${FLEET.plural}`;
  return collectionPath(apiVersionOf(id), kind, namespace);
}
