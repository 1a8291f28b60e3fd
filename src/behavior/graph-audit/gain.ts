import type { FlatNode } from './flat-graph.ts';
import { isStandardSet } from './flatten.ts';
import { farthest, type Interval, nearestToZero } from './intervals.ts';

/** What numbers are multiplied by at most before they are steep: layers of a network stay below it. */
export const STEEP = 128;
/** Channels without any variance, which honest networks have, are multiplied by 316. */
const DEAD_CHANNELS = 16;
/** A power that is almost zero or very large but near one. */
const STEEP_POWER = 16;

/** Products with weights: each is looked at alone. */
const WEIGHTED: ReadonlySet<string> = new Set([
  ...['MatMul', 'Gemm', 'Conv', 'ConvTranspose', 'Einsum', 'PRelu', 'LinearClassifier', 'LinearRegressor'],
]);
/** What leaves the size of numbers about as it is, so that factors before and after it multiply. */
const THROUGH: ReadonlySet<string> = new Set([
  ...['Add', 'Sub', 'Neg', 'Abs', 'Identity', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Slice'],
  ...['Gather', 'Split', 'Concat', 'Expand', 'Cast', 'Relu', 'Pad', 'Sum', 'ReduceSum', 'Tile', 'Dropout'],
]);

export interface GainOperand {
  readonly data: boolean;
  readonly live: boolean;
  /** What the numbers of an input have been multiplied by, one by one. */
  readonly gain: number;
  readonly interval: Interval | undefined;
}

/** What the numbers of an input have been multiplied by in the result of a node. */
export function gainOf(node: FlatNode, operands: readonly GainOperand[]): number {
  const { op, domain, attributes } = node;
  const before = Math.max(1e-30, ...operands.filter(({ live }) => live).map(({ gain }) => gain));
  const constants = operands.filter(({ data }) => !data);
  if (domain === 'ai.onnx.ml') return listed(attributes, op === 'Scaler' ? 'scale' : 'coefficients');
  const number = (name: string, otherwise: number): number => {
    const found = attributes.find((one) => one.name === name);
    return found?.type === 'float' ? Math.abs(found.value) : otherwise;
  };
  const factor = factorOf(node);
  if (factor >= STEEP) return factor;
  if (isStandardSet(domain) && WEIGHTED.has(op))
    return Math.max(1, ...constants.slice(0, 1).map((one) => farthest(one.interval))) * number('alpha', 1);
  if (!isStandardSet(domain)) return 1;
  switch (op) {
    case 'Mul':
      return constants.reduce((gain, one) => gain * farthest(one.interval), before);
    case 'Div': {
      const [, divisor] = operands;
      return divisor === undefined || divisor.data ? 1 : before / nearestToZero(divisor.interval);
    }
    case 'Pow': {
      const [, power] = operands;
      return power === undefined || power.data || farthest(power.interval) < STEEP_POWER ? 1 : Number.POSITIVE_INFINITY;
    }
    case 'BatchNormalization': {
      const [, scale, , , variance] = operands;
      return (
        farthest(scale?.interval) /
        Math.sqrt(nearestToZero(variance?.interval) + number('epsilon', 1e-5)) /
        DEAD_CHANNELS
      );
    }
    case 'LayerNormalization':
    case 'InstanceNormalization':
      return farthest(operands[1]?.interval);
    default:
      return THROUGH.has(op) ? before : 1;
  }
}

/** The largest of the numbers that a node is told to multiply by, of whatever operator set. */
function factorOf({ attributes }: FlatNode): number {
  const factors = attributes.flatMap((one) => {
    if (!/(?:^|_)(?:alpha|beta|gamma|scale|scales)$/.test(one.name)) return [];
    if (one.type === 'float') return [Math.abs(one.value)];
    return one.type === 'floats' ? [one.value.reduce((most, value) => Math.max(most, Math.abs(value)), 0)] : [];
  });
  return Math.max(1, ...factors);
}

function listed(attributes: FlatNode['attributes'], name: string): number {
  const found = attributes.find((one) => one.name === name);
  return found?.type === 'floats' ? found.value.reduce((most, value) => Math.max(most, Math.abs(value)), 0) : 1;
}
