import { childrenOf, type Node } from './cel/index.ts';

/** The names in rules that this version cannot produce: parts of the view, and checks by the prefix of their id. */
const ROOTS: Readonly<Record<string, string>> = {
  provenance: 'the origin of its training data (provenance)',
};
const CHECKS: Readonly<Record<string, string>> = {
  'provenance.': 'checks of training data (checks provenance.*)',
  'serving.': 'checks of how a model is served (checks serving.*)',
};
const CHECK_ID = /^[a-z]+\.[a-z*.-]*$/;

/** The names in an expression that this version cannot produce, for people; otherwise empty. */
export function unavailableIn(node: Node, locals: readonly string[] = []): readonly string[] {
  const found = new Set<string>();
  visit(node, locals, mentions(node, 'checks'), found);
  return [...found];
}

function visit(node: Node, locals: readonly string[], asksChecks: boolean, found: Set<string>): void {
  if (node.kind === 'ident' && !locals.includes(node.name)) {
    const what = Object.hasOwn(ROOTS, node.name) ? ROOTS[node.name] : undefined;
    if (what !== undefined) found.add(what);
  }
  if (node.kind === 'const' && asksChecks && typeof node.value === 'string' && CHECK_ID.test(node.value)) {
    const { value } = node;
    const prefix = Object.keys(CHECKS).find((known) => value.startsWith(known));
    if (prefix !== undefined) found.add(CHECKS[prefix] ?? prefix);
  }
  if (node.kind === 'macro') {
    visit(node.over, locals, asksChecks, found);
    const inner = [...locals, node.variable];
    for (const part of childrenOf(node).slice(1)) visit(part, inner, asksChecks, found);
    return;
  }
  for (const child of childrenOf(node)) visit(child, locals, asksChecks, found);
}

function mentions(node: Node, name: string): boolean {
  if (node.kind === 'ident' && node.name === name) return true;
  return childrenOf(node).some((child) => mentions(child, name));
}
