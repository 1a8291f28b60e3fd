import {
  BOOL,
  DICT,
  FLOAT,
  INT,
  LIST,
  NONE,
  STR,
  STR_DUNDER,
  TUPLE,
  type Value,
} from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, unexpected } from '../contract.ts';
import { knownArray } from '../native/index.ts';
import { numberOf, otherThan } from '../numbers.ts';

/** Plotly goes through a list again wherever it stands: times that the values of a figure may occur, on average. */
const MAX_SHARING = 4;
const CONTAINER_BYTES = 40;
/** Plotly makes an object of each dict, which takes it some 100 microseconds. */
const MAX_DICTS = 4096;
const MAX_DEPTH = 32;
/** Plotly compares a key that it does not know with all that it knows. */
const KEY = /^(?!__)[A-Za-z_]\w{0,63}$/;
/** Templates by name are joined by `+`, as many as there are. */
const MAX_TEMPLATE = 64;
const PLAIN: ReadonlySet<number> = new Set([NONE, BOOL, FLOAT, STR, STR_DUNDER]);
/** Numbers, dates and texts. */
const ELEMENTS = /^[biufMmU]$/;

/**
 * `Figure(properties)`: the constructor looks each property up in Plotly's own schema and checks its value, and copies it. It
 * calls nothing that it is given, but other values than plain ones have methods, which it calls.
 */
const figure: Contract = (args, context) => {
  const [properties] = args;
  if (args.length !== 1 || properties?.kind !== DICT) return otherThan(properties, 'a dict of properties');
  return new Properties(context).check(properties);
};

class Properties {
  readonly #context: ContractContext;
  readonly #met = new Set<number>();
  /** Values as often as they occur, and each of them once. */
  #values = 0;
  #own = 0;
  #dicts = 0;

  constructor(context: ContractContext) {
    this.#context = context;
  }

  check(of: Value): Breach | undefined {
    const found = this.#value(of, 0);
    this.#context.state.budget.release(CONTAINER_BYTES * this.#met.size);
    if (found !== undefined || this.#context.state.waits) return found;
    return this.#values > MAX_SHARING * this.#own ? unexpected('the figure repeats its lists') : undefined;
  }

  #value(of: Value, depth: number): Breach | undefined {
    this.#context.state.budget.work(1);
    if (depth > MAX_DEPTH) return unexpected('the values of the figure are nested too deep');
    if (of.kind === INT) {
      const number = numberOf(of, this.#context);
      return typeof number === 'number' ? undefined : unexpected('a number of the figure is too large');
    }
    if (PLAIN.has(of.kind)) return undefined;
    if (of.kind === DICT) return this.#dict(of, depth);
    if (of.kind === LIST || of.kind === TUPLE) return this.#each(of, this.#elements(of), depth);
    return ELEMENTS.test(knownArray(of, this.#context)?.letter ?? '') || this.#context.state.waits
      ? undefined
      : otherThan(of, 'plain data');
  }

  /** Counts the values of a container. */
  #count(of: Value, values: number): void {
    // Tuples and other containers are numbered apart.
    const id = of.kind === TUPLE ? -of.ref - 1 : of.ref;
    this.#values += values;
    if (this.#met.has(id)) return;
    this.#context.state.budget.hold(CONTAINER_BYTES);
    this.#met.add(id);
    this.#own += values;
  }

  #elements(of: Value): readonly Value[] | undefined {
    const { state } = this.#context;
    return of.kind === TUPLE ? state.tuple(of) : state.elementsOf(of);
  }

  #each(of: Value, values: readonly Value[] | undefined, depth: number): Breach | undefined {
    if (values === undefined) return unexpected('the elements of a list are unknown');
    this.#count(of, values.length);
    for (const value of values) {
      const found = this.#value(value, depth + 1);
      if (found !== undefined || this.#context.state.waits) return found;
    }
    return undefined;
  }

  #dict(of: Value, depth: number): Breach | undefined {
    const { state } = this.#context;
    const items = state.itemsOf(of);
    if (items === undefined) return unexpected('the properties are unknown');
    this.#count(of, items.length);
    if (++this.#dicts > MAX_DICTS) return unexpected('the figure has more parts than is usual');
    for (let i = 0; i + 1 < items.length; i += 2) {
      const [key, value] = [items[i], items[i + 1]];
      const name = key === undefined ? undefined : state.text(key);
      if (state.waits) return undefined;
      if (value === undefined || name === undefined || !KEY.test(name)) return unexpected('a property has an odd name');
      const found = name === 'template' ? this.#template(value, depth) : this.#value(value, depth + 1);
      if (found !== undefined || state.waits) return found;
    }
    return undefined;
  }

  #template(of: Value, depth: number): Breach | undefined {
    if (of.kind !== STR && of.kind !== STR_DUNDER) return this.#value(of, depth + 1);
    const text = this.#context.state.text(of);
    const known = text !== undefined && text.length <= MAX_TEMPLATE;
    return known || this.#context.state.waits ? undefined : unexpected('the name of a template is too long');
  }
}

export const FIGURE_CALLS: readonly (readonly [string, Contract])[] = [['plotly.graph_objs._figure:Figure', figure]];
