import type { Collector } from './collector.ts';
import { own, ownList, ownText, step } from './own.ts';
import { type ReadReference, readImage, readReference } from './reference.ts';
import { CSI_ATTRIBUTES } from './table/index.ts';

/** What is behind a volume of a Pod. */
export interface Volume {
  readonly name: string;
  readonly where: string;
  readonly via: 'volume-image' | 'volume-pvc' | 'volume-host' | 'volume-csi' | 'volume-empty' | 'volume-other';
  /** Absent for a folder that starts empty, and where it is unknown. */
  readonly read: ReadReference | undefined;
}

/** Volumes that a StatefulSet adds to its Pods: `spec.volumeClaimTemplates`. */
export function readClaims(object: unknown, collector: Collector): ReadonlyMap<string, Volume> {
  const claims = new Map<string, Volume>();
  const list = ownList(own(object, 'spec'), 'volumeClaimTemplates');
  if (!collector.visit('/spec/volumeClaimTemplates', list.length)) return claims;
  for (const [index, claim] of list.entries()) {
    const name = ownText(own(claim, 'metadata'), 'name');
    if (name === undefined) continue;
    const where = `/spec/volumeClaimTemplates/${index}/metadata/name`;
    claims.set(name, { name, where, via: 'volume-pvc', read: readReference(`pvc://${name}`, 'path') });
  }
  return claims;
}

/** A folder of a container that is a volume. */
export interface Mount {
  readonly path: string;
  readonly volume: Volume | undefined;
  readonly name: string;
  readonly readOnly: boolean;
}

/** Of one container. */
const MAX_MOUNTS = 500;

/** Volumes that are always a model, in every container. */
export function isModelVolume(volume: Volume): boolean {
  return volume.via === 'volume-image' || (volume.via === 'volume-csi' && volume.read !== undefined);
}

/** Names of volumes and folders that say what is in them. */
export const MODEL_NAMES = /model|weight|checkpoint|lora|adapter|huggingface|hf-?(?:cache|home)/i;

export function readVolumes(podSpec: unknown, where: string, collector: Collector): ReadonlyMap<string, Volume> {
  const volumes = new Map<string, Volume>();
  const list = ownList(podSpec, 'volumes');
  if (!collector.visit(where, list.length)) return volumes;
  for (const [index, volume] of list.entries()) {
    const name = ownText(volume, 'name');
    if (name !== undefined) volumes.set(name, readVolume(name, volume, step(step(where, 'volumes'), index)));
  }
  return volumes;
}

function readVolume(name: string, volume: unknown, where: string): Volume {
  const text = (kind: string, field: string) => ownText(own(volume, kind), field);
  const at = (kind: string, field: string) => step(step(where, kind), field);
  const image = text('image', 'reference');
  if (image !== undefined) {
    return { name, where: at('image', 'reference'), via: 'volume-image', read: readImage(image) };
  }
  const claim = text('persistentVolumeClaim', 'claimName');
  if (claim !== undefined) {
    const read = readReference(`pvc://${claim}`, 'path');
    return { name, where: at('persistentVolumeClaim', 'claimName'), via: 'volume-pvc', read };
  }
  const host = text('hostPath', 'path');
  if (host !== undefined) {
    return { name, where: at('hostPath', 'path'), via: 'volume-host', read: readReference(`node://${host}`, 'path') };
  }
  if (own(volume, 'csi') !== undefined) return readCsi(name, own(volume, 'csi'), step(where, 'csi'));
  // An emptyDir is the default of a volume without a source.
  const empty = own(volume, 'emptyDir') !== undefined;
  return { name, where, via: empty ? 'volume-empty' : 'volume-other', read: undefined };
}

function readCsi(name: string, csi: unknown, where: string): Volume {
  const driver = ownText(csi, 'driver') ?? '';
  const attributes = own(csi, 'volumeAttributes');
  for (const [key, kind] of Object.entries(CSI_ATTRIBUTES)) {
    const [ofDriver, attribute = ''] = key.split(':');
    const value = ofDriver === driver ? ownText(attributes, attribute) : undefined;
    if (value === undefined) continue;
    const read = kind === 'image' ? readImage(value) : readReference(`${kind}://${value}/`, 'path');
    return { name, where: step(step(where, 'volumeAttributes'), attribute), via: 'volume-csi', read };
  }
  return { name, where, via: 'volume-other', read: undefined };
}

export function readMounts(
  container: unknown,
  volumes: ReadonlyMap<string, Volume>,
  where: string,
  collector: Collector,
): readonly Mount[] {
  const list = ownList(container, 'volumeMounts');
  if (list.length > MAX_MOUNTS) collector.unresolved(where, `has more than ${MAX_MOUNTS} mounts`);
  return list.slice(0, MAX_MOUNTS).flatMap((mount): Mount[] => {
    const path = ownText(mount, 'mountPath');
    const name = ownText(mount, 'name');
    if (path === undefined || name === undefined) return [];
    return [{ path, volume: volumes.get(name), name, readOnly: own(mount, 'readOnly') === true }];
  });
}

/** The mount that a path is in: the longest one. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const folder = mount.path.replace(/\/+$/, '');
    const within = path === folder || path.startsWith(`${folder}/`);
    if (within && (found === undefined || mount.path.length > found.path.length)) found = mount;
  }
  return found;
}
