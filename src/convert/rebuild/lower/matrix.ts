import {
  broadcast,
  elementwiseTerm,
  matmul,
  ONE,
  productTerm,
  reshapeTerm,
  type SymbolicShape,
  SymbolicSize,
  scaled,
  softmaxTerm,
  sum,
  type Term,
  transposeTerm,
} from '../terms/index.ts';
import { axisIn, type OperatorRule, type RuleCall, unknownForm } from './node.ts';
import { type LoweredValue, loweredValue } from './value.ts';

type Known = LoweredValue & { readonly shape: SymbolicShape };

export function multiplied(call: RuleCall, a: Known, b: Known): Known {
  const { terms } = call;
  if (a.shape.length < 2 || b.shape.length < 2) throw unknownForm('it multiplies vectors');
  const outer = broadcast([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const [inner, other] = [a.shape.at(-1), b.shape.at(-2)];
  if (outer === undefined || inner === undefined || other?.equals(inner) !== true)
    throw unknownForm('its shapes do not fit');
  const shape = [...outer, a.shape.at(-2) ?? ONE, b.shape.at(-1) ?? ONE];
  return { ...loweredValue(matmul(terms, a.term, b.term, b.shape.length), a.type, shape), shape };
}

/** The last two dimensions exchanged. */
export function turned(call: RuleCall, x: Known): Known {
  const order = x.shape.map((_, i) => i);
  const rank = x.shape.length;
  [order[rank - 2], order[rank - 1]] = [rank - 1, rank - 2];
  const shape = order.map((axis) => x.shape[axis] ?? ONE);
  return { ...loweredValue(transposeTerm(call.terms, x.term, x.shape, order), x.type, shape), shape };
}

export function plus(call: RuleCall, a: Known, b: Known): Known {
  const shape = broadcast([a.shape, b.shape]);
  if (shape === undefined) throw unknownForm('its shapes do not fit');
  const term = sum(call.terms, [
    [1, a.term],
    [1, b.term],
  ]);
  return { ...loweredValue(term, a.type, shape), shape };
}

export function times(call: RuleCall, x: Known, factor: number): Known {
  return { ...x, items: undefined, term: scaled(call.terms, x.term, factor) };
}

const matMul: OperatorRule = (call) => [multiplied(call, call.input(0), call.input(1))];

export const gemm = (call: RuleCall): Known => {
  const a = call.int('transA', 0) === 1 ? turned(call, call.input(0)) : call.input(0);
  const b = call.int('transB', 0) === 1 ? turned(call, call.input(1)) : call.input(1);
  const whole = times(call, multiplied(call, a, b), call.float('alpha', 1));
  const beta = call.float('beta', 1);
  return call.has(2) ? plus(call, whole, times(call, call.input(2), beta)) : whole;
};

/** Means of some dimensions, which stay with the size 1. */
export function meanOf(call: RuleCall, x: Known, axes: readonly number[]): Known {
  const shape = x.shape.map((size, i) => (axes.includes(i) ? ONE : size));
  const back = axes.map((axis) => x.shape.length - axis).sort((a, b) => a - b);
  return { ...loweredValue(reduced(call, 'mean', x.term, back, shape), x.type, shape), shape };
}

function reduced(call: RuleCall, op: string, term: Term, back: readonly number[], shape: SymbolicShape): Term {
  const { terms } = call;
  const scale = term.op === 'product' && (op === 'mean' || op === 'total') ? term.constant : 1;
  if (scale !== 1) return scaled(terms, reduced(call, op, scaled(terms, term, 1 / scale), back, shape), scale);
  return terms.make({ op, attribute: back.join(), args: [term], shape });
}

function reduce(op: string): OperatorRule {
  return (call) => {
    const x = call.input(0);
    const given =
      call.version < (op === 'total' ? 13 : 18) ? call.ints('axes') : call.has(1) ? call.numbers(1) : undefined;
    if (call.int('noop_with_empty_axes', 0) !== 0) throw unknownForm('it may reduce nothing');
    const axes = (given ?? x.shape.map((_, i) => i)).map((axis) => axisIn(axis, x.shape.length));
    const kept = x.shape.map((size, i) => (axes.includes(i) ? ONE : size));
    const back = axes.map((axis) => x.shape.length - axis).sort((a, b) => a - b);
    const term = reduced(call, op, x.term, back, kept);
    if (call.int('keepdims', 1) === 1) return [loweredValue(term, x.type, kept)];
    const shape = x.shape.filter((_, i) => !axes.includes(i));
    return [loweredValue(reshapeTerm(call.terms, term, shape), x.type, shape)];
  };
}

const softmaxOf: OperatorRule = (call) => {
  const x = call.input(0);
  const axis = axisIn(call.int('axis', call.version < 13 ? 1 : -1), x.shape.length);
  if (axis !== x.shape.length - 1) throw unknownForm('it is not over the last dimension');
  return [loweredValue(softmaxTerm(call.terms, x.term), x.type, x.shape)];
};

const cumSum: OperatorRule = (call) => {
  const x = call.input(0);
  const axis = axisIn(call.numbers(1)[0] ?? Number.NaN, x.shape.length);
  const ways = `${call.int('exclusive', 0)}${call.int('reverse', 0)}`;
  const attribute = `${x.shape.length - axis}|${ways}`;
  return [loweredValue(call.terms.make({ op: 'running', attribute, args: [x.term], shape: x.shape }), x.type, x.shape)];
};

const conv: OperatorRule = (call) => {
  const [x, kernel] = [call.input(0), call.input(1)];
  const sides = kernel.shape.slice(2).map(({ number }) => number);
  const given = call.ints('kernel_shape');
  if (sides.includes(undefined) || (given !== undefined && `${given}` !== `${sides}`))
    throw unknownForm('its kernel is not known');
  if (call.text('auto_pad', 'NOTSET') !== 'NOTSET' && call.text('auto_pad', 'NOTSET') !== 'VALID')
    throw unknownForm('it pads by itself');
  const ones = sides.map(() => 1);
  const strides = call.ints('strides') ?? ones;
  const dilations = call.ints('dilations') ?? ones;
  const pads = call.ints('pads') ?? [...ones, ...ones].map(() => 0);
  const groups = call.int('group', 1);
  const size = sides.map((side, i) => {
    const whole = x.shape[i + 2]?.number;
    if (whole === undefined || side === undefined) throw unknownForm('the size of its images is not known');
    const padding = (pads[i] ?? 0) + (pads[i + sides.length] ?? 0);
    return Math.floor((whole + padding - (dilations[i] ?? 1) * (side - 1) - 1) / (strides[i] ?? 1)) + 1;
  });
  const [batch = ONE] = x.shape;
  const [channels = ONE] = kernel.shape;
  const shape = [batch, channels, ...size.map((one) => SymbolicSize.of(one))];
  const attribute = [strides, dilations, pads, [groups]].map((list) => list.join()).join('|');
  const made = {
    ...loweredValue(call.terms.make({ op: 'conv', attribute, args: [x.term, kernel.term], shape }), x.type, shape),
    shape,
  };
  if (!call.has(2)) return [made];
  const bias = call.input(2);
  const wide = [channels, ...size.map(() => ONE)];
  return [plus(call, made, { ...bias, shape: wide, term: reshapeTerm(call.terms, bias.term, wide) })];
};

/** Normalises the last dimensions. @param centered whether their mean is taken away first */
export function normalised(call: RuleCall, x: Known, axis: number, epsilon: number, centered: boolean): Known {
  const { terms } = call;
  const axes = x.shape.flatMap((_, i) => (i >= axis ? [i] : []));
  const middle = centered
    ? sum(terms, [
        [1, x.term],
        [-1, meanOf(call, x, axes).term],
      ])
    : x.term;
  const squares: Known = { ...x, term: productTerm(terms, [[2, middle]]) };
  const spread = sum(terms, [[1, meanOf(call, squares, axes).term]], epsilon);
  return {
    ...x,
    items: undefined,
    term: productTerm(terms, [
      [1, middle],
      [-0.5, spread],
    ]),
  };
}

/** The scale and the offset of a normalisation, which may be absent. */
export function scaledAndMoved(call: RuleCall, x: Known, scale: Known | undefined, offset: Known | undefined): Known {
  const scaledBy =
    scale === undefined
      ? x
      : {
          ...x,
          term: productTerm(call.terms, [
            [1, x.term],
            [1, scale.term],
          ]),
        };
  return offset === undefined ? scaledBy : { ...plus(call, scaledBy, offset), shape: x.shape };
}

export function layerNorm(call: RuleCall, x: Known, first: number, centered: boolean): Known {
  const axis = axisIn(call.int('axis', -1), x.shape.length);
  call.ignore('stash_type');
  const normal = normalised(call, x, axis, call.float('epsilon', centered ? 1e-5 : 1e-5), centered);
  return scaledAndMoved(call, normal, call.optional(first), centered ? call.optional(first + 1) : undefined);
}

/** `x Φ(x)`, or its approximation by a hyperbolic tangent. */
export function gelu(call: RuleCall, x: Known, approximate: boolean): Known {
  const { terms } = call;
  const inner = approximate
    ? scaled(
        terms,
        sum(terms, [
          [1, x.term],
          [0.044715, productTerm(terms, [[3, x.term]])],
        ]),
        Math.sqrt(2 / Math.PI),
      )
    : scaled(terms, x.term, Math.SQRT1_2);
  const share = sum(terms, [[1, elementwiseTerm(terms, approximate ? 'Tanh' : 'Erf', [inner])]], 1);
  const term = productTerm(
    terms,
    [
      [1, x.term],
      [1, share],
    ],
    0.5,
  );
  return { ...x, items: undefined, term };
}

export const MATRIX_FORMS: Readonly<Record<string, OperatorRule>> = {
  MatMul: matMul,
  Gemm: (call) => [gemm(call)],
  ReduceMean: reduce('mean'),
  ReduceSum: reduce('total'),
  ReduceMax: reduce('most'),
  Softmax: softmaxOf,
  CumSum: cumSum,
  Conv: conv,
  LayerNormalization: (call) => [layerNorm(call, call.input(0), 1, true)],
  // Of the runtime's optimizer, which writes it into the standard set.
  SimplifiedLayerNormalization: (call) => [layerNorm(call, call.input(0), 1, false)],
  RMSNormalization: (call) => [layerNorm(call, call.input(0), 1, false)],
  Gelu: (call) => [gelu(call, call.input(0), call.text('approximate', 'none') === 'tanh')],
};
