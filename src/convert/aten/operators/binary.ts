import type { CompareOperator, Elementwise, GraphSize, GraphTensor } from '../../network/index.ts';
import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import { type AtenDatum, madeDatum } from '../datum.ts';
import { floorDividedSize, minusSize, plusSize, timesSize } from '../sizes.ts';
import { combinedDatums, combinedIntegers, commonType, realTensor } from './combine.ts';

type Fold = (a: GraphSize, b: GraphSize) => GraphSize;

function unfolded(): GraphSize {
  return undefined;
}

function both(call: AtenCall, other = 'other'): [AtenDatum, AtenDatum] {
  return [call.operand('self'), call.operand(other)];
}

function pair(op: Elementwise, fold: Fold = unfolded): AtenLowering {
  return (call) => {
    const [a, b] = both(call);
    if (commonType(a, b) === 'bool') return logical(call, op, a, b);
    return combinedIntegers(call, a, b, fold, (x, y) => call.net.binary(op, x, y));
  };
}

/** Of Booleans, the sum is `or`, and the product `and`. */
function logical(call: AtenCall, op: Elementwise, a: AtenDatum, b: AtenDatum): AtenDatum {
  const known: Partial<Record<Elementwise, CompareOperator>> = { Add: 'Or', Max: 'Or', Mul: 'And', Min: 'And' };
  const compared = known[op];
  if (compared === undefined) throw call.refuse('it takes Booleans');
  return combinedDatums(call, a, b, (x, y) => call.net.compare(compared, x, y));
}

/** `self + alpha * other`, or minus. */
function scaled(op: 'Add' | 'Sub', fold: Fold, turned = false): AtenLowering {
  return (call) => {
    const [first, second] = both(call);
    const [a, b] = turned ? [second, first] : [first, second];
    const alpha = call.number('alpha');
    if (commonType(a, b) === 'bool') return logical(call, op, a, b);
    if (alpha === 1) return combinedIntegers(call, a, b, fold, (x, y) => call.net.binary(op, x, y));
    const factor = (y: GraphTensor) =>
      y.type === 'int64' ? call.net.mul(y, call.net.ints([alpha], [])) : call.net.mul(y, alpha);
    if (turned) return combinedDatums(call, a, b, (x, y) => call.net.binary(op, x, factor(y)));
    return combinedDatums(call, a, b, (x, y) => call.net.binary(op, x, factor(y)));
  };
}

const realDivision: AtenLowering = (call) => {
  const [a, b] = both(call);
  return madeDatum(call.net.div(realTensor(call.net, a), realTensor(call.net, b)));
};

/** The quotient, cut towards minus infinity. */
export function floorDivision(call: AtenCall, a: AtenDatum, b: AtenDatum): AtenDatum {
  const { net } = call;
  return combinedIntegers(call, a, b, floorDividedSize, (x, y) => {
    if (x.type !== 'int64') return net.unary('Floor', net.div(x, y));
    const rest = net.op('Mod', [x, y], net.binary('Add', x, y));
    return net.binary('Div', net.sub(x, rest), y);
  });
}

/** The quotient, cut towards 0. Sizes are not negative. */
function cutDivision(call: AtenCall, a: AtenDatum, b: AtenDatum): AtenDatum {
  const { net } = call;
  const fold: Fold = (x, y) => {
    if (typeof x === 'number' && typeof y === 'number') return y === 0 ? undefined : Math.trunc(x / y);
    return floorDividedSize(x, y);
  };
  return combinedIntegers(call, a, b, fold, (x, y) => {
    if (x.type === 'int64') return net.binary('Div', x, y);
    const quotient = net.div(x, y);
    return net.mul(net.unary('Sign', quotient), net.unary('Floor', net.unary('Abs', quotient)));
  });
}

const roundedDivision: AtenLowering = (call) => {
  const [a, b] = both(call);
  if (call.isNone('rounding_mode')) return realDivision(call);
  const mode = call.text('rounding_mode');
  if (mode === 'floor') return floorDivision(call, a, b);
  if (mode === 'trunc') return cutDivision(call, a, b);
  throw call.refuse(`its rounding mode is ${JSON.stringify(mode.slice(0, 40))}`);
};

/** What is left of a division that is cut towards minus infinity. */
export function remainderOf(call: AtenCall, a: AtenDatum, b: AtenDatum): AtenDatum {
  const { net } = call;
  const fold: Fold = (x, y) =>
    typeof x === 'number' && typeof y === 'number' && y !== 0 ? x - Math.floor(x / y) * y : undefined;
  return combinedIntegers(call, a, b, fold, (x, y) => {
    if (x.type === 'int64') return net.op('Mod', [x, y], net.binary('Add', x, y));
    return net.sub(x, net.mul(net.unary('Floor', net.div(x, y)), y));
  });
}

const power: AtenLowering = (call) => {
  const { net } = call;
  const [a, b] = both(call, 'exponent');
  const exponent = call.value('exponent');
  if (typeof exponent === 'object' && exponent?.kind === 'int' && exponent.value === 2)
    return combinedDatums(call, a, a, (x) => net.mul(x, x));
  if (typeof exponent === 'object' && exponent?.kind === 'float' && exponent.value === 0.5)
    return madeDatum(net.unary('Sqrt', realTensor(net, a)));
  if (commonType(a, b) !== 'float32') throw call.refuse('it takes integers');
  return madeDatum(net.binary('Pow', realTensor(net, a), realTensor(net, b)));
};

export function compare(op: CompareOperator): AtenLowering {
  return (call) => {
    const [a, b] = both(call);
    return combinedDatums(call, a, b, (x, y) => equalTypes(call, op, x, y));
  };
}

/** Runtimes compare numbers; Booleans are made some. */
function equalTypes({ net }: AtenCall, op: CompareOperator, x: GraphTensor, y: GraphTensor): GraphTensor {
  if (x.type !== 'bool') return net.compare(op, x, y);
  return net.compare(op, net.cast(x, 'int64'), net.cast(y, 'int64'));
}

function negated(lowering: CompareOperator): AtenLowering {
  return (call) => {
    const [a, b] = both(call);
    return combinedDatums(call, a, b, (x, y) => call.net.unary('Not', equalTypes(call, lowering, x, y)));
  };
}

function logic(op: 'And' | 'Or' | 'Xor', strict: boolean): AtenLowering {
  return (call) => {
    const { net } = call;
    const [a, b] = both(call);
    if (strict && commonType(a, b) !== 'bool') throw call.refuse('it takes integers');
    const [x, y] = [net.cast(a.tensor, 'bool'), net.cast(b.tensor, 'bool')];
    if (op !== 'Xor') return madeDatum(net.compare(op, x, y));
    const either = net.compare('Or', x, y);
    return madeDatum(net.compare('And', either, net.unary('Not', net.compare('And', x, y))));
  };
}

const where: AtenLowering = (call) => {
  const { net } = call;
  const condition = net.cast(call.datum('condition').tensor, 'bool');
  const [a, b] = both(call);
  return combinedDatums(call, a, b, (yes, no) => net.where(condition, yes, no));
};

const maskedFill: AtenLowering = (call) => {
  const { net } = call;
  const x = call.datum('self');
  const [mask, value] = [call.datum('mask'), call.operand('value')];
  if (mask.type !== 'bool') throw call.refuse('its mask is not of Booleans');
  return madeDatum(net.where(mask.tensor, net.cast(value.tensor, x.type), x.tensor));
};

const addcmul =
  (op: 'Mul' | 'Div'): AtenLowering =>
  (call) => {
    const { net } = call;
    const [x, a, b] = [call.real('self'), call.real('tensor1'), call.real('tensor2')];
    return madeDatum(net.add(x, net.mul(net.binary(op, a, b), call.number('value'))));
  };

const lerp: AtenLowering = (call) => {
  const { net } = call;
  const [x, end] = [call.real('self'), call.real('end')];
  return madeDatum(net.add(x, net.mul(net.sub(end, x), realTensor(net, call.operand('weight')))));
};

/** The schemas of an operator whose second operand may be a tensor or a number. */
function forms(name: string, tail: string, lowering: AtenLowering): [string, AtenLowering][] {
  return [
    [`${name}.Tensor(Tensor self, Tensor other${tail})`, lowering],
    [`${name}.Scalar(Tensor self, Scalar other${tail})`, lowering],
  ];
}

const plus = scaled('Add', plusSize);
const minus = scaled('Sub', minusSize);
const ALPHA = ', *, Scalar alpha=1';
const ALPHA_LAST = ', Scalar alpha=1';
const MODE = ', *, str? rounding_mode';

export const BINARY: AtenFamily = Object.fromEntries<AtenLowering>([
  [`add.Tensor(Tensor self, Tensor other${ALPHA})`, plus],
  [`add.Scalar(Tensor self, Scalar other${ALPHA_LAST})`, plus],
  [`sub.Tensor(Tensor self, Tensor other${ALPHA})`, minus],
  [`sub.Scalar(Tensor self, Scalar other${ALPHA_LAST})`, minus],
  [`rsub.Tensor(Tensor self, Tensor other${ALPHA})`, scaled('Sub', minusSize, true)],
  [`rsub.Scalar(Tensor self, Scalar other${ALPHA_LAST})`, scaled('Sub', minusSize, true)],
  ...forms('mul', '', pair('Mul', timesSize)),
  ...forms('multiply', '', pair('Mul', timesSize)),
  ...forms('div', '', realDivision),
  ...forms('divide', '', realDivision),
  ...forms('true_divide', '', realDivision),
  [`div.Tensor_mode(Tensor self, Tensor other${MODE})`, roundedDivision],
  [`div.Scalar_mode(Tensor self, Scalar other${MODE})`, roundedDivision],
  ['floor_divide(Tensor self, Tensor other)', (call) => floorDivision(call, ...both(call))],
  ['floor_divide.Scalar(Tensor self, Scalar other)', (call) => floorDivision(call, ...both(call))],
  ...forms('remainder', '', (call) => remainderOf(call, ...both(call))),
  ['pow.Tensor_Scalar(Tensor self, Scalar exponent)', power],
  ['pow.Tensor_Tensor(Tensor self, Tensor exponent)', power],
  ['pow.Scalar(Scalar self, Tensor exponent)', power],
  ['maximum(Tensor self, Tensor other)', pair('Max')],
  ['minimum(Tensor self, Tensor other)', pair('Min')],
  ['max.other(Tensor self, Tensor other)', pair('Max')],
  ['min.other(Tensor self, Tensor other)', pair('Min')],
  ['clamp_min.Tensor(Tensor self, Tensor min)', (call) => pair('Max')(call.with({ other: call.value('min') }))],
  ['clamp_max.Tensor(Tensor self, Tensor max)', (call) => pair('Min')(call.with({ other: call.value('max') }))],
  ...forms('eq', '', compare('Equal')),
  ...forms('ne', '', negated('Equal')),
  ...forms('lt', '', compare('Less')),
  ...forms('le', '', compare('LessOrEqual')),
  ...forms('gt', '', compare('Greater')),
  ...forms('ge', '', compare('GreaterOrEqual')),
  ['logical_and(Tensor self, Tensor other)', logic('And', false)],
  ['logical_or(Tensor self, Tensor other)', logic('Or', false)],
  ['logical_xor(Tensor self, Tensor other)', logic('Xor', false)],
  ...forms('bitwise_and', '', logic('And', true)),
  ...forms('bitwise_or', '', logic('Or', true)),
  ...forms('bitwise_xor', '', logic('Xor', true)),
  ...forms('__and__', '', logic('And', true)),
  ...forms('__or__', '', logic('Or', true)),
  ['where.self(Tensor condition, Tensor self, Tensor other)', where],
  ['where.ScalarSelf(Tensor condition, Scalar self, Tensor other)', where],
  ['where.ScalarOther(Tensor condition, Tensor self, Scalar other)', where],
  ['where.Scalar(Tensor condition, Scalar self, Scalar other)', where],
  ['masked_fill.Scalar(Tensor self, Tensor mask, Scalar value)', maskedFill],
  ['masked_fill.Tensor(Tensor self, Tensor mask, Tensor value)', maskedFill],
  ['addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1)', addcmul('Mul')],
  ['addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1)', addcmul('Div')],
  ['lerp.Scalar(Tensor self, Tensor end, Scalar weight)', lerp],
  ['lerp.Tensor(Tensor self, Tensor end, Tensor weight)', lerp],
]);
