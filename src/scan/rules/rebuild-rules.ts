import type { Rule } from '../scanner/index.ts';

const BACKDOOR = { owasp: ['ML10:2023'], atlas: ['AML.T0018'], cwe: ['CWE-506'] } as const;

/** What the pipeline reports when a shipped ONNX graph is not the one that is rebuilt from the configuration and the weights. */
export const GRAPH_CHOICE: Rule = {
  id: 'conversion.rebuild.choice',
  title: 'The graph decides by its input, where its model does not',
  severity: 'critical',
  verdict: 'none',
  explanation:
    'The ONNX model stands beside the configuration and the weights of its architecture. The graph that is rebuilt from them does not have this operator, whose result depends on what the input is: a comparison, a choice or a branch. A backdoor in a graph is made so (ShadowLogic): a trigger in the input turns on another output, and no weight shows it.',
  remedy: 'Do not use the ONNX model. Export it again from the weights, or convert them (assay convert --to onnx).',
  ...BACKDOOR,
};

export const GRAPH_NODE: Rule = {
  id: 'conversion.rebuild.extra-node',
  title: 'The graph has an operator that its model does not have',
  severity: 'high',
  verdict: 'none',
  explanation:
    'The ONNX model stands beside the configuration and the weights of its architecture. The graph that is rebuilt from them does not have this operator, input or output, or applies it to something else: the ONNX model computes something else than its weights do.',
  remedy:
    'Export the ONNX model again from the weights, or convert them (assay convert --to onnx), and compare what changed.',
  ...BACKDOOR,
};

export const GRAPH_CONSTANT: Rule = {
  id: 'conversion.rebuild.changed-constant',
  title: 'The graph holds numbers that its model does not have',
  severity: 'high',
  verdict: 'none',
  explanation:
    'The ONNX model stands beside the configuration and the weights of its architecture. This tensor is none of the weights, also not turned, joined or rounded, or this number is another one than the configuration says: what the ONNX model computes was changed, or it is of another version of the weights.',
  remedy:
    'Export the ONNX model again from the weights, or convert them (assay convert --to onnx), and find out where the numbers come from.',
  owasp: ['ML10:2023'],
  atlas: ['AML.T0018'],
  cwe: ['CWE-345'],
};

export const rebuildRules: readonly Rule[] = [GRAPH_CHOICE, GRAPH_NODE, GRAPH_CONSTANT];
