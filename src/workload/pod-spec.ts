import { COST, type Collector, NO_FLAGS } from './collector.ts';
import { type ReadContainer, readContainer } from './container.ts';
import { emitContainer, emitRead } from './emit.ts';
import { isFields, own, ownList, ownText, step } from './own.ts';
import { readReference } from './reference.ts';
import { ANNOTATIONS } from './table/index.ts';
import { isModelVolume, MODEL_NAMES, type Mount, readMounts, readVolumes, type Volume } from './volumes.ts';

const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** A folder that the platform itself fills, and the containers that use it. */
export interface Injected {
  readonly folder: string | undefined;
  readonly onInjected: (where: string) => void;
  /** Volumes that the object adds to its Pods. */
  readonly claims: ReadonlyMap<string, Volume>;
}

interface Mounted {
  readonly container: ReadContainer;
  readonly mounts: readonly Mount[];
}

/** Reads the containers and volumes of a PodSpec. */
export function readPodSpec(
  podSpec: unknown,
  where: string,
  collector: Collector,
  injected: Injected,
): readonly ReadContainer[] {
  if (!isFields(podSpec) || !collector.podSpec(where) || !collector.visit(where, COST.podSpec)) return [];
  const volumes = new Map([...injected.claims, ...readVolumes(podSpec, where, collector)]);
  const all: Mounted[] = [];
  for (const list of LISTS) {
    const containers = ownList(podSpec, list);
    if (!collector.visit(step(where, list), containers.length * COST.container)) break;
    for (const [index, item] of containers.entries()) {
      const at = step(step(where, list), index);
      const mounts = readMounts(item, volumes, at, collector);
      all.push({ container: readContainer(item, at, collector), mounts });
    }
  }
  const empty: { readonly volume: string; readonly where: string; readonly reader: ReadContainer }[] = [];
  for (const { container, mounts } of all) {
    const onEmpty = (volume: string, place: string) => void empty.push({ volume, where: place, reader: container });
    emitContainer(container, {
      collector,
      mounts,
      onEmpty,
      injected: injected.folder,
      onInjected: injected.onInjected,
    });
  }
  const writers = writersOf(all);
  for (const { volume, where: place, reader } of empty) {
    const { all: writing, known } = writers.get(volume) ?? { all: new Set(), known: new Set() };
    // Every other container that may write there must be known to download a found reference.
    const others = writing.size - (writing.has(reader) ? 1 : 0);
    const knownOthers = known.size - (known.has(reader) ? 1 : 0);
    if (others > 0 && others === knownOthers) continue;
    collector.unresolved(place, `is in the volume ${volume}, which starts empty, and is filled by unknown content`);
  }
  emitVolumes(volumes, all, collector);
  return all.map(({ container }) => container);
}

interface Writers {
  readonly all: Set<ReadContainer>;
  /** Those that are told of a reference. */
  readonly known: Set<ReadContainer>;
}

/** Containers that may write to each volume. */
function writersOf(all: readonly Mounted[]): ReadonlyMap<string, Writers> {
  const writers = new Map<string, Writers>();
  for (const { container, mounts } of all) {
    for (const { name, readOnly } of mounts) {
      if (readOnly) continue;
      const of = writers.get(name) ?? { all: new Set(), known: new Set() };
      of.all.add(container);
      if (container.told.found.length > 0) of.known.add(container);
      writers.set(name, of);
    }
  }
  return writers;
}

/** Volumes that are a model, and those that a loader of models mounts or that are named after one. */
function emitVolumes(volumes: ReadonlyMap<string, Volume>, all: readonly Mounted[], collector: Collector): void {
  const wanted = new Set<string>();
  for (const { container, mounts } of all) {
    for (const mount of mounts) {
      const named = MODEL_NAMES.test(mount.name) || MODEL_NAMES.test(mount.path.slice(0, 200));
      if (container.loads || named) wanted.add(mount.name);
    }
  }
  for (const volume of volumes.values()) {
    const { name, where, via, read } = volume;
    if (read === undefined || !(isModelVolume(volume) || wanted.has(name))) continue;
    emitRead(read, { role: 'model', where, container: null, via, flags: NO_FLAGS }, new Map(), collector);
  }
}

/** Annotations of a Pod, or of the template of one, that name a model. */
export function readAnnotations(metadata: unknown, where: string, collector: Collector): void {
  const annotations = own(metadata, 'annotations');
  for (const { id, name, finds } of ANNOTATIONS) {
    const text = ownText(annotations, name);
    if (text === undefined) continue;
    const at = step(step(where, 'annotations'), name);
    const target = { role: finds, where: at, container: null, via: id, flags: NO_FLAGS };
    emitRead(readReference(text, 'path'), target, new Map(), collector);
  }
}
