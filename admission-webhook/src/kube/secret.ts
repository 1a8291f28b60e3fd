import type { KubeClient } from './client.ts';
import type { ObjectPlace } from './config-map.ts';
import { fieldOf, textField, textsOf } from './fields.ts';
import { isConflict, isMissing } from './kube-error.ts';

export interface KeptSecret {
  readonly data: ReadonlyMap<string, Buffer>;
  /** To be given back when it is replaced. */
  readonly resourceVersion: string;
}

/** `undefined` when there is none. @throws KubeError */
export async function readSecret(
  kube: KubeClient,
  place: ObjectPlace,
  signal?: AbortSignal,
): Promise<KeptSecret | undefined> {
  try {
    const secret = await kube.get(pathOf(place), signal);
    const texts = Object.entries(textsOf(secret, 'data'));
    return {
      data: new Map(texts.map(([name, text]) => [name, Buffer.from(text, 'base64')])),
      resourceVersion: textField(fieldOf(secret, 'metadata'), 'resourceVersion') ?? '',
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Makes a Secret, or replaces what it holds; keys that are not named stay.
 * @param replaces what was read before; `undefined`: there was none
 * @returns `false` when somebody else was faster: read it again
 * @throws KubeError
 */
export async function writeSecret(
  kube: KubeClient,
  place: ObjectPlace,
  secret: { readonly type: string; readonly data: Readonly<Record<string, Uint8Array | string>> },
  replaces: KeptSecret | undefined,
  signal?: AbortSignal,
): Promise<boolean> {
  const named = Object.entries(secret.data).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]);
  const data: unknown = Object.fromEntries(named);
  const { name } = place;
  try {
    if (replaces === undefined) {
      const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, type: secret.type, data };
      await kube.send('POST', collectionOf(place), object, signal);
    } else {
      const metadata = { resourceVersion: replaces.resourceVersion };
      await kube.send('PATCH', pathOf(place), { metadata, data }, signal);
    }
    return true;
  } catch (error) {
    // The Secret was deleted since it was read: the next read shows that there is none.
    if (isConflict(error) || (replaces !== undefined && isMissing(error))) return false;
    throw error;
  }
}

function collectionOf({ namespace }: ObjectPlace): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
}

function pathOf(place: ObjectPlace): string {
  return `${collectionOf(place)}/${encodeURIComponent(place.name)}`;
}
