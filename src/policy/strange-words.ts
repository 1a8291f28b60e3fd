import { closest } from '../core/index.ts';
import { childrenOf, type Node, VARIABLES } from './cel/index.ts';
import type { CompiledExpression, CompiledPolicy } from './compile.ts';
import type { PolicyProblem, Position } from './problem.ts';

/** The words that this version produces in text fields: a comparison with another word is never true. */
export interface KnownWords {
  /** Of `format`. */
  readonly formats: readonly string[];
  /** Of `ruleId`. */
  readonly rules: readonly string[];
  /** Of `checks`. */
  readonly checks: readonly string[];
}

interface Word {
  readonly kind: keyof KnownWords;
  readonly word: string;
  readonly at: number;
}

const FIELDS: Readonly<Record<string, keyof KnownWords>> = { format: 'formats', ruleId: 'rules' };
const TITLES: Readonly<Record<keyof KnownWords, string>> = { formats: 'format', rules: 'rule', checks: 'check' };
/** Checks of a format are many, and those of other kinds are told of as unavailable. */
const OTHER_CHECKS = /^(?:format|scan|behavior|provenance|serving)\./;

/** Formats, rules and checks that a policy compares with and that this version does not have. */
export function strangeWords(policy: CompiledPolicy, known: KnownWords): PolicyProblem[] {
  const { match, variables, rules } = policy;
  const lists = new Map([...variables].map(([name, { node }]) => [name, node]));
  const ofRules = rules.flatMap(({ expression, when, message, findings }) => [expression, when, message, findings]);
  const all = [match.expression, ...variables.values(), ...ofRules].filter((part) => typeof part === 'object');
  const strange = all.flatMap((expression) =>
    wordsIn(expression.node, lists)
      .filter(({ kind, word }) => isStrange(kind, word, known))
      .map((found) => problemOf(found, placeOf(expression, found.at), known)),
  );
  const { formats = [], formatsAt = { line: 1, column: 1 } } = match;
  const unmatched = formats.filter((word) => isStrange('formats', word, known));
  return [...strange, ...unmatched.map((word) => problemOf({ kind: 'formats', word }, formatsAt, known))];
}

function isStrange(kind: keyof KnownWords, word: string, known: KnownWords): boolean {
  return !known[kind].includes(word) && !(kind === 'checks' && OTHER_CHECKS.test(word));
}

function problemOf({ kind, word }: Omit<Word, 'at'>, { line, column }: Position, known: KnownWords): PolicyProblem {
  const [near] = closest(word, known[kind]);
  const hint = near === undefined ? 'check its spelling' : `did you mean ${near}?`;
  return { line, column, message: `this version does not have the ${TITLES[kind]} ${word}`, hint };
}

function placeOf({ source }: CompiledExpression, at: number): Position {
  return source.locate?.(at) ?? source.at;
}

function wordsIn(node: Node, lists: ReadonlyMap<string, Node>): Word[] {
  return [...wordsAt(node, lists), ...childrenOf(node).flatMap((child) => wordsIn(child, lists))];
}

/** Words of one comparison: `f.format == 'gguf'`, `f.format in ['gguf']`, `checks['x']`, `'x' in checks`. */
function wordsAt(node: Node, lists: ReadonlyMap<string, Node>): readonly Word[] {
  if (node.kind === 'index') return isChecks(node.of) ? textsOf(node.index, 'checks') : [];
  if (node.kind !== 'call') return [];
  const [left, right] = node.args;
  if (left === undefined || right === undefined) return [];
  const kinds = [kindOf(left), kindOf(right)];
  if (node.name === '_==_' || node.name === '_!=_') return [...textsOf(right, kinds[0]), ...textsOf(left, kinds[1])];
  if (node.name !== '@in') return [];
  if (isChecks(right)) return textsOf(left, 'checks');
  const list = right.kind === 'select' && isVariables(right.of) ? lists.get(right.field) : right;
  if (list?.kind !== 'list') return [];
  // A word in a variable is reported where it is compared.
  return list.items.flatMap((item) =>
    textsOf(item, kinds[0]).map((word) => (list === right ? word : moved(word, right))),
  );
}

function moved(word: Word, { at }: Node): Word {
  return { ...word, at };
}

function kindOf(node: Node): keyof KnownWords | undefined {
  return node.kind === 'select' && Object.hasOwn(FIELDS, node.field) ? FIELDS[node.field] : undefined;
}

function textsOf(node: Node, kind: keyof KnownWords | undefined): Word[] {
  if (kind === undefined || node.kind !== 'const' || typeof node.value !== 'string') return [];
  return [{ kind, word: node.value, at: node.at }];
}

function isChecks(node: Node): boolean {
  return node.kind === 'ident' && node.name === 'checks';
}

function isVariables(node: Node): boolean {
  return node.kind === 'ident' && node.name === VARIABLES;
}
