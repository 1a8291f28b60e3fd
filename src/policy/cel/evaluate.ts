import type { CelInput, CelValue } from '@bufbuild/cel';
import type { Expr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { APPEND, celEnvironment, celLibrary } from './library.ts';

/** The name under which a policy's variables are found. */
export const VARIABLES = 'variables';

/** Why an expression has no value. */
export class Failure {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export type { CelValue };
/** The values that an expression can use: by name, and each variable by `variableKey`. */
export type Bindings = Record<string, CelInput>;
/** Values of expressions, by their `sharedAs`. */
export type SharedValues = Map<string, CelValue | Failure>;
export type Evaluator = (bindings: Bindings) => CelValue | Failure;

/** Under which a variable is bound: no name of an expression can be the same. */
export function variableKey(name: string): string {
  return `@variables.${name}`;
}

/** An expression, ready to be evaluated any number of times. It never throws: the library returns errors. */
export function compileExpression(expr: Expr): Evaluator {
  const { cel } = celLibrary();
  prepare(expr);
  const run = cel.plan(celEnvironment(), expr);
  return (bindings) => {
    const result = run(bindings);
    return cel.isCelError(result) ? new Failure(result.message) : result;
  };
}

/** Each variable gets its own name, and loops add their results in place; see library.ts. */
function prepare(expr: Expr): void {
  const { exprKind } = expr;
  switch (exprKind.case) {
    case 'selectExpr': {
      const { operand, field } = exprKind.value;
      if (operand?.exprKind.case === 'identExpr' && operand.exprKind.value.name === VARIABLES) {
        const value = { ...operand.exprKind.value, name: variableKey(field) };
        expr.exprKind = { case: 'identExpr', value };
      } else if (operand !== undefined) prepare(operand);
      return;
    }
    case 'callExpr': {
      const call = exprKind.value;
      const [first] = call.args;
      const collects = first?.exprKind.case === 'identExpr' && first.exprKind.value.name === '@result';
      if (call.function === '_+_' && collects) call.function = APPEND;
      if (call.target !== undefined) prepare(call.target);
      call.args.forEach(prepare);
      return;
    }
    case 'listExpr':
      exprKind.value.elements.forEach(prepare);
      return;
    case 'structExpr':
      for (const { keyKind, value } of exprKind.value.entries) {
        if (keyKind.case === 'mapKey') prepare(keyKind.value);
        if (value !== undefined) prepare(value);
      }
      return;
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      for (const part of [iterRange, accuInit, loopCondition, loopStep, result]) if (part !== undefined) prepare(part);
    }
  }
}
