import type { Macro, Node } from './ast.ts';
import { VARIABLES } from './evaluate.ts';
import { MAX_WEIGHT, weightOf } from './pattern.ts';

/** CWE-400: parts of an expression, each evaluated once; ten million take about a second. */
export const MAX_STEPS = 10_000_000;
/** CWE-770: characters of a text, or items of a list, that an expression may make. */
const MAX_SIZE = 10_000_000;

/** The sizes in the view that decide the cost of an expression. */
export interface ViewSizes {
  /** Of something with that name: how many items, and how long its longest text. */
  root(name: string): Size;
  /** Of one field of every item of a list: `items` is the average, `most` the largest number of items. */
  field(root: string, field: string): Size;
}

export interface Size {
  readonly items: number;
  readonly most: number;
  readonly text: number;
}

/** The upper bounds of the cost and of the result of an expression. */
export interface SizeBound extends Size {
  readonly steps: number;
  /** The value is one of the items of this list of the view, or of a selection of it. */
  readonly itemOf?: string | undefined;
  /** The value is this list of the view, or a selection of it. */
  readonly listOf?: string | undefined;
}

/**
 * An upper bound of what evaluating an expression costs: known before it is evaluated, from the sizes of the lists that it
 * loops over.
 */
export function boundOf(node: Node, sizes: ViewSizes, variables: ReadonlyMap<string, SizeBound>): SizeBound {
  return new Estimate(sizes, variables).of(node, new Map());
}

/** Why an expression is not evaluated; `undefined` when it may be. */
export function excessOf({ steps, items, text }: SizeBound): string | undefined {
  if (steps > MAX_STEPS) return 'it loops over too many items: the nested lists are too long';
  return items > MAX_SIZE || text > MAX_SIZE ? 'its result would be a text or a list that is too long' : undefined;
}

type Locals = ReadonlyMap<string, SizeBound>;
const SCALAR: SizeBound = { steps: 1, items: 0, most: 0, text: 0 };
/** A number or a time as text. */
const SHORT_TEXT = 64;
/** Characters that searching and comparing text takes in the time of a step. */
const CHARACTERS_A_STEP = 64;

/** Parts of a pattern that RE2 may have to follow for each character. */
const PARTS_A_STEP = 10;

class Estimate {
  readonly #sizes: ViewSizes;
  readonly #variables: ReadonlyMap<string, SizeBound>;

  constructor(sizes: ViewSizes, variables: ReadonlyMap<string, SizeBound>) {
    this.#sizes = sizes;
    this.#variables = variables;
  }

  of(node: Node, locals: Locals): SizeBound {
    switch (node.kind) {
      case 'const':
        return { ...SCALAR, text: typeof node.value === 'string' ? node.value.length : SHORT_TEXT };
      case 'ident':
        return locals.get(node.name) ?? { ...this.#sizes.root(node.name), steps: 1, listOf: node.name };
      case 'select':
        return this.#select(node.of, node.field, locals);
      case 'has':
        return { ...SCALAR, steps: 1 + this.of(node.of, locals).steps };
      case 'index': {
        const of = this.of(node.of, locals);
        // One item may be visited repeatedly: the average is not a bound.
        return {
          steps: 1 + of.steps + this.of(node.index, locals).steps,
          items: of.most,
          most: of.most,
          text: of.text,
        };
      }
      case 'call':
      case 'method':
        return this.#call(node.name, node.args, locals);
      case 'and':
      case 'or':
        return { ...SCALAR, steps: total(node.terms.map((term) => this.of(term, locals))) };
      case 'if':
        return this.#joined([node.test, node.yes, node.no], locals);
      case 'list':
        return { ...this.#joined(node.items, locals), items: node.items.length, most: node.items.length };
      case 'map':
        return { ...this.#joined(node.entries.flat(), locals), items: node.entries.length, most: node.entries.length };
      case 'macro':
        return this.#macro(node, locals);
    }
  }

  #call(name: string, nodes: readonly Node[], locals: Locals): SizeBound {
    const args = nodes.map((arg) => this.of(arg, locals));
    if (name !== 'matches') return callBound(name, args);
    const [text = SCALAR] = args;
    const [, pattern] = nodes;
    const weight =
      pattern?.kind === 'const' && typeof pattern.value === 'string' ? weightOf(pattern.value) : MAX_WEIGHT;
    return { ...SCALAR, steps: total(args) + text.text * (1 + weight / PARTS_A_STEP) };
  }

  #select(of: Node, field: string, locals: Locals): SizeBound {
    if (of.kind === 'ident' && of.name === VARIABLES) return { ...SCALAR, ...this.#variables.get(field), steps: 1 };
    const { steps, itemOf, listOf, items, most, text } = this.of(of, locals);
    const root = itemOf ?? listOf;
    const size = root === undefined ? { items: most, most, text } : this.#sizes.field(root, field);
    return {
      items: Math.max(size.items, root === undefined ? items : 0),
      most: size.most,
      text: size.text,
      steps: 1 + steps,
    };
  }

  #joined(nodes: readonly Node[], locals: Locals): SizeBound {
    const bounds = nodes.map((node) => this.of(node, locals));
    const largest = (of: (bound: SizeBound) => number) => Math.max(0, ...bounds.map(of));
    const most = largest((bound) => Math.max(bound.items, bound.most));
    return { steps: total(bounds), items: most, most, text: largest(({ text }) => text) };
  }

  #macro(node: Macro, locals: Locals): SizeBound {
    const over = this.of(node.over, locals);
    const item: SizeBound = { steps: 1, items: over.most, most: over.most, text: over.text, itemOf: over.listOf };
    const inner = new Map([...locals, [node.variable, item]]);
    const body = this.of(node.body, inner);
    const test = node.test === undefined ? 0 : this.of(node.test, inner).steps;
    const steps = over.steps + over.items * (1 + body.steps + test);
    const { items } = over;
    if (node.name === 'filter') return { ...over, steps };
    if (node.name !== 'map') return { ...SCALAR, steps };
    return { steps, items, most: Math.max(items, body.items, body.most), text: body.text };
  }
}

function total(bounds: readonly SizeBound[]): number {
  return bounds.reduce((sum, { steps }) => sum + steps, 1);
}

function callBound(name: string, args: readonly SizeBound[]): SizeBound {
  const [a = SCALAR, b = SCALAR, c = SCALAR] = args;
  const steps = total(args);
  const search = (a.text + b.text) / CHARACTERS_A_STEP;
  switch (name) {
    case '_+_': {
      const items = a.items + b.items;
      return {
        steps: steps + items / CHARACTERS_A_STEP,
        items,
        most: Math.max(items, a.most, b.most),
        text: a.text + b.text,
      };
    }
    case '_==_':
    case '_!=_':
      return { ...SCALAR, steps: steps + search + Math.min(a.items, b.items) * (1 + Math.max(a.most, b.most)) };
    case '@in':
      return { ...SCALAR, steps: steps + b.items * (1 + search) };
    case 'join': {
      const text = a.items * (a.text + b.text);
      return { ...SCALAR, steps: steps + a.items + text / CHARACTERS_A_STEP, text };
    }
    case 'split':
      return { steps: steps + a.text, items: a.text + 1, most: a.text + 1, text: a.text };
    case 'replace':
      return { ...SCALAR, steps: steps + a.text, text: (a.text + 1) * Math.max(1, c.text) };
    case 'string':
      return { ...SCALAR, steps, text: Math.max(SHORT_TEXT, a.text) };
    default:
      return { ...SCALAR, steps: steps + search, text: a.text };
  }
}
