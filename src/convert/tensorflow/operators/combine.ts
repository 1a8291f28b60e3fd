import type { GraphSize, GraphTensor, Network } from '../../network/index.ts';
import { reshape } from '../../network/index.ts';
import { type Datum, type DatumType, made, Datum as Value } from '../graph/index.ts';

/** Two values as they are combined element by element. */
interface Together {
  readonly a: GraphTensor;
  readonly b: GraphTensor;
  /** Whether they are images with their channels second. */
  readonly second: boolean;
}

/**
 * Two values that are combined element by element. Images stay as they lie where the other value is one, too, or a number, or a vector
 * of channels.
 */
function together(net: Network, a: Datum, b: Datum): Together {
  const rank = Math.max(a.shape.length, b.shape.length);
  if ((a.isSecond || b.isSecond) && rank >= 3) {
    const [left, right] = [turned(net, a, rank), turned(net, b, rank)];
    if (left !== undefined && right !== undefined) return { a: left, b: right, second: true };
  }
  return { a: a.tensor, b: b.tensor, second: false };
}

function turned(net: Network, x: Datum, rank: number): GraphTensor | undefined {
  if (x.shape.length === rank) return x.isSecond ? x.channelsSecond(net) : undefined;
  if (x.shape.length === 0) return x.tensor;
  const [size] = x.shape;
  if (x.shape.length !== 1 || typeof size !== 'number') return undefined;
  return reshape(net, x.tensor, [size, ...Array<number>(rank - 2).fill(1)]);
}

export function combined(
  net: Network,
  a: Datum,
  b: Datum,
  apply: (a: GraphTensor, b: GraphTensor) => GraphTensor,
): Datum {
  const { a: left, b: right, second } = together(net, a, b);
  const result = apply(left, right);
  return second && result.type === 'float32' ? Value.second(net, result) : second ? last(net, result) : made(result);
}

/** A result of images that is not numbers, as TensorFlow has it. */
function last(net: Network, result: GraphTensor): Datum {
  const order = [0, ...result.shape.map((_, axis) => axis).slice(2), 1];
  const shape = order.map((axis) => result.shape[axis]);
  return made(net.op('Transpose', [result], { type: result.type, shape }, { perm: order }));
}

/** An operator of each element; images stay as they lie. */
export function appliedEach(net: Network, x: Datum, apply: (x: GraphTensor) => GraphTensor): Datum {
  if (!x.isSecond) return made(apply(x.tensor));
  const result = apply(x.channelsSecond(net));
  return result.type === 'float32' ? Value.second(net, result) : last(net, result);
}

/** Integers that are known, combined as TensorFlow does; undefined where one of them is not. */
export function folded(a: Datum, b: Datum, apply: (a: number, b: number) => number): GraphSize[] | undefined {
  if (a.known === undefined || b.known === undefined || a.shape.length > 1 || b.shape.length > 1) return undefined;
  const count = Math.max(a.known.length, b.known.length);
  if (![a, b].every(({ known, shape }) => known?.length === count || shape.length === 0 || known?.length === 1))
    return undefined;
  return Array.from({ length: count }, (_, index) => {
    const at = ({ known }: Datum) => (known?.length === 1 ? known[0] : known?.[index]);
    const [left, right] = [at(a), at(b)];
    if (typeof left !== 'number' || typeof right !== 'number') return undefined;
    const value = apply(left, right);
    return Number.isSafeInteger(value) ? value : undefined;
  });
}

/** A value of integers, of which some may be known. */
export function integersValue(
  net: Network,
  shape: readonly GraphSize[],
  known: readonly GraphSize[] | undefined,
  make: () => GraphTensor,
  type: DatumType = 'int64',
): Datum {
  const all = known?.filter((one) => typeof one === 'number');
  if (known !== undefined && all?.length === known.length) {
    const dims = shape.filter((one) => typeof one === 'number');
    return Value.lazy({ type, shape: dims, known }, () => net.ints(all, dims));
  }
  return Value.lazy({ type, shape, known }, make);
}
