import { isDeepStrictEqual } from 'node:util';
import { isFields, own, ownList, ownText, type WorkloadReference } from '../../../src/workload/index.ts';
import type { InjectionCheck, OwnContainerCheck } from '../decide/index.ts';
import type { MutationOptions } from '../patch.ts';
import type { SnapshotIndex, WebhookState } from '../state.ts';
import { valueAt } from './apply.ts';
import { LOADER_ENV, MODELS_FOLDER, type ReadFetcher, readFetcher } from './fetcher.ts';
import { clashes, containerOf, whyElsewhere, whyOpen } from './loader-place.ts';

/** What an injection is held against. */
export interface ExpectedInjection {
  /** Image of the init container. */
  readonly image: string;
  readonly decisions: Pick<SnapshotIndex, 'lookup'>;
  readonly now: Date;
}

export type InjectionAnswer =
  | { readonly kind: 'verified' }
  /** Why what was verified is not known to be what is loaded. */
  | { readonly kind: 'unverified'; readonly why: string };

/** What `decideReview` asks, when bytes are fetched for the objects of the webhook. */
export function injectionCheck(options: MutationOptions, state: WebhookState, now: Date): InjectionCheck {
  const { fetch } = options;
  const { snapshot } = state;
  if (fetch === null || snapshot.kind === 'none') return () => false;
  const expected = { image: fetch.image, decisions: snapshot.index, now };
  return (object, found) => verifyInjected(object, found, expected).kind === 'verified';
}

/** Whether a container is exactly an init container that the webhook adds. */
export function ownContainerCheck({ fetch }: MutationOptions): OwnContainerCheck {
  return (container) => fetch !== null && readFetcher(container, fetch.image) !== undefined;
}

/**
 * Whether a reference of a Pod is loaded from bytes that an init container of ours fetched and verified. Nothing is believed for its
 * name: the init containers have to be exactly as they are made here, the volume theirs alone to write, and the loader told to read
 * nothing else. Never throws, whatever the object is.
 */
export function verifyInjected(
  object: unknown,
  found: WorkloadReference,
  expected: ExpectedInjection,
): InjectionAnswer {
  const why = whyNot(object, found, expected);
  return why === undefined ? { kind: 'verified' } : { kind: 'unverified', why };
}

function whyNot(object: unknown, found: WorkloadReference, expected: ExpectedInjection): string | undefined {
  if (ownText(object, 'kind') !== 'Pod' || ownText(object, 'apiVersion') !== 'v1') return 'it is not a Pod';
  const place = containerOf(found.where);
  if (place === undefined || !found.pinned || !found.reference.startsWith('hf://'))
    return 'it is not a pinned model of the Hub';
  const open = whyOpen(object);
  if (open !== undefined) return open;
  const volume = volumeOf(valueAt(object, place.at));
  if (volume === undefined) return 'the container does not mount the verified models read-only';
  const spec = own(object, 'spec');
  const fetchers = fetchersOf(spec, volume, expected.image);
  if (typeof fetchers === 'string') return fetchers;
  const before = place.list === 'initContainers' ? fetchers.filter(({ index }) => index < place.index) : fetchers;
  return (
    whyNotFetched(found, before, fetchers, expected) ??
    whyNotEmpty(spec, volume) ??
    whyLoose(valueAt(object, place.at)) ??
    whyElsewhere(object, place, found)
  );
}

/** The one volume that a container mounts where the models are. */
function volumeOf(container: unknown): string | undefined {
  const mounts = ownList(container, 'volumeMounts').filter((mount) => clashes(ownText(mount, 'mountPath') ?? '/'));
  const [mount] = mounts;
  const name = ownText(mount, 'name');
  const isOurs = isDeepStrictEqual(mount, { name, mountPath: MODELS_FOLDER, readOnly: true });
  return mounts.length === 1 && isOurs ? name : undefined;
}

interface PlacedFetcher extends ReadFetcher {
  readonly index: number;
}

/** All that may write to the volume; a sentence when somebody else may. */
function fetchersOf(spec: unknown, volume: string, image: string): readonly PlacedFetcher[] | string {
  const fetchers: PlacedFetcher[] = [];
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const [index, container] of ownList(spec, list).entries()) {
      const writes = ownList(container, 'volumeMounts').some(
        (mount) => ownText(mount, 'name') === volume && own(mount, 'readOnly') !== true,
      );
      if (!writes) continue;
      const fetcher = list === 'initContainers' ? readFetcher(container, image) : undefined;
      if (fetcher === undefined) return 'another container may write to the verified models';
      fetchers.push({ ...fetcher, index });
    }
  }
  return fetchers;
}

function whyNotFetched(
  found: WorkloadReference,
  before: readonly PlacedFetcher[],
  all: readonly PlacedFetcher[],
  { decisions, now }: ExpectedInjection,
): string | undefined {
  const fetcher = before.find(({ reference }) => reference === found.reference);
  if (fetcher === undefined) return 'no init container of the webhook fetches it';
  // The later one would write over the earlier.
  if (all.some(({ reference, digest }) => reference === found.reference && digest !== fetcher.digest))
    return 'it is fetched twice with different digests';
  const answer = decisions.lookup({ ref: found.reference, endpoint: found.endpoint }, { now });
  if (answer.kind !== 'approved' || answer.entry.digest !== fetcher.digest)
    return 'it is fetched with a digest that is not the approved one';
  return undefined;
}

function whyNotEmpty(spec: unknown, volume: string): string | undefined {
  const volumes = ownList(spec, 'volumes').filter((one) => ownText(one, 'name') === volume);
  const [only] = volumes;
  const isEmptyDir = isFields(only) && Object.keys(only).length === 2 && isFields(own(only, 'emptyDir'));
  return volumes.length === 1 && isEmptyDir
    ? undefined
    : 'the volume of the verified models is not an empty folder of the Pod';
}

/** Of several entries the last counts, and one alone cannot be argued about. */
function whyLoose(container: unknown): string | undefined {
  const env = ownList(container, 'env');
  for (const [name, value] of Object.entries(LOADER_ENV)) {
    const entries = env.filter((entry) => ownText(entry, 'name') === name);
    if (entries.length !== 1 || !isDeepStrictEqual(entries[0], { name, value }))
      return `${name} is not exactly ${value}, so it may load from elsewhere`;
  }
  return undefined;
}
