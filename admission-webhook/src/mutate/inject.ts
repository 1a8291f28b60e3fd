import type { Asked } from '../../../src/snapshot/index.ts';
import { own, ownList, ownText, type WorkloadReference } from '../../../src/workload/index.ts';
import { shownReference } from '../decide/index.ts';
import type { Mutation, PatchOperation } from '../patch.ts';
import type { SnapshotIndex } from '../state.ts';
import { valueAt } from './apply.ts';
import {
  type Fetch,
  fetcherOf,
  freeName,
  HANDED_ON,
  isPlainEntry,
  LOADER_ENV,
  MODELS_FOLDER,
  readFetcher,
} from './fetcher.ts';
import { type ContainerPlace, clashes, containerOf, whyElsewhere, whyOpen } from './loader-place.ts';
import { revisionOf } from './pins.ts';
import { verifyInjected } from './verify.ts';

export interface InjectContext {
  readonly image: string;
  readonly index: SnapshotIndex;
  readonly asked: Asked;
}

/** Init containers of one Pod. */
const MAX_FETCHES = 8;

interface Loader {
  readonly place: ContainerPlace;
  readonly fetches: readonly Fetch[];
}

/**
 * Has the approved models of a new Pod fetched and verified before it starts, and its loaders read those alone.
 * @param references of the Pod as it is given, pins written
 */
export function injectFetches(
  pod: unknown,
  references: readonly WorkloadReference[],
  context: InjectContext,
): Mutation {
  const warnings: string[] = [];
  const wanted = loadersOf(pod, references, context, warnings);
  if (wanted.length === 0) return { patch: [], warnings };
  const open = whyOpen(pod);
  if (open !== undefined) return { patch: [], warnings: [...warnings, `models are not fetched and verified: ${open}`] };
  const { fetches, loaders, left } = bounded(wanted);
  for (const { place } of left)
    warnings.push(
      `models of ${place.at} are not fetched and verified: a Pod has at most ${MAX_FETCHES}, each from one server`,
    );
  if (loaders.length === 0) return { patch: [], warnings };
  return { patch: operations(pod, loaders, fetches, context.image), warnings };
}

/** The containers whose models of the Hub are all approved and can all be fetched; why the others cannot goes to `warnings`. */
function loadersOf(
  pod: unknown,
  references: readonly WorkloadReference[],
  context: InjectContext,
  warnings: string[],
): readonly Loader[] {
  const byContainer = new Map<string, { readonly place: ContainerPlace; readonly found: WorkloadReference[] }>();
  for (const found of references) {
    const place = containerOf(found.where);
    if (isShared(found)) warnings.push(sharedWarning(found));
    if (place === undefined || found.role === 'image' || isShared(found)) continue;
    if (readFetcher(valueAt(pod, place.at), context.image) !== undefined) continue;
    const known = byContainer.get(place.at) ?? { place, found: [] };
    known.found.push(found);
    byContainer.set(place.at, known);
  }
  const loaders: Loader[] = [];
  for (const { place, found } of byContainer.values()) {
    const { image, index: decisions, asked } = context;
    const expected = { image, decisions, now: asked.now };
    if (found.every((one) => verifyInjected(pod, one, expected).kind === 'verified')) continue;
    const fetches: Fetch[] = [];
    const why = found.map((one) => whyNotFetched(pod, place, one, context, fetches)).find((one) => one !== undefined);
    if (why === undefined) loaders.push({ place, fetches });
    else if (why !== '') warnings.push(why);
  }
  return loaders;
}

/** @returns a warning; an empty one where what is wrong is told when the Pod is decided on */
function whyNotFetched(
  pod: unknown,
  place: ContainerPlace,
  found: WorkloadReference,
  { index, asked }: InjectContext,
  fetches: Fetch[],
): string | undefined {
  const { reference, endpoint, codeRevision } = found;
  const answer = index.lookup({ ref: reference, endpoint }, asked);
  if (answer.kind !== 'approved') return '';
  const why = (text: string) => `${shownReference(reference)} is not fetched and verified: ${text}`;
  if (!reference.startsWith('hf://')) return why('only models of the Hub can be');
  if (!answer.entry.refs.includes(reference)) return why('only a part of a repository was named');
  if (codeRevision !== null && codeRevision !== revisionOf(reference)) return why('its code has another revision');
  if (place.list === 'ephemeralContainers') return why('an ephemeral container loads it');
  const elsewhere = whyElsewhere(pod, place, found);
  if (elsewhere !== undefined) return why(elsewhere);
  const mounts = ownList(valueAt(pod, place.at), 'volumeMounts');
  const clash = mounts.find((mount) => clashes(ownText(mount, 'mountPath') ?? '/'));
  if (clash !== undefined) return why(`the container has its own mount at ${MODELS_FOLDER}, or around it`);
  fetches.push({ reference, digest: answer.entry.digest, endpoint });
  return undefined;
}

/** A volume of a claim, or a folder of the node. */
function isShared({ reference }: WorkloadReference): boolean {
  return /^(?:pvc|node):\/\//.test(reference);
}

function sharedWarning({ reference }: WorkloadReference): string {
  return `${shownReference(reference)} is not verified: others may write to that volume after any check, and before the model is loaded`;
}

interface Bounded {
  readonly fetches: ReadonlyMap<string, { readonly fetch: Fetch; readonly loader: Loader }>;
  readonly loaders: readonly Loader[];
  readonly left: readonly Loader[];
}

/** Every model is fetched once, from one server: the cache tells no two apart. */
function bounded(wanted: readonly Loader[]): Bounded {
  const fetches = new Map<string, { readonly fetch: Fetch; readonly loader: Loader }>();
  const [loaders, left]: [Loader[], Loader[]] = [[], []];
  for (const loader of wanted) {
    const fits = loader.fetches.every(({ reference, endpoint }) => {
      const known = fetches.get(reference);
      return known === undefined || known.fetch.endpoint === endpoint;
    });
    const added = new Set(loader.fetches.map(({ reference }) => reference).filter((one) => !fetches.has(one)));
    if (!fits || fetches.size + added.size > MAX_FETCHES) {
      left.push(loader);
      continue;
    }
    loaders.push(loader);
    for (const fetch of loader.fetches)
      if (!fetches.has(fetch.reference)) fetches.set(fetch.reference, { fetch, loader });
  }
  return { fetches, loaders, left };
}

function operations(
  pod: unknown,
  loaders: readonly Loader[],
  fetches: Bounded['fetches'],
  image: string,
): readonly PatchOperation[] {
  const spec = own(pod, 'spec');
  const all = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => [...ownList(spec, list)]);
  const names = namesOf(all);
  // A mount may name a volume that is not there: it would be ours.
  const mounted = all.flatMap((one) => [...ownList(one, 'volumeMounts')]);
  const volume = freeName('assay-models', namesOf([...ownList(spec, 'volumes'), ...mounted]));
  const containers = [...fetches.values()].map(({ fetch, loader }) =>
    fetcherOf(freeName('assay-fetch', names), fetch, image, volume, handedOn(valueAt(pod, loader.place.at))),
  );
  return [
    ...loaders.flatMap(({ place }) => loaderOperations(pod, place.at, volume)),
    ...appended(pod, '/spec/volumes', { name: volume, emptyDir: {} }),
    ...prepended(pod, containers),
  ];
}

function namesOf(list: readonly unknown[]): Set<string> {
  return new Set(list.map((one) => ownText(one, 'name') ?? ''));
}

/** The last of several entries counts. */
function handedOn(container: unknown): readonly unknown[] {
  const env = ownList(container, 'env');
  return HANDED_ON.flatMap((name) => {
    const entry = env.findLast((one) => ownText(one, 'name') === name);
    return entry !== undefined && isPlainEntry(entry) ? [entry] : [];
  });
}

/** Ours stand first, so that variables which mention them read them; whatever else was said by their names is gone. */
function loaderOperations(pod: unknown, at: string, volume: string): readonly PatchOperation[] {
  const env = valueAt(pod, `${at}/env`);
  const theirs = (Array.isArray(env) ? env : []).filter(
    (entry) => !Object.hasOwn(LOADER_ENV, ownText(entry, 'name') ?? ''),
  );
  const ours = Object.entries(LOADER_ENV).map(([name, value]) => ({ name, value }));
  return [
    { op: 'add', path: `${at}/env`, value: [...ours, ...theirs] },
    ...appended(pod, `${at}/volumeMounts`, { name: volume, mountPath: MODELS_FOLDER, readOnly: true }),
  ];
}

function appended(pod: unknown, path: string, value: unknown): readonly PatchOperation[] {
  return Array.isArray(valueAt(pod, path))
    ? [{ op: 'add', path: `${path}/-`, value }]
    : [{ op: 'add', path, value: [value] }];
}

/** Before all others: one of those may be a loader. */
function prepended(pod: unknown, containers: readonly object[]): readonly PatchOperation[] {
  const path = '/spec/initContainers';
  if (!Array.isArray(valueAt(pod, path))) return [{ op: 'add', path, value: containers }];
  return containers.toReversed().map((value) => ({ op: 'add', path: `${path}/0`, value }));
}
