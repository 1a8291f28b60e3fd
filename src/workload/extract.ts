import { hasModelScheme } from './arguments.ts';
import { COST, Collector, MAX_DEPTH, NO_FLAGS } from './collector.ts';
import { type ReadContainer, readContainer } from './container.ts';
import { emitContainer, emitRead } from './emit.ts';
import { readFields } from './fields.ts';
import { isFields, own, ownText, step } from './own.ts';
import { compilePath, followPath } from './path.ts';
import { type Injected, readAnnotations, readPodSpec } from './pod-spec.ts';
import { readReference } from './reference.ts';
import type { WorkloadReferences } from './result.ts';
import { POD_SPECS } from './table/index.ts';
import { readClaims } from './volumes.ts';

interface Compiled {
  readonly kinds: ReadonlySet<string>;
  readonly paths: readonly ReturnType<typeof compilePath>[];
  readonly containers: readonly ReturnType<typeof compilePath>[];
  readonly runs: string | undefined;
}

const PLACES: readonly Compiled[] = POD_SPECS.map(({ group, kinds, paths, containers = [], runs }) => ({
  kinds: new Set(kinds.map((kind) => `${group}/${kind}`)),
  paths: paths.map(compilePath),
  containers: containers.map(compilePath),
  runs,
}));

/** The group that fills a folder of each of its containers with the model that the object names. */
const KSERVE = 'serving.kserve.io';
const KSERVE_FOLDER = '/mnt/models';

/**
 * Finds every reference to a model in a Kubernetes object, as the API server sends it or as a manifest says it. Nothing is fetched
 * or resolved, and nothing in the object makes it throw.
 * @param object parsed JSON, of any kind
 */
export function extractReferences(object: unknown): WorkloadReferences {
  const collector = new Collector();
  const group = groupOf(ownText(object, 'apiVersion') ?? '');
  const groupKind = `${group}/${ownText(object, 'kind') ?? ''}`;
  const waiting: string[] = [];
  const injected: Injected = {
    folder: group === KSERVE ? KSERVE_FOLDER : undefined,
    onInjected: (where) => void waiting.push(where),
    claims: readClaims(object, collector),
  };
  const loaders = new Map<string, ReadContainer>();
  readPlaces(object, groupKind, loaders, collector, injected);
  readFields(object, groupKind, loaders, collector);
  new Walk(collector, injected).from(object);
  if (collector.size === 0) {
    for (const where of waiting) collector.unresolved(where, `what is put into ${KSERVE_FOLDER} is unknown`);
  }
  return collector.result();
}

/** `apps` of `apps/v1`; empty for the core group. */
function groupOf(apiVersion: string): string {
  const slash = apiVersion.lastIndexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function readPlaces(
  object: unknown,
  groupKind: string,
  loaders: Map<string, ReadContainer>,
  collector: Collector,
  injected: Injected,
): void {
  const root = { value: object, where: '' };
  for (const { kinds, paths, containers, runs } of PLACES) {
    if (!kinds.has(groupKind)) continue;
    for (const { value, where } of paths.flatMap((path) => followPath(path, root, collector))) {
      for (const one of readPodSpec(value, where, collector, injected)) loaders.set(one.where, one);
    }
    for (const { value, where } of containers.flatMap((path) => followPath(path, root, collector))) {
      if (!isFields(value) || !collector.visit(where, COST.container)) continue;
      collector.run({ where, what: 'container' });
      const container = readContainer(value, where, collector, runs);
      loaders.set(where, container);
      const { folder, onInjected } = injected;
      emitContainer(container, { collector, mounts: [], onEmpty: () => {}, injected: folder, onInjected });
    }
  }
}

/** Parts of an object that tell what was, not what runs. */
const NOT_WALKED: ReadonlySet<string> = new Set(['/status', '/metadata/managedFields']);
/** Of a PodSpec, what was read with it. */
const OF_POD_SPEC: ReadonlySet<string> = new Set(['containers', 'initContainers', 'ephemeralContainers', 'volumes']);

/**
 * Searches the whole object for parts that no row knows: PodSpecs by their shape, annotations of templates, references by
 * scheme.
 */
class Walk {
  readonly #collector: Collector;
  readonly #injected: Injected;

  constructor(collector: Collector, injected: Injected) {
    this.#collector = collector;
    this.#injected = injected;
  }

  from(object: unknown): void {
    this.#value(object, '', 0);
  }

  #value(value: unknown, where: string, depth: number): void {
    if (typeof value === 'string') {
      this.#text(value, where);
      return;
    }
    if (typeof value !== 'object' || value === null || NOT_WALKED.has(where)) return;
    if (depth > MAX_DEPTH) {
      this.#collector.unresolved(where, `is nested more than ${MAX_DEPTH} deep`);
      return;
    }
    if (Array.isArray(value)) {
      if (!this.#collector.visit(where, value.length)) return;
      for (const [index, item] of value.entries()) this.#value(item, step(where, index), depth + 1);
    } else this.#object(value, where, depth);
  }

  #object(value: object, where: string, depth: number): void {
    const names = Object.keys(value);
    if (!this.#collector.visit(where, names.length)) return;
    const isPodSpec = hasContainers(value);
    if (isPodSpec) readPodSpec(value, where, this.#collector, this.#injected);
    readAnnotations(own(value, 'metadata'), step(where, 'metadata'), this.#collector);
    for (const name of names) {
      if (isPodSpec && OF_POD_SPEC.has(name)) continue;
      this.#value(own(value, name), step(where, name), depth + 1);
    }
  }

  #text(text: string, where: string): void {
    if (!hasModelScheme(text) || where.startsWith('/metadata/') || this.#collector.has(where)) return;
    if (!this.#collector.visit(where, COST.reference)) return;
    const target = { role: 'model', where, container: null, via: 'scheme', flags: NO_FLAGS } as const;
    emitRead(readReference(text, 'path'), target, new Map(), this.#collector);
  }
}

/** A list of containers: each has a name or an image. */
function hasContainers(value: unknown): boolean {
  for (const field of OF_POD_SPEC) {
    const list = field === 'volumes' ? undefined : own(value, field);
    if (!Array.isArray(list)) continue;
    const [first] = list;
    if (ownText(first, 'image') !== undefined || ownText(first, 'name') !== undefined) return true;
  }
  return false;
}
