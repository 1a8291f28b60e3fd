import { elsewhereOf, own, ownList, ownText, type WorkloadReference } from '../../../src/workload/index.ts';
import { plain } from '../decide/index.ts';
import { valueAt } from './apply.ts';
import { MODELS_FOLDER } from './fetcher.ts';

/** The container of a Pod that a place is in. */
export interface ContainerPlace {
  /** JSON pointer. */
  readonly at: string;
  readonly list: 'initContainers' | 'containers' | 'ephemeralContainers';
  readonly index: number;
}

export function containerOf(where: string): ContainerPlace | undefined {
  const [at, list, index] = /^\/spec\/(initContainers|containers|ephemeralContainers)\/(\d+)(?=\/)/.exec(where) ?? [];
  if (at === undefined || index === undefined) return undefined;
  return { at, list: list as ContainerPlace['list'], index: Number(index) };
}

/** Programs that set variables again before they run another. */
const SETTERS: ReadonlySet<string> = new Set(['env', 'sh', 'bash', 'ash', 'dash', 'zsh', 'ksh', 'busybox']);

/**
 * Why a program cannot be relied on to load a reference from the cache that it is pointed at.
 * @returns `undefined` where the tables say that it does
 */
export function whyElsewhere(object: unknown, { at }: ContainerPlace, found: WorkloadReference): string | undefined {
  const container = valueAt(object, at);
  const elsewhere = elsewhereOf(found.via, ownText(container, 'image') ?? '');
  if (elsewhere === undefined) return 'its program may load from outside the cache of the Hub';
  const words = [...ownList(container, 'command'), ...ownList(container, 'args')].map(String);
  if (SETTERS.has(words[0]?.slice(words[0].lastIndexOf('/') + 1) ?? '')) return 'its command may change variables';
  const bad = words.find((word) => word.startsWith('$(') || elsewhere.some((name) => meansFlag(word, name)));
  if (bad !== undefined) return `${plain(bad, 60)} may make it load from elsewhere`;
  for (const entry of ownList(container, 'env')) {
    const name = ownText(entry, 'name') ?? '';
    if (elsewhere.includes(name)) return `${name} makes it load from elsewhere`;
  }
  return whyShadowed(container, found.reference);
}

/** Programs accept the beginning of an argument for all of it; `--model` is one of its own. */
function meansFlag(word: string, name: string): boolean {
  const flag = (word.split('=', 1)[0] ?? '').replaceAll('_', '-');
  return flag === name || (flag.length > 7 && name.startsWith(flag));
}

/** A folder that is named like the model is loaded in its place. */
function whyShadowed(container: unknown, reference: string): string | undefined {
  const [, repo = ''] = /^hf:\/\/([^@]+)/.exec(reference) ?? [];
  const [owner = ''] = repo.split('/');
  for (const mount of ownList(container, 'volumeMounts')) {
    const path = (ownText(mount, 'mountPath') ?? '').replace(/\/+$/, '');
    if (path.endsWith(`/${repo}`) || path.endsWith(`/${owner}`))
      return `the folder ${plain(path, 60)} that is mounted may be loaded in its place`;
  }
  return undefined;
}

/** Whether a path is in the folder of the models, or around it. */
export function clashes(path: string): boolean {
  const folder = `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
  if (folder.includes('/../') || folder.endsWith('/..') || folder === '/') return true;
  return `${folder}/`.startsWith(`${MODELS_FOLDER}/`) || MODELS_FOLDER.startsWith(`${folder}/`);
}

/** Why a Pod may reach into volumes past their mounts, or cannot be changed at all. */
export function whyOpen(pod: unknown): string | undefined {
  const spec = own(pod, 'spec');
  if (own(own(own(pod, 'metadata'), 'annotations'), 'kubernetes.io/config.mirror') !== undefined)
    return 'it mirrors a static Pod, which its node runs unchanged';
  if (ownText(own(spec, 'os'), 'name') === 'windows') return 'it runs on Windows';
  for (const name of ['hostPID', 'shareProcessNamespace'])
    if (own(spec, name) === true) return `${name} lets one container reach into the files of another`;
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    const privileged = ownList(spec, list).some((one) => own(own(one, 'securityContext'), 'privileged') === true);
    if (privileged) return 'a privileged container may write to every volume';
  }
  for (const volume of ownList(spec, 'volumes')) {
    const path = ownText(own(volume, 'hostPath'), 'path');
    if (path !== undefined && reachesKubelet(path))
      return `the volume ${plain(path, 60)} of the node contains the volumes of all Pods`;
  }
  return undefined;
}

const KUBELET = '/var/lib/kubelet';

function reachesKubelet(path: string): boolean {
  const folder = path.replace(/\/+/g, '/').replace(/\/$/, '');
  return folder.includes('..') || `${folder}/`.startsWith(`${KUBELET}/`) || KUBELET.startsWith(`${folder}/`);
}
