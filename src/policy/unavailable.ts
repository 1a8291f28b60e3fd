import { childrenOf, type Node } from './cel/index.ts';

/** What rules name that this version cannot produce: checks, by the prefix of their id. */
const CHECKS: Readonly<Record<string, string>> = {
  'provenance.': 'checks of training data (checks provenance.*)',
  'serving.': 'checks of how a model is served (checks serving.*)',
};
const CHECK_ID = /^[a-z]+\.[a-z*.-]*$/;

/** The names in an expression that this version cannot produce, for people; otherwise empty. */
export function unavailableIn(node: Node): readonly string[] {
  const found = new Set<string>();
  visit(node, mentions(node, 'checks'), found);
  return [...found];
}

function visit(node: Node, asksChecks: boolean, found: Set<string>): void {
  if (node.kind === 'const' && asksChecks && typeof node.value === 'string' && CHECK_ID.test(node.value)) {
    const { value } = node;
    const prefix = Object.keys(CHECKS).find((known) => value.startsWith(known));
    if (prefix !== undefined) found.add(CHECKS[prefix] ?? prefix);
  }
  for (const child of childrenOf(node)) visit(child, asksChecks, found);
}

function mentions(node: Node, name: string): boolean {
  if (node.kind === 'ident' && node.name === name) return true;
  return childrenOf(node).some((child) => mentions(child, name));
}
