import { AssayError } from '../../core/index.ts';
import { type OnnxValue, tensorType } from '../../formats/onnx/index.ts';
import { attributesOf } from './attributes.ts';
import { isStandard, type OrderedGraph } from './graph.ts';
import type { Ops } from './ops.ts';
import { DYNAMIC, type SeenShapes } from './shapes.ts';

/** What the scores of a classifier are. */
export type ScoreKind = 'logits' | 'probabilities';

/**
 * A number for each row, of an output of the model. Those of a classifier are of scores [rows, classes], or [rows, 1] of the
 * second of two classes; the class comes with the row.
 */
export type Loss =
  /** `-log p`: of the class. */
  | { readonly kind: 'cross-entropy'; readonly output: string; readonly scores: ScoreKind }
  /** The best other class less the class. */
  | { readonly kind: 'margin'; readonly output: string; readonly scores: ScoreKind }
  /** The difference of logits ratio (Croce & Hein 2020), which does not change when logits are scaled or moved. */
  | { readonly kind: 'dlr'; readonly output: string; readonly scores: ScoreKind }
  /** One other class, the aim, less the class. */
  | { readonly kind: 'targeted-margin'; readonly output: string; readonly scores: ScoreKind }
  /** The difference of logits ratio of the aim. */
  | { readonly kind: 'targeted-dlr'; readonly output: string; readonly scores: ScoreKind }
  /** The score of the class. */
  | { readonly kind: 'logit'; readonly output: string; readonly scores: ScoreKind }
  /** The sum of the output times weights that come with the row: of an output of any shape. */
  | { readonly kind: 'product'; readonly output: string };

/** A tensor of scores, and what they are. */
export interface ScoreSource {
  readonly name: string;
  readonly kind: ScoreKind;
}

/** The logits that probabilities are made of, where a softmax or a sigmoid makes them; else the scores themselves. */
export function logitsBehind(
  { producers }: OrderedGraph,
  output: string,
  kind: ScoreKind,
  shapes: SeenShapes,
  opset: number,
): ScoreSource {
  const itself = { name: output, kind };
  if (kind === 'logits') return itself;
  let name = output;
  let node = producers.get(name)?.node;
  while (node?.op === 'Identity' && isStandard(node.domain)) {
    name = node.inputs[0] ?? '';
    node = producers.get(name)?.node;
  }
  const input = node?.inputs[0] ?? '';
  if (node === undefined || !isStandard(node.domain)) return itself;
  const shape = shapes.of(name);
  if (node.op === 'Sigmoid' && shape[1] === 1) return { name: input, kind: 'logits' };
  const axis = attributesOf(node).int('axis', opset < 13 ? 1 : -1);
  const isLast = node.op === 'Softmax' && shape.length === 2 && (axis === 1 || axis === -1);
  return isLast ? { name: input, kind: 'logits' } : itself;
}

/** What a loss adds to a graph. */
export interface PlacedLoss {
  /** The loss of each row. */
  readonly loss: string;
  /** The derivative of their sum by the tensor that the loss is made of. */
  readonly seed: string;
  readonly inputs: readonly OnnxValue[];
  readonly class: string | undefined;
  readonly aim: string | undefined;
  readonly weights: string | undefined;
}

/** Keeps a probability of zero from having an infinite loss. */
const LEAST = 1e-30;
const TINY = 1e-12;
/** The least share of the other classes that a direction is multiplied by. */
const SURE = 1e-12;
/** Below every score, and finite. */
const LOWEST = -3e38;
const FEWEST: Readonly<Partial<Record<Loss['kind'], number>>> = { dlr: 3, 'targeted-dlr': 4 };

/** The scores as columns of at least two classes, and how their derivative becomes that of what they are made of. */
interface Columns {
  readonly scores: string;
  readonly classes: number;
  back(derivative: string): string;
}

/**
 * Adds a loss of the tensor `from`.
 * @param kind what `from` holds, which may be the logits behind the probabilities that the loss names
 */
export function placeLoss(ops: Ops, loss: Loss, from: string, kind: ScoreKind): PlacedLoss {
  if (loss.kind === 'product') return product(ops, from);
  const columns = columnsOf(ops, from, kind, loss.output);
  const fewest = FEWEST[loss.kind] ?? 2;
  if (columns.classes < fewest) {
    const message = `the loss ${loss.kind} needs ${fewest} classes, and the output has ${columns.classes}`;
    throw new AssayError('usage', message, { hint: 'use the loss margin' });
  }
  const own = ops.tape.name('class');
  const isAimed = loss.kind === 'targeted-dlr' || loss.kind === 'targeted-margin';
  const aim = isAimed ? ops.tape.name('aim') : undefined;
  const { value, derivative } = lossOf(ops, loss.kind, columns, kind, own, aim);
  const inputs = [own, ...(aim === undefined ? [] : [aim])].map((name) => rowInput(name));
  return { loss: value, seed: columns.back(derivative), inputs, class: own, aim, weights: undefined };
}

function rowInput(name: string): OnnxValue {
  return { name, type: tensorType('int64', [undefined]), docString: '', metadata: [] };
}

function columnsOf(ops: Ops, from: string, kind: ScoreKind, output: string): Columns {
  const shape = ops.shapes.of(from);
  const [, classes] = shape;
  if (shape.length !== 2 || classes === undefined || classes === DYNAMIC || classes < 1) {
    const message = `the output ${JSON.stringify(output)} is not a row of scores: its shape is [${shown(shape)}]`;
    throw new AssayError('unsupported', message, { hint: 'name an output of shape [rows, classes]' });
  }
  if (classes > 1) return { scores: from, classes, back: (derivative) => derivative };
  const first = kind === 'logits' ? ops.mul(from, ops.real(0)) : ops.sub(ops.real(1), from);
  return {
    scores: ops.op('Concat', [first, from], { axis: 1 }),
    classes: 2,
    back(derivative) {
      const own = ops.slice(derivative, 1, 1, 2);
      return kind === 'logits' ? own : ops.sub(own, ops.slice(derivative, 1, 0, 1));
    },
  };
}

function shown(shape: readonly number[]): string {
  return shape.map((size) => (size === DYNAMIC ? 'rows' : size)).join(', ');
}

interface Differentiated {
  readonly value: string;
  readonly derivative: string;
}

function lossOf(
  ops: Ops,
  loss: Exclude<Loss['kind'], 'product'>,
  { scores, classes }: Columns,
  kind: ScoreKind,
  own: string,
  aim: string | undefined,
): Differentiated {
  const each = ops.ints(
    Array.from({ length: classes }, (_, index) => index),
    [1, classes],
  );
  const isClass = (name: string) => ops.op('Equal', [ops.reshape(name, [DYNAMIC, 1]), each]);
  const chosen = isClass(own);
  const mine = ops.mask(chosen);
  const inRows = (value: string) => ops.reshape(ops.sum(value, [1]), [DYNAMIC]);
  switch (loss) {
    case 'cross-entropy': {
      if (kind === 'logits') {
        const log = ops.op('LogSoftmax', [scores], { axis: 1 });
        return { value: ops.neg(inRows(ops.mul(log, mine))), derivative: pull(ops, scores, chosen, mine) };
      }
      const floor = ops.op('Max', [scores, ops.real(LEAST)]);
      const value = ops.neg(inRows(ops.mul(ops.op('Log', [floor]), mine)));
      return { value, derivative: ops.neg(ops.div(mine, floor)) };
    }
    case 'logit':
      return { value: inRows(ops.mul(scores, mine)), derivative: mine };
    case 'margin':
    case 'dlr': {
      const others = ops.where(chosen, ops.real(LOWEST), scores);
      const best = ops.mask(isClass(ops.op('ArgMax', [others], { axis: 1, keepdims: 0 })));
      const direction = ops.sub(best, mine);
      if (loss === 'margin') return { value: inRows(ops.mul(scores, direction)), derivative: direction };
      const [first, , third] = ranked(ops, scores, 3, isClass);
      return ratio(ops, scores, direction, ops.sub(first ?? mine, third ?? mine));
    }
    case 'targeted-margin': {
      const direction = ops.sub(ops.mask(isClass(aim ?? own)), mine);
      return { value: inRows(ops.mul(scores, direction)), derivative: direction };
    }
    case 'targeted-dlr': {
      const direction = ops.sub(ops.mask(isClass(aim ?? own)), mine);
      const [first, , third, fourth] = ranked(ops, scores, 4, isClass);
      const lower = ops.scale(ops.add(third ?? mine, fourth ?? mine), 0.5);
      return ratio(ops, scores, direction, ops.sub(first ?? mine, lower));
    }
  }
}

/**
 * The derivative of the cross entropy by logits, `p - mine`, as the share of the other classes times a direction. The share of
 * a row that the model is sure of rounds to zero, and with it all that an attack could follow: it stays above a little.
 */
function pull(ops: Ops, scores: string, chosen: string, mine: string): string {
  const share = ops.op('Softmax', [scores], { axis: 1 });
  const others = ops.sum(ops.where(chosen, ops.real(0), share), [1]);
  const among = ops.op('Softmax', [ops.where(chosen, ops.real(LOWEST), scores)], { axis: 1 });
  return ops.mul(ops.op('Max', [others, ops.real(SURE)]), ops.sub(among, mine));
}

/** For each of the best classes, 1 in its column. */
function ranked(ops: Ops, scores: string, count: number, isClass: (name: string) => string): readonly string[] {
  const [, indices = ''] = ops.tape.ops('TopK', [scores, ops.ints([count])], 2, { axis: 1 });
  return Array.from({ length: count }, (_, rank) => ops.mask(isClass(ops.slice(indices, 1, rank, rank + 1))));
}

/** The quotient of two linear functions of the scores. */
function ratio(ops: Ops, scores: string, above: string, below: string): Differentiated {
  const over = ops.sum(ops.mul(scores, above), [1]);
  const under = ops.add(ops.sum(ops.mul(scores, below), [1]), ops.real(TINY));
  const quotient = ops.div(over, under);
  const derivative = ops.div(ops.sub(above, ops.mul(quotient, below)), under);
  return { value: ops.reshape(quotient, [DYNAMIC]), derivative };
}

function product(ops: Ops, from: string): PlacedLoss {
  const shape = ops.shapes.of(from);
  if (shape.length === 0)
    throw new AssayError('unsupported', 'the output is one number, which is not one for each row');
  const weights = ops.tape.name('weights');
  const all = ops.mul(from, weights);
  const axes = shape.flatMap((_, axis) => (axis === 0 ? [] : [axis]));
  const type = tensorType(
    ops.type,
    shape.map(() => undefined),
  );
  return {
    loss: ops.reshape(ops.sum(all, axes), [DYNAMIC]),
    seed: weights,
    inputs: [{ name: weights, type, docString: '', metadata: [] }],
    class: undefined,
    aim: undefined,
    weights,
  };
}
