import type { FileBudget } from '../../../core/index.ts';
import { printableName } from '../../../formats/index.ts';
import type { Rule } from '../../scanner/index.ts';
import { judgeOperator } from '../operators.ts';
import { ARGUMENT, OUTSIDE_PATH, REACHING_OPERATOR, TENSORFLOW_STRUCTURE, UNLISTED_OPERATOR } from '../rules.ts';
import { breachesOf } from './contracts.ts';
import { effectsOf } from './effects.ts';
import { type GraphScope, type NodeFacts, nodePlace, type TensorflowGraph } from './facts.ts';

/** A finding about a graph; `offset` is that of the source that holds it. */
export interface GraphFinding {
  readonly rule: Rule;
  readonly subject: string;
  readonly message: string;
  readonly evidence: string;
  readonly offset: number;
}

/** Judges the operators of a graph and of its functions, wherever they stand, each name once. */
export function judgeGraph(graph: TensorflowGraph, budget: FileBudget): readonly GraphFinding[] {
  const findings = new Map<string, GraphFinding>();
  const add = (finding: GraphFinding) => {
    const key = `${finding.rule.id}\n${finding.subject}`;
    if (!findings.has(key)) findings.set(key, finding);
  };
  for (const scope of [graph.main, ...graph.functions.values()]) {
    for (const node of scope.nodes.values()) {
      for (const name of [node.op, ...node.functions]) {
        if (graph.functions.has(name)) continue;
        const finding = operatorFinding(name, nodePlace(scope, node), node.offset);
        if (finding !== undefined) add(finding);
      }
      if (node.strange !== undefined && !graph.functions.has(node.op)) add(strangeAttribute(scope, node, node.strange));
    }
    if (scope !== graph.main) for (const finding of shadowing(scope)) add(finding);
  }
  for (const { outside, op, what, evidence, offset } of breachesOf(graph, budget))
    add({
      rule: outside ? OUTSIDE_PATH : ARGUMENT,
      subject: `${op} ${evidence}`,
      message: `${what}.`,
      evidence,
      offset,
    });
  for (const { when, op, place, offset } of effectsOf(graph, budget))
    add({
      rule: ARGUMENT,
      subject: `${op} ${when}`,
      message: `${op} in ${place} writes variables to files when the model is ${when}.`,
      evidence: op,
      offset,
    });
  return [...findings.values()];
}

export function operatorFinding(name: string, place: string, offset: number): GraphFinding | undefined {
  const judgement = judgeOperator(name);
  if (judgement.kind === 'allowed') return undefined;
  const shown = printableName(name);
  if (judgement.kind === 'unlisted')
    return {
      rule: UNLISTED_OPERATOR,
      subject: name,
      message: `The graph holds ${JSON.stringify(shown)} in ${place}, an operator that is not on the list of TensorFlow.`,
      evidence: shown,
      offset,
    };
  const rule = judgement.malicious ? REACHING_OPERATOR : UNLISTED_OPERATOR;
  return { rule, subject: name, message: `${shown} in ${place} ${judgement.does}.`, evidence: shown, offset };
}

/** TensorFlow refuses an attribute that its operator does not have; a newer one may know it. */
function strangeAttribute(scope: GraphScope, node: NodeFacts, name: string): GraphFinding {
  const shown = JSON.stringify(printableName(name));
  const message = `${printableName(node.op)} in ${nodePlace(scope, node)} has the attribute ${shown}, which TensorFlow does not have.`;
  return {
    rule: TENSORFLOW_STRUCTURE,
    subject: `attribute ${name}`,
    message,
    evidence: printableName(name),
    offset: node.offset,
  };
}

/** A function is called in place of an operator of its name. */
function shadowing(scope: GraphScope): GraphFinding[] {
  if (judgeOperator(scope.name).kind === 'unlisted') return [];
  const message = `A function has the name of the operator ${JSON.stringify(scope.name)}, and is called in its place.`;
  return [{ rule: TENSORFLOW_STRUCTURE, subject: `function ${scope.name}`, message, evidence: scope.name, offset: 0 }];
}
