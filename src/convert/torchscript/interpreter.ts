import { AssayError } from '../../core/index.ts';
import type { ScriptExpression, ScriptStatement } from '../../formats/torchscript/index.ts';
import { AtenTensor, type AtenValue, isOfKind, type OperatorArguments, UNSET } from '../aten/index.ts';
import type { Network } from '../network/index.ts';
import { ScriptEvaluation } from './evaluate.ts';
import type { Machine, Program, Scope } from './machine.ts';
import { isAten, type ScriptFunction, type ScriptValue, scriptTitle } from './values.ts';

/** Calls within calls: code that calls itself does not end. */
const MAX_CALLS = 64;
/** Expressions, statements and calls within each other. */
const MAX_DEPTH = 600;
/** Units of work of an expression or a statement. */
const STEP_WORK = 20;

/**
 * Goes through a program of TorchScript with tensors that have no values: numbers, lists and conditions are computed, operators become
 * operators of the graph.
 */
export class ScriptInterpreter implements Machine {
  readonly program: Program;
  readonly net: Network;
  #calls = 0;
  #depth = 0;

  constructor(program: Program) {
    this.program = program;
    this.net = program.runner.net;
  }

  /** @throws AssayError `unsupported` for what depends on data, or is not converted, naming the line; `malformed`, `limit` */
  call(func: ScriptFunction, positional: readonly ScriptValue[], named: ReadonlyMap<string, ScriptValue>): ScriptValue {
    if (this.#calls >= MAX_CALLS)
      throw new AssayError('limit', `${func.path}: functions call each other deeper than ${MAX_CALLS}`);
    this.#calls++;
    const scope = this.#bound(func, positional, named);
    const returned = this.#block(func.definition.body, scope, func.path);
    this.#calls--;
    return returned === undefined ? null : returned.value;
  }

  /** Counts a step. */
  step<T>(body: () => T): T {
    this.program.budget.work(STEP_WORK);
    if (++this.#depth > MAX_DEPTH) throw new AssayError('limit', `a program is nested deeper than ${MAX_DEPTH}`);
    const result = body();
    this.#depth--;
    return result;
  }

  operator(name: string, args: OperatorArguments): AtenValue {
    this.program.beforeOperator(name, args);
    return this.program.runner.run(name, undefined, args);
  }

  #bound(
    { definition, self }: ScriptFunction,
    positional: readonly ScriptValue[],
    named: ReadonlyMap<string, ScriptValue>,
  ): Scope {
    const scope: Scope = new Map();
    const given = self === undefined ? positional : [self, ...positional];
    let used = 0;
    for (const [index, { name, fallback }] of definition.parameters.entries()) {
      const value = index < given.length ? given[index] : named.get(name);
      if (value !== undefined) {
        used++;
        scope.set(name, value);
      } else if (fallback !== undefined) scope.set(name, new ScriptEvaluation(this, scope).value(fallback));
      else throw this.net.broken(`${definition.name} is called without its parameter ${name}`);
    }
    if (used !== given.length + named.size)
      throw this.net.broken(`${definition.name} is called with other parameters than it has`);
    return scope;
  }

  #block(
    statements: readonly ScriptStatement[],
    scope: Scope,
    path: string,
  ): { readonly value: ScriptValue } | undefined {
    for (const statement of statements) {
      const returned = this.step(() =>
        this.net.within(`${path}, line ${statement.line}`, () => this.#statement(statement, scope, path)),
      );
      if (returned !== undefined) return returned;
    }
    return undefined;
  }

  #statement(statement: ScriptStatement, scope: Scope, path: string): { readonly value: ScriptValue } | undefined {
    const evaluation = new ScriptEvaluation(this, scope);
    switch (statement.kind) {
      case 'pass':
        return undefined;
      case 'expression':
        evaluation.value(statement.value);
        return undefined;
      case 'return':
        return { value: statement.value === undefined ? null : evaluation.value(statement.value) };
      case 'assign':
        this.#assign(
          statement.target,
          statement.value === undefined ? UNSET : evaluation.value(statement.value),
          scope,
        );
        return undefined;
      case 'if':
        return this.#block(evaluation.condition(statement.condition) ? statement.yes : statement.no, scope, path);
      case 'while':
        while (evaluation.condition(statement.condition)) {
          const returned = this.step(() => this.#block(statement.body, scope, path));
          if (returned !== undefined) return returned;
        }
        return undefined;
      case 'for':
        for (const value of evaluation.sequence(statement.over)) {
          this.#assign(statement.target, value, scope);
          const returned = this.step(() => this.#block(statement.body, scope, path));
          if (returned !== undefined) return returned;
        }
        return undefined;
      case 'augment':
        throw this.net.refuse('it assigns in place, as PyTorch does not write it');
      case 'with':
        throw this.net.refuse('it enters a context (with)');
      case 'define':
        throw this.net.refuse('it defines a function within a function');
    }
  }

  #assign(target: ScriptExpression, value: ScriptValue, scope: Scope): void {
    switch (target.kind) {
      case 'name':
        scope.set(target.name, value);
        return;
      case 'tuple':
      case 'list': {
        const items = isOfSequence(value) ? value.items : undefined;
        if (items === undefined || items.length !== target.items.length)
          throw this.net.broken(`${scriptTitle(value)} does not become ${target.items.length} variables`);
        for (const [index, one] of target.items.entries()) this.#assign(one, items[index] ?? null, scope);
        return;
      }
      case 'attribute':
        throw this.net.refuse(`it changes the attribute ${target.name} while the model runs`);
      default:
        throw this.net.refuse('it assigns to something else than a variable');
    }
  }
}

function isOfSequence(value: ScriptValue): value is Extract<AtenValue, { readonly items: readonly AtenValue[] }> {
  return isAten(value) && !(value instanceof AtenTensor) && (isOfKind(value, 'list') || isOfKind(value, 'tuple'));
}
