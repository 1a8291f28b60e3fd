import {
  type Bindings,
  celLibrary,
  childrenOf,
  compileExpression,
  type Evaluator,
  ExpressionError,
  expressionText,
  Failure,
  type Node,
  parseExpression,
  type Type,
  VARIABLES,
} from './cel/index.ts';

/** Finds the cause of a violation: the items of `files` and `findings` that the rule selects. */
export type Behind = (view: Bindings) => readonly unknown[];

/** A part of a rule that has to hold by itself, and the lists of items that break it. */
interface Part {
  readonly holds: Evaluator;
  readonly culprits: readonly Evaluator[];
}

/**
 * The cause of a violation of a rule, as far as its form shows it: of each part joined by `&&` that does not hold, the items
 * that `all` refuses, that `exists` or `filter` finds, and the variables that hold such lists.
 * @param variables types of the policy's variables
 */
export function behindOf(rule: Node, variables: ReadonlyMap<string, Type>): Behind {
  let parts: readonly Part[] | undefined;
  return (view) => {
    parts ??= conjuncts(rule).map((node) => ({
      holds: compiled(node),
      culprits: culpritsOf(node, variables).map(compiled),
    }));
    return parts.flatMap(({ holds, culprits }) =>
      culprits.length === 0 || holds(view) === true ? [] : culprits.flatMap((culprit) => itemsOf(culprit(view))),
    );
  };
}

/** Fingerprints of the findings among the values, and of all findings in the files among them. */
export function fingerprintsOf(
  values: readonly unknown[],
  findings: readonly { file: string; fingerprint: string }[],
): string[] {
  const { cel } = celLibrary();
  const named = new Set<unknown>();
  const paths = new Set<unknown>();
  for (const value of values) {
    if (!cel.isCelMap(value)) continue;
    const fingerprint = value.get('fingerprint');
    if (fingerprint !== undefined) named.add(fingerprint);
    else paths.add(value.get('path'));
  }
  return findings.flatMap(({ file, fingerprint }) => (named.has(fingerprint) || paths.has(file) ? [fingerprint] : []));
}

/** The items of a list; empty for a value that is not a list, or a failure. */
export function itemsOf(value: unknown): readonly unknown[] {
  return celLibrary().cel.isCelList(value) ? [...value] : [];
}

/** A part that is too long or too deep as text gives no items: the violation remains. */
function compiled(node: Node): Evaluator {
  try {
    return compileExpression(parseExpression(expressionText(node)).expr);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return () => new Failure(error.message);
  }
}

function conjuncts(node: Node): readonly Node[] {
  return node.kind === 'and' ? node.terms.flatMap(conjuncts) : [node];
}

function culpritsOf(node: Node, variables: ReadonlyMap<string, Type>): readonly Node[] {
  if (node.kind === 'macro') {
    if (!isJudged(node.over, variables)) return culpritsOf(node.over, variables);
    if (node.name === 'map') return [];
    const body: Node = node.name === 'all' ? { kind: 'call', at: node.at, name: '!_', args: [node.body] } : node.body;
    return [{ ...node, name: 'filter', body }];
  }
  if (isJudged(node, variables)) return [node];
  return childrenOf(node).flatMap((child) => culpritsOf(child, variables));
}

/** Whether an expression is `files`, `findings`, a variable that holds some of either, or a selection of these. */
function isJudged(node: Node, variables: ReadonlyMap<string, Type>): boolean {
  if (node.kind === 'ident') return node.name === 'files' || node.name === 'findings';
  if (node.kind === 'macro') return node.name === 'filter' && isJudged(node.over, variables);
  if (node.kind !== 'select' || node.of.kind !== 'ident' || node.of.name !== VARIABLES) return false;
  const type = variables.get(node.field);
  return type?.kind === 'list' && type.of.kind === 'record' && ['a file', 'a finding'].includes(type.of.name);
}
