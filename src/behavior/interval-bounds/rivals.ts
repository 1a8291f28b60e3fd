import { AssayError } from '../../core/index.ts';
import type { OnnxNode } from '../../formats/onnx/index.ts';
import { attributesOf, DYNAMIC, isStandard, type Ops, type ScoreSource, shortName } from '../gradient/index.ts';
import { ballOf, roundingOf, type TensorBounds, TINY } from './interval.ts';
import type { BoundSurroundings } from './step.ts';

/** Scores less that of the class of a row. */
export interface PlacedRivals {
  readonly rivals: string;
  /** The input with the class of each row. */
  readonly class: string;
  readonly rowNumbers: number;
}

/** Numbers that a row may need in the last layer: beyond, the scores are compared as they are. */
const MOST_NUMBERS = 1 << 24;

/**
 * The greatest of each score less that of the class of its row. Where products by fixed weights give the scores, the weights are subtracted before the
 * bounds are, which are narrower by what both scores share (Gowal et al. 2018, section 3).
 */
export function placeRivals(
  last: OnnxNode | undefined,
  { name, kind }: ScoreSource,
  scores: TensorBounds,
  around: BoundSurroundings,
): PlacedRivals {
  const { ops } = around;
  const shape = ops.shapes.of(name);
  const [, columns] = shape;
  if (shape.length !== 2 || columns === undefined || columns === DYNAMIC || columns < 1)
    throw new AssayError('unsupported', `the scores ${shortName(name)} are not a row for each row`, {
      hint: 'name an output of shape [rows, classes]',
    });
  const own = ops.tape.name('class');
  const pairs = columns > 1 ? scores : paired(ops, scores, kind === 'logits');
  const classes = Math.max(2, columns);
  const each = ops.ints(
    Array.from({ length: classes }, (_, index) => index),
    [1, classes],
  );
  const mine = ops.mask(ops.op('Equal', [ops.reshape(own, [DYNAMIC, 1]), each]));
  const ownLower = ops.sum(ops.mul(pairs.lower, mine), [1]);
  const apart = ops.sub(pairs.upper, ownLower);
  const rounded = ops.scale(ops.add(ops.op('Abs', [pairs.upper]), ops.op('Abs', [ownLower])), roundingOf(1));
  const plain = ops.add(apart, rounded);
  const layer = columns > 1 && last !== undefined ? lastLayer(last, around, columns) : undefined;
  if (layer === undefined) return { rivals: plain, class: own, rowNumbers: classes };
  const together = lessOwn(ops, layer, own, mine);
  return { rivals: ops.op('Min', [plain, together]), class: own, rowNumbers: columns * layer.width };
}

/** Both classes of one column: of logits, the first has the score 0; of probabilities, the rest. */
function paired(ops: Ops, { lower, upper, terms }: TensorBounds, isLogits: boolean): TensorBounds {
  const first = (value: string) => (isLogits ? ops.mul(value, ops.real(0)) : ops.sub(ops.real(1), value));
  const both = (other: string, value: string) => ops.op('Concat', [first(other), value], { axis: 1 });
  return { lower: both(upper, lower), upper: both(lower, upper), terms };
}

interface LastLayer {
  readonly from: TensorBounds;
  /** [classes, width]. */
  readonly weights: string;
  /** [classes], where something is added. */
  readonly added: string | undefined;
  readonly width: number;
  readonly classes: number;
}

/** The products that give the scores, with what is added to them. */
function lastLayer(node: OnnxNode, { ops, intervalOf }: BoundSurroundings, classes: number): LastLayer | undefined {
  if (node.op !== 'Gemm' || !isStandard(node.domain)) return undefined;
  const [input = '', weights = '', added = ''] = node.inputs;
  const from = intervalOf(input);
  const attributes = attributesOf(node);
  if (from === undefined || attributes.float('alpha', 1) !== 1 || attributes.float('beta', 1) !== 1) return undefined;
  const [first = 0, second = 0] = ops.shapes.of(weights);
  const turned = attributes.int('transB', 0) !== 0;
  const width = turned ? second : first;
  const count = added === '' ? classes : ops.shapes.of(added).reduce((all, size) => all * size, 1);
  if (count !== classes || width < 1 || classes * width > MOST_NUMBERS) return undefined;
  return {
    from,
    weights: turned ? weights : ops.transpose(weights, [1, 0]),
    added: added === '' ? undefined : ops.reshape(added, [classes]),
    width,
    classes,
  };
}

/** Bounds of the difference of two rows of weights; both scores of the model may each have lost a share of what they add. */
function lessOwn(ops: Ops, { from, weights, added, width, classes }: LastLayer, own: string, mine: string): string {
  const share = roundingOf(Math.max(width, from.terms));
  const { center, radius, magnitude } = ballOf(ops, from, width);
  const column = (value: string) => ops.unsqueeze(value, [2]);
  const chosen = ops.op('Gather', [weights, own], { axis: 0 });
  const less = ops.sub(ops.unsqueeze(weights, [0]), ops.unsqueeze(chosen, [1]));
  const by = (matrix: string, value: string) =>
    ops.reshape(ops.op('MatMul', [matrix, column(value)]), [DYNAMIC, classes]);
  const middle = by(less, center);
  const far = by(ops.op('Abs', [less]), radius);
  const each = ops.op('MatMul', [magnitude, ops.transpose(ops.op('Abs', [weights]), [1, 0])]);
  const sizes = added === undefined ? each : ops.add(each, ops.op('Abs', [added]));
  const lost = ops.add(sizes, ops.sum(ops.mul(sizes, mine), [1]));
  const reached = ops.add(ops.scale(ops.add(far, ops.scale(lost, share)), 1 + share), ops.real(TINY));
  const total = ops.add(middle, reached);
  if (added === undefined) return total;
  const ownAdded = ops.reshape(ops.op('Gather', [added, own], { axis: 0 }), [DYNAMIC, 1]);
  return ops.add(total, ops.sub(added, ownAdded));
}
