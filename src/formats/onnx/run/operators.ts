import { AssayError } from '../../../core/index.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode } from '../model.ts';

/** Operator sets whose operators compute, and do nothing else. The standard one has two names. */
const DOMAINS: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft']);
/** An operator of `com.microsoft` that names a file, which some providers open. */
const NAMES_FILES: ReadonlySet<string> = new Set(['com.microsoft EPContext']);

/** @throws AssayError `unsupported` for an operator of another set that the model does not define as a function */
export function checkOperators({ graph, functions }: OnnxModel): void {
  const defined = new Set(functions.map(({ domain, name }) => key(domain, name)));
  const visit = (nodes: readonly OnnxNode[]): void => {
    for (const node of nodes) {
      const name = key(node.domain, node.op);
      if (NAMES_FILES.has(name) || (!DOMAINS.has(node.domain) && !defined.has(name))) throw refused(node);
      for (const inner of node.attributes.flatMap(graphsOf)) visit(inner.nodes);
    }
  };
  visit(graph.nodes);
  for (const { nodes } of functions) visit(nodes);
}

function graphsOf(attribute: OnnxAttribute): readonly OnnxGraph[] {
  if (attribute.type === 'graph') return [attribute.value];
  return attribute.type === 'graphs' ? attribute.value : [];
}

function key(domain: string, name: string): string {
  return `${domain} ${name}`;
}

function refused({ op, domain }: OnnxNode): AssayError {
  const name = JSON.stringify(op.slice(0, 80));
  const set = JSON.stringify(domain.slice(0, 80));
  return new AssayError('unsupported', `the operator ${name} of the operator set ${set} is not one that is run`, {
    hint: 'convert the model to operators of the ONNX standard',
  });
}
