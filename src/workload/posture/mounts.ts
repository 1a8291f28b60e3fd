import { isFields, own, ownList, ownText, step } from '../own.ts';
import {
  BESIDE_CODE,
  DATA_FOLDERS,
  LOG_FOLDERS,
  SCRATCH_FOLDERS,
  SETTINGS_FOLDERS,
  TOKEN_FOLDER,
} from './table/index.ts';

/** What is behind a mount, by who may write there. */
export type Source =
  /** Starts empty, and only the containers of the Pod write there. */
  | 'empty'
  /** The token of the Pod's own account, as the ServiceAccount plugin mounts it. */
  | 'token'
  /** Bytes of an image, which the reference decides on. */
  | 'image'
  /** ConfigMaps and Secrets: whoever may change those decides what is in them. */
  | 'settings'
  /** Labels or annotations of the Pod, which change without a review. */
  | 'labels'
  /** Everything else: claims, folders of the node, servers of files, drivers. */
  | 'shared';

export interface PodMount {
  /** Without a slash at its end; empty for `/`. */
  readonly path: string;
  readonly where: string;
  readonly name: string;
  readonly source: Source;
  readonly readOnly: boolean;
  /** Where the volume is. */
  readonly volume: string;
  /** Why it cannot be read. */
  readonly odd: string | undefined;
}

/** Of one container. */
const MAX_MOUNTS = 500;

export interface PodVolume {
  readonly where: string;
  readonly source: Source;
}

/** @returns the volumes of a PodSpec by name; `undefined` for a name that stands twice */
export function readSources(podSpec: unknown, where: string): ReadonlyMap<string, PodVolume | undefined> {
  const volumes = new Map<string, PodVolume | undefined>();
  for (const [index, volume] of ownList(podSpec, 'volumes').entries()) {
    const name = ownText(volume, 'name') ?? '';
    const place = step(step(where, 'volumes'), index);
    const read = { where: place, source: sourceOf(volume) };
    volumes.set(name, volumes.has(name) ? undefined : read);
  }
  return volumes;
}

const SETTINGS = ['configMap', 'secret', 'projected', 'downwardAPI'] as const;
const MODEL_DRIVER = 'model.csi.modelpack.org';

function sourceOf(volume: unknown): Source {
  if (carriesLabels(volume)) return 'labels';
  const kinds = isFields(volume) ? Object.keys(volume).filter((key) => key !== 'name' && volume[key] != null) : [];
  const [kind = 'emptyDir', second] = kinds;
  if (second !== undefined) return 'shared';
  if (kind === 'emptyDir') return 'empty';
  if (kind === 'image') return 'image';
  if (kind === 'csi' && ownText(own(volume, 'csi'), 'driver') === MODEL_DRIVER) return 'image';
  if (kind === 'projected' && isPodToken(own(volume, 'projected'))) return 'token';
  return SETTINGS.some((one) => one === kind) ? 'settings' : 'shared';
}

/** Exactly what the ServiceAccount plugin adds (kubernetes 1.34, plugin/pkg/admission/serviceaccount). */
export function isPodToken(projected: unknown): boolean {
  const sources = ownList(projected, 'sources');
  return (
    sources.length > 0 &&
    sources.every((source) => {
      const [kind, more] = isFields(source) ? Object.keys(source) : [];
      if (more !== undefined) return false;
      if (kind === 'serviceAccountToken') return true;
      if (kind === 'configMap') return ownText(own(source, 'configMap'), 'name') === 'kube-root-ca.crt';
      const items = ownList(own(source, 'downwardAPI'), 'items');
      return (
        kind === 'downwardAPI' &&
        items.every((item) => ownText(own(item, 'fieldRef'), 'fieldPath') === 'metadata.namespace')
      );
    })
  );
}

function carriesLabels(volume: unknown): boolean {
  const items = [
    ...ownList(own(volume, 'downwardAPI'), 'items'),
    ...ownList(own(volume, 'projected'), 'sources').flatMap((source) => [
      ...ownList(own(source, 'downwardAPI'), 'items'),
    ]),
  ];
  return items.some((item) => /labels|annotations/.test(ownText(own(item, 'fieldRef'), 'fieldPath') ?? ''));
}

export function readPodMounts(
  container: unknown,
  where: string,
  volumes: ReadonlyMap<string, PodVolume | undefined>,
): readonly PodMount[] {
  const list = ownList(container, 'volumeMounts');
  return list.slice(0, MAX_MOUNTS + 1).map((mount, index): PodMount => {
    const at = step(step(where, 'volumeMounts'), index);
    const path = ownText(mount, 'mountPath') ?? '';
    const name = ownText(mount, 'name') ?? '';
    const volume = volumes.get(name);
    return {
      path: path.replace(/\/$/, ''),
      where: at,
      name,
      source: volume?.source ?? 'shared',
      readOnly: own(mount, 'readOnly') === true,
      volume: volume?.where ?? at,
      odd: index === MAX_MOUNTS ? `has more than ${MAX_MOUNTS} mounts` : whyOdd(mount, path, volume),
    };
  });
}

function whyOdd(mount: unknown, path: string, volume: PodVolume | undefined): string | undefined {
  if (!isPlainPath(path)) return `mounts at ${JSON.stringify(path.slice(0, 100))}, which is not a plain absolute path`;
  if (own(mount, 'subPathExpr') !== undefined) return `mounts a part of a volume that a variable chooses at ${path}`;
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(ownText(mount, 'subPath') ?? '')) return `mounts outside of a volume at ${path}`;
  return volume === undefined ? `mounts a volume at ${path} that the object does not have, or has twice` : undefined;
}

/** Absolute, and the only spelling of itself. */
export function isPlainPath(path: string): boolean {
  return path === '/' || /^(?:\/(?!\.\.?(?:\/|$))[^/\s\p{Cc}\\]+)+\/?$/u.test(path);
}

/** Whether one of two folders is the other, or is in it. */
export function overlap(a: string, b: string): boolean {
  const [one, other] = [`${a.replace(/\/$/, '')}/`, `${b.replace(/\/$/, '')}/`];
  return one.startsWith(other) || other.startsWith(one);
}

/** What a container may do with a mount. */
export type MountReader =
  /** A program of the tables: it reads what its arguments and variables name, and its caches. */
  | 'loader'
  /** It reads nothing. */
  | 'inert'
  /** An approved program of which the tables know nothing. */
  | 'program'
  /** Of an image that is approved as one that loads only what it holds. */
  | 'sealed';

/** @returns why a mount may change what a container loads; `undefined` where it cannot */
export function whyUnsafe(
  mount: PodMount,
  reader: MountReader,
  shared: boolean,
): { why: string; place: boolean } | undefined {
  const { path, source, odd } = mount;
  const told = (why: string) => ({ why, place: false });
  if (odd !== undefined) return told(odd);
  if (source === 'labels') return told(`mounts labels or annotations at ${path}, which change without a review`);
  if (reader === 'sealed') {
    const fits = source === 'token' ? path === TOKEN_FOLDER : BESIDE_CODE.test(path);
    return fits ? undefined : told(`has a volume at ${path}, which may lie over its code`);
  }
  switch (source) {
    case 'token':
      return path === TOKEN_FOLDER ? undefined : told(`has the token of the Pod at ${path}`);
    case 'empty':
      if (!shared || SCRATCH_FOLDERS.test(path) || DATA_FOLDERS.test(path)) return undefined;
      return told(`shares a volume at ${path}, which may lie over its code`);
    case 'image':
      return DATA_FOLDERS.test(path) ? undefined : told(`has an image at ${path}, which may lie over its code`);
    case 'settings':
      if (reader !== 'program' && SETTINGS_FOLDERS.test(path)) return undefined;
      return told(`reads settings at ${path} that are not in the object`);
    case 'shared':
      if (reader === 'inert' || LOG_FOLDERS.test(path)) return undefined;
      return { why: `has a volume at ${path || '/'} that others may write to`, place: true };
  }
}
