import type { Expr, SourceInfo } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import type { Constant, MacroName, Node } from './ast.ts';
import { ExpressionError } from './expression-error.ts';

const MACROS: readonly MacroName[] = ['all', 'exists', 'exists_one', 'map', 'filter'];

/**
 * The syntax tree of the library, with macros as written, not expanded to loops. @throws ExpressionError for constructs that
 * policies do not support: messages, bytes, unsigned integers.
 */
export function toNode(expr: Expr, source: SourceInfo | undefined): Node {
  return new Converter(source).node(expr);
}

/** CWE-674: operators in a row nest without brackets, `((a + b) + c)`. Recursive functions on a tree go no deeper. */
const MAX_TREE_DEPTH = 200;

class Converter {
  #depth = 0;
  readonly #positions: Readonly<Record<string, number>>;
  readonly #macros: Readonly<Record<string, Expr>>;

  constructor(source: SourceInfo | undefined) {
    this.#positions = source?.positions ?? {};
    this.#macros = source?.macroCalls ?? {};
  }

  node(expr: Expr): Node {
    if (++this.#depth > MAX_TREE_DEPTH) {
      const message = `the expression is nested more than ${MAX_TREE_DEPTH} deep, operators in a row included`;
      throw new ExpressionError(0, message, 'split it into variables');
    }
    const node = this.#convert(expr);
    this.#depth--;
    return node;
  }

  #convert({ id, exprKind }: Expr): Node {
    const at = this.#positions[String(id)] ?? 0;
    const written = this.#macros[String(id)];
    if (written?.exprKind.case === 'callExpr') return this.#macro(at, written.exprKind.value);
    switch (exprKind.case) {
      case 'constExpr':
        return { kind: 'const', at, value: constantOf(exprKind.value.constantKind, at) };
      case 'identExpr':
        return { kind: 'ident', at, name: exprKind.value.name };
      case 'selectExpr':
        return { kind: 'select', at, of: this.#of(exprKind.value.operand), field: exprKind.value.field };
      case 'callExpr':
        return this.#call(at, exprKind.value);
      case 'listExpr':
        return { kind: 'list', at, items: exprKind.value.elements.map((item) => this.node(item)) };
      case 'structExpr':
        return this.#map(at, exprKind.value);
    }
    throw new ExpressionError(at, 'policies do not support this expression');
  }

  #of(expr: Expr | undefined): Node {
    if (expr === undefined) throw new ExpressionError(0, 'policies do not support this expression');
    return this.node(expr);
  }

  #call(at: number, call: { function: string; target?: Expr | undefined; args: readonly Expr[] }): Node {
    const args = call.args.map((arg) => this.node(arg));
    const [first, second, third] = args;
    if (call.target !== undefined)
      return { kind: 'method', at, name: call.function, args: [this.node(call.target), ...args] };
    if (call.function === '_&&_') return { kind: 'and', at, terms: args };
    if (call.function === '_||_') return { kind: 'or', at, terms: args };
    if (call.function === '_[_]' && first !== undefined && second !== undefined) {
      return { kind: 'index', at, of: first, index: second };
    }
    if (call.function === '_?_:_' && first !== undefined && second !== undefined && third !== undefined) {
      return { kind: 'if', at, test: first, yes: second, no: third };
    }
    return { kind: 'call', at, name: call.function, args };
  }

  #map(at: number, { messageName, entries }: Extract<Expr['exprKind'], { case: 'structExpr' }>['value']): Node {
    if (messageName !== '')
      throw new ExpressionError(at, 'policies do not support messages', 'write a map: {"key": value}');
    return {
      kind: 'map',
      at,
      entries: entries.map(({ keyKind, value }) => {
        if (keyKind.case !== 'mapKey') throw new ExpressionError(at, 'the key of a map must be an expression');
        return [this.node(keyKind.value), this.#of(value)] as const;
      }),
    };
  }

  #macro(at: number, call: { function: string; target?: Expr | undefined; args: readonly Expr[] }): Node {
    const args = call.args.map((arg) => this.node(arg));
    const [first, second, third] = args;
    if (call.function === 'has' && first?.kind === 'select')
      return { kind: 'has', at: first.at, of: first.of, field: first.field };
    const name = MACROS.find((known) => known === call.function);
    if (name === undefined || first?.kind !== 'ident' || second === undefined) {
      throw new ExpressionError(at, `policies do not support ${call.function}`);
    }
    const base = { kind: 'macro', at, name, over: this.#of(call.target), variable: first.name } as const;
    return third === undefined ? { ...base, body: second } : { ...base, test: second, body: third };
  }
}

type ConstantKind = Extract<Expr['exprKind'], { case: 'constExpr' }>['value']['constantKind'];

function constantOf(kind: ConstantKind, at: number): Constant {
  switch (kind.case) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'int64Value':
    case 'doubleValue':
    case 'stringValue':
      return kind.value;
    case 'uint64Value':
      throw new ExpressionError(at, 'policies do not support unsigned integers', 'remove the u after the number');
  }
  throw new ExpressionError(at, 'policies do not support bytes', 'remove the b before the quote');
}
