import { type Bindings, celLibrary, type Size, type ViewSizes } from '../../../src/policy/index.ts';
import { isFields, own } from '../../../src/workload/index.ts';
import type { PolicyInput } from '../policies.ts';
import { schemeOfReference } from './loader.ts';

type Input = Bindings[string];

/** CWE-400: of the object, as rules see it; a larger one is not shown, so that rules which look at it deny. */
const MAX_VALUES = 20_000;
const MAX_DEPTH = 64;

/** A review as rules see it: what `policy-schema.ts` describes. The object is made when a rule asks for it. */
export class AdmissionView {
  readonly bindings: Bindings;
  readonly sizes: ViewSizes;
  /** Why a part cannot be seen. */
  problem: string | undefined;
  readonly #largest = { items: 0, text: 0 };
  #object: unknown;
  #values = 0;

  constructor(input: PolicyInput) {
    const { found, rule, outcomes } = input;
    const shown = {
      request: this.#take(requestOf(input)),
      references: this.#take(found.references.map((one) => ({ ...one, scheme: schemeOfReference(one.reference) }))),
      unresolved: this.#take(found.unresolved),
      images: this.#take(found.images),
      podSpecs: BigInt(found.podSpecs),
      rule: this.#take({ mode: rule.mode, stage: rule.stage }),
      outcomes: this.#take(outcomes),
    };
    const object = () => {
      this.#object ??= this.#objectOf(input.request.object);
      return this.#object;
    };
    this.bindings = Object.defineProperty(shown, 'object', { get: object, enumerable: true });
    // Whatever is walked is no longer than the longest list, and the object's is known once it is made.
    const size = (): Size => ({ items: this.#largest.items, most: this.#largest.items, text: this.#largest.text });
    this.sizes = {
      root: (name) => {
        if (name === 'object') object();
        return size();
      },
      field: (root) => {
        if (root === 'object') object();
        return size();
      },
    };
  }

  /** A value, or the error that whatever asks for it meets. */
  #objectOf(object: unknown): unknown {
    this.#values = 0;
    const value = this.#convert(object, 0);
    if (value !== undefined) return value;
    this.problem = `the object has more than ${MAX_VALUES} values, or is nested more than ${MAX_DEPTH} deep`;
    return celLibrary().cel.celError(this.problem);
  }

  /** Of our own making, and bounded by what is extracted at most. */
  #take(value: unknown): Input {
    this.#values = Number.NEGATIVE_INFINITY;
    return this.#convert(value, 0) ?? null;
  }

  #convert(value: unknown, depth: number): Input | undefined {
    if (++this.#values > MAX_VALUES || depth > MAX_DEPTH) return undefined;
    if (typeof value === 'string') {
      this.#largest.text = Math.max(this.#largest.text, value.length);
      return value;
    }
    if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
    if (typeof value === 'boolean' || typeof value === 'bigint') return value;
    if (Array.isArray(value)) return this.#list(value, depth);
    return isFields(value) ? this.#map(value, depth) : null;
  }

  #list(items: readonly unknown[], depth: number): Input | undefined {
    this.#largest.items = Math.max(this.#largest.items, items.length);
    const list: Input[] = [];
    for (const item of items) {
      const value = this.#convert(item, depth + 1);
      if (value === undefined) return undefined;
      list.push(value);
    }
    return celLibrary().cel.celList(list);
  }

  #map(fields: object, depth: number): Input | undefined {
    const names = Object.keys(fields);
    this.#largest.items = Math.max(this.#largest.items, names.length);
    const map = new Map<string, Input>();
    for (const name of names) {
      const value = this.#convert(own(fields, name), depth + 1);
      if (value === undefined) return undefined;
      map.set(name, value);
    }
    return celLibrary().cel.celMap(map);
  }
}

function requestOf({ request }: PolicyInput): object {
  const { operation, group, version, kind, resource, subResource, namespace, name, user, dryRun, object } = request;
  const metadata = own(object, 'metadata');
  return {
    ...{ operation, group, version, kind, resource, subResource, namespace, name, dryRun },
    username: user.username,
    groups: user.groups,
    labels: textsOf(own(metadata, 'labels')),
    annotations: textsOf(own(metadata, 'annotations')),
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isFields(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
