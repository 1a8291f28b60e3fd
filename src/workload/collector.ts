import { cut } from '../core/index.ts';
import type {
  LoaderFlags,
  RunPlace,
  Unresolved,
  WorkloadImage,
  WorkloadReference,
  WorkloadReferences,
} from './result.ts';

/** Values looked at in one object: a 3 MB object of the API server has fewer. */
const MAX_NODES = 400_000;
/** What reading a container, a PodSpec and a reference costs, in values looked at (measured, roughly). */
export const COST = { container: 200, podSpec: 50, reference: 20 } as const;
/** Nesting that is followed. */
export const MAX_DEPTH = 64;
/** Kept of each list. */
const MAX_KEPT_ITEMS = 1_000;
/** Characters of one value that names a model. */
export const MAX_TEXT = 4_096;
const MAX_SHOWN = 200;

export const NO_FLAGS: LoaderFlags = { trustRemoteCode: false, codeRevision: null, loadFormat: null, offline: false };

/** Gathers what is found in one object, and stops when that costs too much. */
export class Collector {
  readonly #references = new Map<string, WorkloadReference>();
  readonly #unresolved = new Map<string, Unresolved>();
  readonly #images: WorkloadImage[] = [];
  readonly #podSpecs = new Set<string>();
  readonly #runs: RunPlace[] = [];
  readonly #places = new Set<string>();
  #nodes = 0;

  /** Counts a value that is looked at; false once there are too many, which is then told. */
  visit(where: string, count = 1): boolean {
    this.#nodes += count;
    if (this.#nodes <= MAX_NODES) return true;
    this.unresolved('', `the object has more than ${MAX_NODES} values; the rest from ${shown(where)} on was not read`);
    return false;
  }

  /** The first row that finds something at a place tells it. */
  reference(found: WorkloadReference): void {
    this.#places.add(found.where);
    const key = `${found.where} ${found.reference} ${found.role}`;
    if (this.#references.has(key)) return;
    if (this.#references.size >= MAX_KEPT_ITEMS) this.unresolved('', `has more than ${MAX_KEPT_ITEMS} references`);
    else this.#references.set(key, found);
  }

  unresolved(where: string, why: string): void {
    this.#places.add(where);
    if (this.#unresolved.size >= MAX_KEPT_ITEMS) return;
    // The rest of a reported place is not reported again.
    const key = where === '' ? why : `${where} ${why}`;
    if (where === '' && this.#unresolved.has(key.slice(0, 40))) return;
    this.#unresolved.set(where === '' ? key.slice(0, 40) : key, { where, why });
  }

  image(image: WorkloadImage): void {
    if (this.#images.length < MAX_KEPT_ITEMS) this.#images.push(image);
    else this.unresolved('', `has more than ${MAX_KEPT_ITEMS} containers`);
  }

  /** False for a PodSpec that was read before. */
  podSpec(where: string): boolean {
    if (this.#podSpecs.has(where)) return false;
    this.#podSpecs.add(where);
    this.#runs.push({ where, what: 'pod-spec' });
    return true;
  }

  /** Something that runs, beside PodSpecs. */
  run(run: RunPlace): void {
    this.#runs.push(run);
  }

  /** Whether something was reported at a place. */
  has(where: string): boolean {
    return this.#places.has(where);
  }

  get size(): number {
    return this.#references.size;
  }

  result(): WorkloadReferences {
    return {
      references: [...this.#references.values()],
      unresolved: [...this.#unresolved.values()],
      images: this.#images,
      podSpecs: this.#podSpecs.size,
      runs: this.#runs,
    };
  }
}

/** Of a value in a message. */
export function shown(text: string): string {
  return cut(text, MAX_SHOWN);
}
