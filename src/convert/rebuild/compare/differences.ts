import type { OnnxNode } from '../../../formats/onnx/index.ts';
import { MASK_INPUT, type Term } from '../terms/index.ts';

/** Something that the shipped graph has, and the rebuilt one does not. */
export type GraphDifference =
  /** A tensor that is a weight, but for some numbers. */
  | {
      readonly kind: 'changed-constant';
      readonly constant: string;
      readonly weight: string;
      readonly changed: number;
      readonly of: number;
      /** The first element that differs, counted in row order. */
      readonly at: number;
      readonly most: number;
    }
  /** A tensor that is none of the weights. */
  | { readonly kind: 'unknown-constant'; readonly constant: string; readonly dims: readonly number[] }
  /** The same operator of the same operands, with another number or setting. */
  | {
      readonly kind: 'changed-setting';
      readonly node: string;
      readonly op: string;
      readonly is: string;
      readonly expected: string;
    }
  /** Operators that decide by what the input is. */
  | { readonly kind: 'choice'; readonly node: string; readonly op: string }
  | { readonly kind: 'extra-node'; readonly node: string; readonly op: string }
  | { readonly kind: 'extra-output'; readonly output: string }
  /** Another value of the model under the name of an output. */
  | { readonly kind: 'other-output'; readonly output: string }
  | { readonly kind: 'extra-input'; readonly input: string };

/** Terms that a term is made of, itself included. */
export function reachable(roots: Iterable<Term>): Set<Term> {
  const seen = new Set<Term>();
  const left = [...roots];
  for (let term = left.pop(); term !== undefined; term = left.pop()) {
    if (seen.has(term)) continue;
    seen.add(term);
    left.push(...term.args);
  }
  return seen;
}

const CHOICES: ReadonlySet<string> = new Set([
  ...[
    'Where',
    'Equal',
    'Less',
    'LessOrEqual',
    'And',
    'Or',
    'Xor',
    'Not',
    'IsNaN',
    'bool',
    'whole',
    'round',
    'Clip',
    'Min',
    'Max',
  ],
  ...['most', 'Floor', 'Ceil'],
]);

/** Whether a term decides by an input that is not the attention mask. */
function isChoice(term: Term): boolean {
  if (!CHOICES.has(term.op)) return false;
  const [condition] = term.args;
  const decides = term.op === 'Where' && condition !== undefined ? [condition] : term.args;
  for (const { op, attribute } of reachable(decides)) if (op === 'input' && attribute !== MASK_INPUT) return true;
  return false;
}

/** The most differences that are named. */
const MAX_NAMED = 20;

export interface NodeDifferences {
  readonly list: readonly GraphDifference[];
  /** Whether a softmax has a mask whose meaning is not known. */
  readonly unclearMask: boolean;
}

/**
 * Names what terms of the shipped graph are not of the rebuilt one, where they begin: those whose operands are of both.
 * @param madeBy the node of the shipped graph that made a term
 */
export function nodeDifferences(
  shipped: ReadonlySet<Term>,
  rebuilt: ReadonlySet<Term>,
  madeBy: ReadonlyMap<Term, OnnxNode>,
): NodeDifferences {
  const extra = [...shipped].filter((term) => !rebuilt.has(term)).sort((a, b) => a.id - b.id);
  const missing = [...rebuilt].filter((term) => !shipped.has(term));
  const list: GraphDifference[] = [];
  const named = new Set<OnnxNode>();
  const name = (term: Term, make: (node: string, op: string) => GraphDifference): void => {
    const node = madeBy.get(term);
    if (list.length >= MAX_NAMED || (node !== undefined && named.has(node))) return;
    if (node !== undefined) named.add(node);
    list.push(make(node?.name || node?.outputs[0] || '?', node?.op ?? term.op));
  };
  for (const term of extra) if (isChoice(term)) name(term, (node, op) => ({ kind: 'choice', node, op }));
  for (const term of extra) {
    if (term.op === 'opaque' || term.op === 'unknown constant' || !madeBy.has(term)) continue;
    // Numbers and sizes that the rebuilt graph does not have say nothing by themselves.
    if (!term.args.every((arg) => rebuilt.has(arg) || arg.args.length === 0)) continue;
    const other = missing.find((one) => isCounterpart(term, one));
    if (other === undefined) name(term, (node, op) => ({ kind: 'extra-node', node, op }));
    else {
      const [is, expected] = settings(term, other);
      name(term, (node, op) => ({ kind: 'changed-setting', node, op, is, expected }));
    }
  }
  const unclearMask = extra.some(({ op, attribute }) => op === 'softmax' && attribute === 'unclear');
  return { list, unclearMask };
}

function isCounterpart(term: Term, other: Term): boolean {
  if (term.op !== other.op) return false;
  if (term.op === 'number') return true;
  return (
    term.args.length > 0 && term.args.length === other.args.length && term.args.every((arg, i) => other.args[i] === arg)
  );
}

/** What differs between two terms of the same operands, as texts. */
function settings(term: Term, other: Term): [string, string] {
  if (term.constant !== other.constant) return [shown([term.constant]), shown([other.constant])];
  if (`${term.numbers}` !== `${other.numbers}`) return [shown(term.numbers), shown(other.numbers)];
  if (term.attribute !== other.attribute) return [term.attribute, other.attribute];
  return [term.shape.map(({ key }) => key).join(' x '), other.shape.map(({ key }) => key).join(' x ')];
}

/** Numbers of 32 bits, without digits that they do not have. */
function shown(numbers: readonly number[]): string {
  return numbers.map((number) => `${Number(number.toPrecision(7))}`).join(', ');
}
