import { AssayError } from '../../../src/core/index.ts';
import type { KubeClient } from './client.ts';
import { fieldOf, textField, textsOf } from './fields.ts';
import { isConflict, isMissing } from './kube-error.ts';

/** Where an object of a namespace is. */
export interface ObjectPlace {
  readonly namespace: string;
  readonly name: string;
}

/** Key of the ConfigMap that holds the version, in decimal. */
const KEY = 'version';
const MAX_TRIES = 8;

/**
 * The version below which no snapshot is taken; 0 when none was kept.
 * @throws KubeError; AssayError `malformed` when what is kept is not a version: it is never taken for none
 */
export async function readConfigMapFloor(kube: KubeClient, place: ObjectPlace, signal?: AbortSignal): Promise<number> {
  return (await readFloor(kube, place, signal)).version;
}

/**
 * Raises the version and never lowers it, even when another replica raises it at the same time. Creates the ConfigMap if there is none.
 * @returns what is kept: the version, or a higher one that somebody else kept
 * @throws KubeError; AssayError `malformed`
 */
export async function raiseConfigMapFloor(
  kube: KubeClient,
  place: ObjectPlace,
  version: number,
  signal?: AbortSignal,
): Promise<number> {
  for (let tries = 1; ; tries++) {
    const kept = await readFloor(kube, place, signal);
    if (kept.version >= version) return kept.version;
    const data = { [KEY]: String(version) };
    try {
      if (kept.resourceVersion === undefined) {
        const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: place.name }, data };
        await kube.send('POST', collectionOf(place), object, signal);
      } else {
        const metadata = { resourceVersion: kept.resourceVersion };
        await kube.send('PATCH', pathOf(place), { metadata, data }, signal);
      }
      return version;
    } catch (error) {
      if (!isConflict(error) || tries >= MAX_TRIES) throw error;
    }
  }
}

async function readFloor(
  kube: KubeClient,
  place: ObjectPlace,
  signal: AbortSignal | undefined,
): Promise<{ readonly version: number; readonly resourceVersion?: string | undefined }> {
  let object: unknown;
  try {
    object = await kube.get(pathOf(place), signal);
  } catch (error) {
    if (isMissing(error)) return { version: 0 };
    throw error;
  }
  const resourceVersion = textField(fieldOf(object, 'metadata'), 'resourceVersion') ?? '';
  const text = textsOf(object, 'data')[KEY] ?? '0';
  if (/^\d{1,15}$/.test(text)) return { version: Number(text), resourceVersion };
  throw new AssayError('malformed', `contains no version in its key ${KEY}`, {
    subject: `ConfigMap ${place.namespace}/${place.name}`,
    hint: 'write the version of the newest snapshot there',
  });
}

function collectionOf({ namespace }: ObjectPlace): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`;
}

function pathOf(place: ObjectPlace): string {
  return `${collectionOf(place)}/${encodeURIComponent(place.name)}`;
}
