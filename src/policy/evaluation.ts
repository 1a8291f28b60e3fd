import type { Assessment, RuleResult } from '../core/assessment/index.ts';
import { AssayError } from '../core/index.ts';
import { fingerprintsOf, itemsOf } from './behind.ts';
import {
  type Bindings,
  type CelValue,
  celLibrary,
  excessOf,
  Failure,
  MAX_STEPS,
  type SharedValues,
  variableKey,
} from './cel/index.ts';
import type { CompiledExpression, CompiledPolicy, CompiledRule } from './compile.ts';
import { type Bounds, KnownBounds } from './known-bounds.ts';
import { sizesOf } from './sizes.ts';

/** The outcome of one rule of a policy, and the reason. */
export interface RuleEvaluation {
  readonly rule: CompiledRule;
  /** The value of its expression; absent when it was not evaluated: `when` is false, or it needs an unavailable value. */
  readonly value?: CelValue | Failure;
  readonly outcome: RuleResult;
  readonly message: string;
  /** Fingerprints. */
  readonly findings: readonly string[];
}

/** A policy evaluated over a view. */
export interface Evaluation {
  /** Why the policy does not apply; its rules were not evaluated then. */
  readonly mismatch: string | undefined;
  readonly rules: readonly RuleEvaluation[];
  /** The value of a variable. */
  variable(name: string): CelValue | Failure;
}

/** What the whole of a policy may cost, in parts of expressions evaluated: some seconds. */
const MAX_POLICY_STEPS = 2 * MAX_STEPS;

const known = new WeakMap<CompiledPolicy, KnownBounds>();

function boundsOfPolicy(policy: CompiledPolicy): KnownBounds {
  const bounds = known.get(policy) ?? new KnownBounds(policy);
  known.set(policy, bounds);
  return bounds;
}

/** @param shared values that other policies have found over the same view */
export function evaluatePolicy(
  policy: CompiledPolicy,
  view: Bindings,
  assessment: Assessment,
  shared: SharedValues = new Map(),
): Evaluation {
  const run = new Run(policy, view, assessment, shared);
  const mismatch = run.mismatch(assessment);
  const rules = mismatch === undefined ? policy.rules.map((rule) => run.rule(rule, assessment)) : [];
  return { mismatch, rules, variable: (name) => run.variable(name) };
}

class Run {
  readonly #policy: CompiledPolicy;
  readonly #view: Bindings;
  /** The view, and every variable: evaluated when something first asks for it. */
  #known: Bindings | undefined;
  readonly #bounds: Bounds;
  readonly #values = new Map<string, CelValue | Failure>();
  /**
   * Absent where the policy as a whole may loop over too many items: then the order of its rules decides which of them fail.
   */
  readonly #shared: SharedValues | undefined;
  #left = MAX_POLICY_STEPS;

  constructor(policy: CompiledPolicy, view: Bindings, assessment: Assessment, shared: SharedValues) {
    this.#policy = policy;
    this.#bounds = boundsOfPolicy(policy).of(sizesOf(view, assessment));
    this.#shared = this.#bounds.steps > MAX_POLICY_STEPS ? undefined : shared;
    this.#view = view;
  }

  get #bindings(): Bindings {
    this.#known ??= this.#withVariables();
    return this.#known;
  }

  #withVariables(): Bindings {
    const bindings: Bindings = Object.create(this.#view);
    for (const [name, variable] of this.#policy.variables) this.#define(bindings, name, variable);
    return bindings;
  }

  #define(bindings: Bindings, name: string, variable: CompiledExpression): void {
    Object.defineProperty(bindings, variableKey(name), {
      get: () => {
        const value = this.variable(name, variable);
        return value instanceof Failure ? celLibrary().cel.celError(value.message) : value;
      },
    });
  }

  variable(name: string, variable = this.#policy.variables.get(name)): CelValue | Failure {
    if (variable === undefined) return new Failure(`the variable ${name} does not exist`);
    const value = this.#values.get(name) ?? this.value(variable);
    this.#values.set(name, value);
    return value;
  }

  /** Its cost is known before it is evaluated. */
  value(expression: CompiledExpression): CelValue | Failure {
    const bound = this.#bounds.of.get(expression);
    if (bound === undefined) throw new AssayError('internal', 'an expression of another policy');
    const excess =
      excessOf(bound) ?? (bound.steps > this.#left ? 'the policy as a whole loops over too many items' : undefined);
    if (excess !== undefined) return new Failure(excess);
    this.#left -= bound.steps;
    const { sharedAs } = expression;
    if (sharedAs === undefined || this.#shared === undefined) return expression.evaluate(this.#bindings);
    const value = this.#shared.get(sharedAs) ?? expression.evaluate(this.#bindings);
    this.#shared.set(sharedAs, value);
    return value;
  }

  /** Why the policy is not for the artifact, or not for this place. */
  mismatch({ files }: Assessment): string | undefined {
    const { stages, formats, sources, expression } = this.#policy.match;
    const stage = fieldOf(this.#view.environment, 'stage');
    const source = fieldOf(this.#view.source, 'kind');
    if (stages !== undefined && !(typeof stage === 'string' && stages.includes(stage))) {
      const asked = typeof stage === 'string' ? `stage ${stage}` : 'no stage';
      return `the policy is for ${stages.join(', ')}, but the request names ${asked}`;
    }
    if (sources !== undefined && !(typeof source === 'string' && sources.includes(source))) {
      return `the policy is for sources ${sources.join(', ')}, but this is ${String(source)}`;
    }
    if (formats !== undefined && !files.some(({ format }) => formats.includes(format))) {
      return `the policy is for formats ${formats.join(', ')}, but no file has one of them`;
    }
    if (expression === undefined) return undefined;
    const value = this.value(expression);
    if (value === true) return undefined;
    return value instanceof Failure
      ? `whether the policy applies is not known: ${value.message}`
      : 'the policy is for other artifacts';
  }

  rule(rule: CompiledRule, assessment: Assessment): RuleEvaluation {
    const asked = rule.when === undefined ? true : this.value(rule.when);
    if (asked === false) return { rule, outcome: 'pass', message: '', findings: [] };
    if (asked !== true) return this.#error(rule, asked);
    if (rule.unavailable.length > 0) {
      const missing = rule.unavailable.join(' and ');
      return {
        rule,
        outcome: 'unavailable',
        message: `asks for ${missing}, which this version cannot produce`,
        findings: [],
      };
    }
    const value = this.value(rule.expression);
    if (value === true) return { rule, value, outcome: 'pass', message: '', findings: [] };
    if (value !== false) return this.#error(rule, value);
    const behind = rule.findings === undefined ? rule.behind(this.#bindings) : this.#items(rule.findings);
    const findings = fingerprintsOf(behind, assessment.findings);
    return { rule, value, outcome: rule.action, message: this.#message(rule), findings };
  }

  #items(expression: CompiledExpression): readonly unknown[] {
    return itemsOf(this.value(expression));
  }

  #error(rule: CompiledRule, value: CelValue | Failure): RuleEvaluation {
    const why = value instanceof Failure ? value.message : 'it is not a boolean';
    return { rule, value, outcome: 'error', message: `could not be evaluated: ${why}`, findings: [] };
  }

  #message({ id, message }: CompiledRule): string {
    if (typeof message === 'string') return message;
    const text = this.value(message);
    return typeof text === 'string' && text !== '' ? text : `the artifact breaks the rule ${id}`;
  }
}

function fieldOf(value: unknown, field: string): unknown {
  return celLibrary().cel.isCelMap(value) ? value.get(field) : undefined;
}
