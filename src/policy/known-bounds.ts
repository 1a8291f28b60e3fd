import { boundOf, type Size, type SizeBound, type ViewSizes } from './cel/index.ts';
import type { CompiledExpression, CompiledPolicy } from './compile.ts';

/** CWE-770: artifacts of that many shapes. */
const MAX_SHAPES = 100;

export interface Bounds {
  readonly of: ReadonlyMap<CompiledExpression, SizeBound>;
  /** Of all of them together. */
  readonly steps: number;
}

/**
 * The maximum cost of the expressions of a policy, for artifacts of the same shape: the computation takes as long as an
 * evaluation.
 */
export class KnownBounds {
  readonly #policy: CompiledPolicy;
  /** All that the bounds depend on; an expression is always walked whole, so that it is the same each time. */
  #asked: readonly ((sizes: ViewSizes) => Size)[] = [];
  readonly #known = new Map<string, Bounds>();

  constructor(policy: CompiledPolicy) {
    this.#policy = policy;
  }

  of(sizes: ViewSizes): Bounds {
    const known = this.#known.get(this.#shapeOf(sizes));
    if (known !== undefined && this.#asked.length > 0) return known;
    const asked = new Map<string, (sizes: ViewSizes) => Size>();
    const bounds = boundsOf(this.#policy, {
      root(name) {
        asked.set(name, (other) => other.root(name));
        return sizes.root(name);
      },
      field(root, field) {
        asked.set(`${root}.${field}`, (other) => other.field(root, field));
        return sizes.field(root, field);
      },
    });
    this.#asked = [...asked.values()];
    if (this.#known.size >= MAX_SHAPES) this.#known.clear();
    this.#known.set(this.#shapeOf(sizes), bounds);
    return bounds;
  }

  #shapeOf(sizes: ViewSizes): string {
    return this.#asked
      .map((ask) => {
        const { items, most, text } = ask(sizes);
        return `${items} ${most} ${text}`;
      })
      .join();
  }
}

function boundsOf({ variables, match, rules }: CompiledPolicy, sizes: ViewSizes): Bounds {
  const named = new Map<string, SizeBound>();
  const bounds = new Map<CompiledExpression, SizeBound>();
  const add = (expression: CompiledExpression | string | undefined): SizeBound | undefined => {
    if (expression === undefined || typeof expression === 'string') return undefined;
    const bound = boundOf(expression.node, sizes, named);
    bounds.set(expression, bound);
    return bound;
  };
  for (const [name, variable] of variables) {
    const bound = add(variable);
    if (bound !== undefined) named.set(name, bound);
  }
  add(match.expression);
  for (const { when, expression, message, findings } of rules)
    for (const one of [when, expression, message, findings]) add(one);
  return { of: bounds, steps: [...bounds.values()].reduce((sum, { steps }) => sum + steps, 0) };
}
