import { isDeepStrictEqual } from 'node:util';
import { isCommit, isRepoName } from '../../../src/core/reference/index.ts';
import { isFields, own, ownList, ownText } from '../../../src/workload/index.ts';

/** Where the volume with the verified bytes is mounted, in every container that has it. */
export const MODELS_FOLDER = '/assay/models';
const CACHE_FOLDER = `${MODELS_FOLDER}/hub`;

/**
 * What makes the libraries of the Hub load from the verified cache and from nowhere else, whatever their image says.
 * https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
 */
export const LOADER_ENV: Readonly<Record<string, string>> = {
  HF_HUB_CACHE: CACHE_FOLDER,
  HUGGINGFACE_HUB_CACHE: CACHE_FOLDER,
  TRANSFORMERS_CACHE: CACHE_FOLDER,
  SENTENCE_TRANSFORMERS_HOME: CACHE_FOLDER,
  HF_HUB_OFFLINE: '1',
  TRANSFORMERS_OFFLINE: '1',
};

/** What one init container fetches. */
export interface Fetch {
  /** `hf://owner/model@<commit>` */
  readonly reference: string;
  /** `sha256:<hex>`: the approved tree digest. */
  readonly digest: string;
  /** `null`: the well-known one. */
  readonly endpoint: string | null;
}

/** Variables of a loader that are handed on to who fetches for it: they say how to reach the Hub, and change no byte. */
export const HANDED_ON: readonly string[] = [
  'HF_TOKEN',
  'HUGGING_FACE_HUB_TOKEN',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
];

/** A Pod Security "restricted" container that writes to nothing but its volume. */
const SECURITY = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsGroup: 65532,
  runAsNonRoot: true,
  runAsUser: 65532,
  seccompProfile: { type: 'RuntimeDefault' },
};

const NAME = 'assay-fetch';
/** A name that nothing in the Pod has, the same one each time for the same Pod. */
export function freeName(stem: 'assay-fetch' | 'assay-models', taken: Set<string>): string {
  let name: string = stem;
  for (let n = 1; taken.has(name); n++) name = `${stem}-${n}`;
  taken.add(name);
  return name;
}

/** The init container that fetches and verifies. `env`: entries of `HANDED_ON`. */
export function fetcherOf(name: string, fetch: Fetch, image: string, volume: string, env: readonly unknown[]): object {
  return {
    name,
    image,
    args: ['pull', fetch.reference, '--cache', CACHE_FOLDER, '--expect', fetch.digest, '--quiet'],
    env: [...(fetch.endpoint === null ? [] : [{ name: 'HF_ENDPOINT', value: fetch.endpoint }]), ...env],
    resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
    securityContext: SECURITY,
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: volume, mountPath: MODELS_FOLDER }],
  };
}

/** Everything such a container may have. What the API server and its plugins fill in is among it. */
const FIELDS: ReadonlySet<string> = new Set([
  'name',
  'image',
  'imagePullPolicy',
  'args',
  'env',
  'resources',
  'securityContext',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'volumeMounts',
]);
/** Where the ServiceAccount plugin mounts the Pod's token; nothing there is read. */
const TOKEN_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface ReadFetcher extends Fetch {
  readonly volume: string;
}

/**
 * Reads an init container as one of ours. Its name says nothing: it has to be exactly what `fetcherOf` makes, with the image that is
 * configured.
 */
export function readFetcher(container: unknown, image: string): ReadFetcher | undefined {
  if (!isFields(container) || !Object.keys(container).every((key) => FIELDS.has(key))) return undefined;
  if (ownText(container, 'image') !== image || ownText(container, 'name')?.startsWith(NAME) !== true) return undefined;
  if (!isDeepStrictEqual(own(container, 'securityContext'), SECURITY)) return undefined;
  const [verb, reference, , , , digest, ...rest] = ownList(container, 'args').map(String);
  const volume = readMounts(container);
  const endpoint = readEnv(container);
  if (reference === undefined || digest === undefined || volume === undefined || endpoint === undefined)
    return undefined;
  const expected = ['pull', reference, '--cache', CACHE_FOLDER, '--expect', digest, '--quiet'];
  if (verb !== 'pull' || rest.length !== 1 || !isDeepStrictEqual(own(container, 'args'), expected)) return undefined;
  if (!isPinnedModel(reference) || !/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
  return { reference, digest, endpoint, volume };
}

function isPinnedModel(text: string): boolean {
  const [, repo = '', commit] = /^hf:\/\/([^@]{1,200})@([0-9a-f]{40})$/.exec(text) ?? [];
  return isRepoName(repo) && isCommit(commit);
}

/** The volume that it writes to. */
function readMounts(container: unknown): string | undefined {
  const mounts = ownList(container, 'volumeMounts').filter(
    (mount) => !(ownText(mount, 'mountPath') === TOKEN_FOLDER && own(mount, 'readOnly') === true),
  );
  const [mount] = mounts;
  const name = ownText(mount, 'name');
  if (mounts.length !== 1 || name === undefined) return undefined;
  return isDeepStrictEqual(mount, { name, mountPath: MODELS_FOLDER }) ? name : undefined;
}

/** @returns the server, `null` for the well-known one; `undefined` when a variable is there that might change what it does */
function readEnv(container: unknown): string | null | undefined {
  let endpoint: string | null = null;
  for (const entry of ownList(container, 'env')) {
    const name = ownText(entry, 'name') ?? '';
    if (!isPlainEntry(entry)) return undefined;
    if (name === 'HF_ENDPOINT') endpoint = ownText(entry, 'value') ?? '';
    else if (!HANDED_ON.includes(name)) return undefined;
  }
  return endpoint === '' ? undefined : endpoint;
}

/** A variable with a text, or with a key of a Secret or a ConfigMap. */
export function isPlainEntry(entry: unknown): boolean {
  if (!isFields(entry) || Object.keys(entry).some((key) => !['name', 'value', 'valueFrom'].includes(key))) return false;
  const value = own(entry, 'value');
  const from = own(entry, 'valueFrom');
  if (from === undefined) return typeof value === 'string' && !value.includes('$(');
  return (
    value === undefined && isFields(from) && Object.keys(from).every((key) => /^(?:secret|configMap)KeyRef$/.test(key))
  );
}
