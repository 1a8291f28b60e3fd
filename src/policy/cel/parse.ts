import type { Expr, ParsedExpr } from '@bufbuild/cel-spec/cel/expr/syntax_pb.js';
import { childrenOf, type Node, nodesOf } from './ast.ts';
import { toNode } from './convert.ts';
import { ExpressionError } from './expression-error.ts';
import { celLibrary } from './library.ts';
import { syntaxErrorOf } from './syntax.ts';

/** CWE-400, CWE-674: bounds beyond hand-written expressions. */
export const MAX_EXPRESSION_LENGTH = 4_096;
const MAX_NODES = 1_000;
const MAX_DEPTH = 48;
/** Nested loops: three over a thousand files are a thousand million steps. */
const MAX_WALKS = 3;

export interface ParsedExpression {
  /** The tree for analysis. */
  readonly node: Node;
  /** For the library. */
  readonly expr: Expr;
}

const ahead = new Map<string, ParsedExpression>();

/**
 * Registers the expressions that the build has parsed: parsing the shipped policies takes half of the time that a decision
 * takes.
 */
export function knowParsed(parsed: Readonly<Record<string, ParsedExpression>>): void {
  for (const [text, expression] of Object.entries(parsed)) ahead.set(text, expression);
}

/**
 * Parses an expression.
 * @throws ExpressionError where it cannot go on, and for one that is too long, too deep, or walks lists within lists more than
 * three deep.
 */
export function parseExpression(text: string): ParsedExpression {
  const known = ahead.get(text);
  if (known !== undefined) return known;
  if (text.length > MAX_EXPRESSION_LENGTH) throw tooMuch(`has more than ${MAX_EXPRESSION_LENGTH} characters`);
  if (nesting(text) > MAX_DEPTH) throw tooMuch(`is nested more than ${MAX_DEPTH} deep`);
  const parsed = parseText(text);
  if (parsed.expr === undefined) throw new ExpressionError(0, 'the expression is empty');
  const node = toNode(parsed.expr, parsed.sourceInfo);
  let count = 0;
  for (const _ of nodesOf(node)) if (++count > MAX_NODES) throw tooMuch(`has more than ${MAX_NODES} parts`);
  if (walksOf(node) > MAX_WALKS) throw tooMuch(`loops over lists within lists more than ${MAX_WALKS} deep`);
  return { node, expr: parsed.expr };
}

function tooMuch(what: string): ExpressionError {
  return new ExpressionError(0, `the expression ${what}`, 'split it into variables');
}

function parseText(text: string): ParsedExpr {
  try {
    return celLibrary().cel.parse(text);
  } catch (error) {
    throw syntaxErrorOf(text, error);
  }
}

/** How deep brackets open, and how many signs and questions follow each other: each takes some of the parser's stack. */
function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [character] of text.matchAll(/[()[\]{}]/g)) {
    depth += '([{'.includes(character) ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  const runs = [...text.matchAll(/[!-]{2,}/g)].map(([run]) => run.length);
  return Math.max(deepest, text.split('?').length, ...runs);
}

/** The depth of nested loops. The list of a loop is evaluated before the loop, not within it. */
function walksOf(node: Node): number {
  const deepest = (nodes: readonly Node[]) => Math.max(0, ...nodes.map(walksOf));
  if (node.kind !== 'macro') return deepest(childrenOf(node));
  const within = node.test === undefined ? [node.body] : [node.test, node.body];
  return Math.max(walksOf(node.over), 1 + deepest(within));
}
