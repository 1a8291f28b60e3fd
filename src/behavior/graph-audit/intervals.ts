import type { DataType, OnnxTensor } from '../../formats/onnx/index.ts';
import { hasReadableNumbers, tensorNumbers, type WeightSource } from '../weights/index.ts';
import { type FlatNode, STRUCTURE } from './flat-graph.ts';
import { isStandardSet } from './flatten.ts';

/** The least and the greatest of the numbers of a value. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Of what nothing is known, it is not said that it is large. */
const UNKNOWN: Interval = { low: 1, high: 1 };

/** What numbers of a type can be that are not read here. */
const PACKED: Readonly<Partial<Record<DataType, Interval>>> = {
  int2: { low: -2, high: 1 },
  uint2: { low: 0, high: 3 },
  int4: { low: -8, high: 7 },
  uint4: { low: 0, high: 15 },
  float4e2m1: { low: -6, high: 6 },
  float6e2m3: { low: -7.5, high: 7.5 },
  float6e3m2: { low: -28, high: 28 },
  float8e4m3fn: { low: -448, high: 448 },
  float8e4m3fnuz: { low: -240, high: 240 },
  float8e5m2: { low: -57_344, high: 57_344 },
  float8e5m2fnuz: { low: -57_344, high: 57_344 },
  float8e8m0: { low: 0, high: 2 ** 127 },
};

/** An interval, and zero. */
export function withZero(interval: Interval | undefined): Interval | undefined {
  return interval && { low: Math.min(0, interval.low), high: Math.max(0, interval.high) };
}

/** @throws AssayError as `tensorNumbers` */
export async function intervalOf(tensor: OnnxTensor, options: WeightSource): Promise<Interval | undefined> {
  if (!hasReadableNumbers(tensor)) return PACKED[tensor.type];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for await (const values of tensorNumbers(tensor, options))
    for (const value of values) {
      if (Number.isNaN(value)) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return low > high ? undefined : { low, high };
}

/** The interval of a scalar among the attributes of a `Constant`. */
export function intervalOfConstant({ attributes }: FlatNode): Interval | undefined {
  const [first] = attributes;
  if (first?.type === 'float' || first?.type === 'int') return { low: Number(first.value), high: Number(first.value) };
  if (first?.type !== 'floats' && first?.type !== 'ints') return undefined;
  const values = Array.from(first.value, Number);
  return values.reduce<Interval | undefined>(
    (all, value) => ({ low: Math.min(all?.low ?? value, value), high: Math.max(all?.high ?? value, value) }),
    undefined,
  );
}

/** The interval of what a node makes of constants: exact for arithmetic, and that of all operands for the rest. */
export function intervalOfResult(
  { op, domain, feedback }: FlatNode,
  operands: readonly (Interval | undefined)[],
): Interval | undefined {
  const [a, b] = operands;
  if (domain === STRUCTURE) {
    // A state of a loop may grow with each turn.
    if (feedback.length > 0 || op === 'Turn') return EVERYTHING;
  } else if (!isStandardSet(domain)) return undefined;
  if (domain === STRUCTURE || JOINED.has(op)) {
    const ends = (op === 'Where' || op === 'If' ? operands.slice(1) : operands).flatMap(endsOf);
    return ends.length === 0 ? undefined : around(ends);
  }
  if (FIRST.has(op)) return a;
  if (a === undefined || operands.includes(undefined)) return undefined;
  if (b !== undefined) {
    const ends = (combine: (x: number, y: number) => number) =>
      around([combine(a.low, b.low), combine(a.low, b.high), combine(a.high, b.low), combine(a.high, b.high)]);
    if (op === 'Add') return ends((x, y) => x + y);
    if (op === 'Sub') return ends((x, y) => x - y);
    if (/^(?:Mul|MatMul|Gemm|DequantizeLinear)$/.test(op)) return ends((x, y) => x * y);
    if (op === 'Pow') return ends((x, y) => x ** y);
    if (op === 'Div') return hasZero(b) ? EVERYTHING : ends((x, y) => x / y);
  }
  switch (op) {
    case 'Exp':
      return around([Math.exp(a.low), Math.exp(a.high)]);
    case 'Sqrt':
      return a.low < 0 ? EVERYTHING : around([Math.sqrt(a.low), Math.sqrt(a.high)]);
    case 'Neg':
      return { low: -a.high, high: -a.low };
    case 'Reciprocal':
      return hasZero(a) ? EVERYTHING : around([1 / a.low, 1 / a.high]);
    case 'Abs':
      return around([hasZero(a) ? 0 : Math.abs(a.low), Math.abs(a.low), Math.abs(a.high)]);
    default:
      if (SIZES.test(op)) return undefined;
      // What else is made of constants may be as large as it likes.
      return EVERYTHING;
  }
}

/** Results whose numbers are among those of all operands, or of the first. */
const JOINED: ReadonlySet<string> = new Set(['Concat', 'Max', 'Min', 'Where']);
const FIRST: ReadonlySet<string> = new Set([
  ...['Cast', 'CastLike', 'Expand', 'Flatten', 'Gather', 'Identity', 'Reshape', 'Slice', 'Split', 'Squeeze', 'Tile'],
  ...['Transpose', 'Unsqueeze'],
]);
/** Results that say how large something is, or where. */
const SIZES = /^(?:Shape|Size|ArgM|NonZero|Range|Equal|Greater|Less|Not$|And$|Or$|OneHot)/;

function endsOf(interval: Interval | undefined): readonly number[] {
  return interval === undefined ? [] : [interval.low, interval.high];
}

const EVERYTHING: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

function hasZero({ low, high }: Interval): boolean {
  return low <= 0 && high >= 0;
}

function around(values: readonly number[]): Interval {
  if (values.some(Number.isNaN)) return EVERYTHING;
  const [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return values.reduce((all, value) => ({ low: Math.min(all.low, value), high: Math.max(all.high, value) }), {
    low,
    high,
  });
}

/** The largest distance of its numbers from zero. */
export function farthest(interval: Interval | undefined): number {
  const { low, high } = interval ?? UNKNOWN;
  return Math.max(Math.abs(low), Math.abs(high));
}

/** The least one. */
export function nearestToZero(interval: Interval | undefined): number {
  const { low, high } = interval ?? UNKNOWN;
  return hasZero({ low, high }) ? 0 : Math.min(Math.abs(low), Math.abs(high));
}
