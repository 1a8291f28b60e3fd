import type { GraphDifference } from '../../convert/index.ts';
import { type Finding, fingerprint } from '../../core/assessment/index.ts';
import { cut } from '../../core/index.ts';
import { GRAPH_CHOICE, GRAPH_CONSTANT, GRAPH_NODE } from '../../scan/rules/index.ts';
import type { Rule } from '../../scan/scanner/index.ts';

/** Characters of a name of the graph. */
const MAX_NAME = 200;

interface Described {
  readonly rule: Rule;
  /** The name in the graph: a part of the fingerprint. */
  readonly subject: string;
  readonly message: string;
}

/** A finding for each difference between a shipped graph and the rebuilt one. */
export function rebuildFindings(path: string, differences: readonly GraphDifference[]): Finding[] {
  const findings = differences.map((difference) => {
    const { rule, subject, message } = described(difference);
    const { id, severity, owasp, atlas, cwe } = rule;
    const place = fingerprint(id, path, undefined, subject);
    return {
      ruleId: id,
      severity,
      message,
      file: path,
      evidence: cut(subject, MAX_NAME),
      owasp,
      atlas,
      cwe,
      fingerprint: place,
    };
  });
  return [...new Map(findings.map((one) => [one.fingerprint, one])).values()];
}

function described(difference: GraphDifference): Described {
  switch (difference.kind) {
    case 'changed-constant': {
      const { constant, weight, changed, of, at, most } = difference;
      const size = Number.isFinite(most) ? `by at most ${Number(most.toPrecision(3))}` : 'by more than any number';
      const message = `Differs from the weight ${shown(weight)} in ${changed} of ${of} numbers, first at ${at}, ${size}.`;
      return { rule: GRAPH_CONSTANT, subject: constant, message };
    }
    case 'unknown-constant': {
      const { constant, dims } = difference;
      return {
        rule: GRAPH_CONSTANT,
        subject: constant,
        message: `A tensor of [${dims.join(', ')}] is none of the weights.`,
      };
    }
    case 'changed-setting': {
      const { node, op, is, expected } = difference;
      if (op === 'Softmax')
        return {
          rule: GRAPH_CONSTANT,
          subject: node,
          message: 'Its mask hides other tokens than that of the rebuilt graph.',
        };
      const message = `${cut(op, MAX_NAME)} has ${cut(is, MAX_NAME)}, and the rebuilt graph has ${cut(expected, MAX_NAME)}.`;
      return { rule: GRAPH_CONSTANT, subject: node, message };
    }
    case 'choice':
      return {
        rule: GRAPH_CHOICE,
        subject: difference.node,
        message: `${cut(difference.op, MAX_NAME)} decides by what the input is, and the rebuilt graph does not have it.`,
      };
    case 'extra-node':
      return {
        rule: GRAPH_NODE,
        subject: difference.node,
        message: `${cut(difference.op, MAX_NAME)} is not an operator of the rebuilt graph, or is one of other operands.`,
      };
    case 'extra-output':
      return {
        rule: GRAPH_NODE,
        subject: difference.output,
        message: 'An output that is not a value of the rebuilt graph.',
      };
    case 'other-output':
      return {
        rule: GRAPH_NODE,
        subject: difference.output,
        message: 'An output that is another value of the rebuilt graph than the one of its name.',
      };
    case 'extra-input':
      return {
        rule: GRAPH_NODE,
        subject: difference.input,
        message: 'A tensor of the model is an input as well: who calls the model can replace it.',
      };
  }
}

function shown(name: string): string {
  return JSON.stringify(cut(name, MAX_NAME));
}
