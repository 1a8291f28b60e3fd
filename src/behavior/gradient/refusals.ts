import { AssayError } from '../../core/index.ts';
import type { OnnxNode } from '../../formats/onnx/index.ts';

const BLACK_BOX = 'use attacks that need no gradient: square, nes, simba, hop-skip-jump';

/** A node as messages name it: the operator, and its name or that of its first result. */
export function shownNode({ op, name, outputs }: OnnxNode): string {
  const label = name === '' ? (outputs.find((output) => output !== '') ?? '') : name;
  return `${op.slice(0, 80)} ${shortName(label)}`;
}

export function shortName(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

/** The node has no gradient that is known here. */
export function refusedNode(node: OnnxNode, why: string): AssayError {
  return new AssayError('unsupported', `${shownNode(node)} has no gradient: ${why}`, { hint: BLACK_BOX });
}

/** Every path from the tensor to the loss ends in a node that has no gradient. */
export function noPath(wrt: string, output: string, blockers: readonly OnnxNode[]): AssayError {
  const [first] = blockers;
  if (first === undefined) {
    const message = `the output ${shortName(output)} does not depend on ${shortName(wrt)}`;
    return new AssayError('unsupported', message, { hint: 'name a tensor that the output is computed from' });
  }
  const others = blockers.length === 1 ? '' : `, and ${blockers.length - 1} more nodes`;
  const message = `the gradient of ${shortName(output)} by ${shortName(wrt)} ends at ${shownNode(first)}${others}`;
  return new AssayError('unsupported', message, { hint: BLACK_BOX });
}

export function malformedNode(node: OnnxNode, why: string): AssayError {
  return new AssayError('malformed', `${shownNode(node)}: ${why}`);
}
