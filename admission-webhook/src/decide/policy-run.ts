import { type Bindings, boundOf, excessOf, Failure, type ViewSizes } from '../../../src/policy/index.ts';
import type { PolicyInput } from '../policies.ts';
import type { CompiledAdmissionPolicy } from './compiled.ts';
import { AdmissionView } from './policy-view.ts';

/** CWE-400: parts of expressions that all rules together may evaluate for one review; some ten milliseconds. */
const MAX_STEPS = 200_000;

/** The rules' view of one review, and what it may still cost. */
export class PolicyRun {
  readonly #view: AdmissionView;
  readonly #bindings: Bindings;
  readonly #sizes: ViewSizes;
  #left = MAX_STEPS;

  constructor(input: PolicyInput) {
    this.#view = new AdmissionView(input);
    this.#bindings = this.#view.bindings;
    this.#sizes = this.#view.sizes;
  }

  /** Its cost is known before it is evaluated. */
  value({ node, evaluate }: CompiledAdmissionPolicy): boolean | undefined | { readonly failure: string } {
    const bound = boundOf(node, this.#sizes, new Map());
    const excess = excessOf(bound) ?? (bound.steps > this.#left ? 'it loops over too many items' : undefined);
    if (excess !== undefined) return { failure: excess };
    this.#left -= bound.steps;
    const value = evaluate(this.#bindings);
    if (value instanceof Failure) return { failure: this.#view.problem ?? value.message };
    return typeof value === 'boolean' ? value : undefined;
  }
}
