import type { GraphSize } from '../../network/index.ts';
import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import { type AtenDatum, integers } from '../datum.ts';
import { minusSize, plusSize, sizeIs, timesSize } from '../sizes.ts';
import { AtenTensor, type AtenValue, int, isOfKind, real } from '../values.ts';
import { floorDivision, remainderOf } from './binary.ts';
import { combinedIntegers } from './combine.ts';
import { sizeDatum } from './reshape.ts';

/** A size, as a number where it is one. */
export function sizeValue(datum: AtenDatum): AtenValue {
  const [size] = datum.known ?? [];
  return typeof size === 'number' ? int(size) : { kind: 'symbol', datum };
}

type Numbers = (a: number, b: number) => number;
type Sizes = (call: AtenCall, a: AtenDatum, b: AtenDatum) => AtenDatum;

function integer(call: AtenCall, value: number): AtenValue {
  if (Number.isSafeInteger(value)) return int(value);
  throw call.refuse('its result has more than 53 bits');
}

function isWhole(value: AtenValue): boolean {
  return typeof value === 'boolean' || isOfKind(value, 'int');
}

/** An operator of two numbers, of which some are known only when the model runs. */
function arithmetic(numbers: Numbers, sizes: Sizes | undefined, isReal = false): AtenLowering {
  return (call) => {
    const [a, b] = [call.value('a'), call.value('b')];
    if (isOfKind(a, 'symbol') || isOfKind(b, 'symbol')) {
      const [left, right] = [call.numeric(a, 'a'), call.numeric(b, 'b')];
      if (sizes === undefined || left.type !== 'int64' || right.type !== 'int64')
        throw call.refuse('it takes a size that is known only when the model runs', NEEDS_SHAPE);
      return sizeValue(sizes(call, left, right));
    }
    const result = numbers(call.number('a'), call.number('b'));
    if (Number.isNaN(result)) throw call.refuse('its result is not a number');
    return !isReal && isWhole(a) && isWhole(b) ? integer(call, result) : real(result);
  };
}

const NEEDS_SHAPE = 'give the shape of the input without the batch: --input-shape 3,224,224';

function sizesBy(op: 'Add' | 'Sub' | 'Mul', fold: (a: GraphSize, b: GraphSize) => GraphSize): Sizes {
  return (call, a, b) => combinedIntegers(call, a, b, fold, (x, y) => call.net.binary(op, x, y));
}

function function1(apply: (value: number) => number, whole = false): AtenLowering {
  return (call) => {
    const a = call.value('a');
    const result = apply(call.number('a'));
    if (Number.isNaN(result)) throw call.refuse('its result is not a number');
    return whole || (isWhole(a) && Number.isInteger(result) && apply === Math.abs)
      ? integer(call, result)
      : real(result);
  };
}

const negative: AtenLowering = (call) => {
  const a = call.value('a');
  if (isOfKind(a, 'symbol')) return sizeValue(sizesBy('Mul', timesSize)(call, a.datum, call.numeric(int(-1), 'a')));
  return isOfKind(a, 'float') ? real(-a.value) : integer(call, -call.number('a'));
};

/** What tells two values apart; `undefined` where that is not known. */
function equal(call: AtenCall, a: AtenValue, b: AtenValue): boolean {
  if (isOfKind(a, 'symbol') || isOfKind(b, 'symbol')) {
    const [left, right] = [call.numeric(a, 'a').known?.[0], call.numeric(b, 'b').known?.[0]];
    if (left !== undefined && left === right) return true;
    const [number, size] = typeof left === 'number' ? [left, right] : [right, left];
    if (typeof number === 'number' && sizeIs(size, number) === false) return false;
    throw call.refuse('it compares a size that is known only when the model runs', NEEDS_SHAPE);
  }
  if (isOfKind(a, 'list') || isOfKind(a, 'tuple')) {
    if (!isOfKind(b, 'list') && !isOfKind(b, 'tuple')) return false;
    return a.items.length === b.items.length && a.items.every((one, i) => equal(call, one, b.items[i] ?? null));
  }
  if (isOfKind(a, 'device') && isOfKind(b, 'device')) return true;
  const [left, right] = [a, b].map((one) => (isOfKind(one, 'int') || isOfKind(one, 'float') ? one.value : one));
  for (const one of [left, right])
    if (typeof one === 'object' && one !== null) throw call.refuse(`it compares ${one.kind}`);
  return Number(left) === Number(right) && typeof left !== 'string' ? left !== null && right !== null : left === right;
}

function comparison(apply: (a: number, b: number) => boolean): AtenLowering {
  return (call) => {
    for (const name of ['a', 'b'])
      if (isOfKind(call.value(name), 'symbol'))
        throw call.refuse('it compares a size that is known only when the model runs', NEEDS_SHAPE);
    return apply(call.number('a'), call.number('b'));
  };
}

/** A number out of a tensor, or of another type. */
function converted(type: 'int' | 'float' | 'bool'): AtenLowering {
  return (call) => {
    const a = call.value('a');
    if (a instanceof AtenTensor) return itemOf(call, call.datum('a'), type);
    if (isOfKind(a, 'symbol')) {
      if (type === 'int') return a;
      throw call.refuse('it takes a size that is known only when the model runs', NEEDS_SHAPE);
    }
    if (typeof a === 'string') return real(textNumber(call, a));
    const value = call.number('a');
    if (type === 'bool') return value !== 0;
    return type === 'int' ? integer(call, Math.trunc(value)) : real(value);
  };
}

function textNumber(call: AtenCall, text: string): number {
  const known: ReadonlyMap<string, number> = new Map([
    ['inf', Number.POSITIVE_INFINITY],
    ['-inf', Number.NEGATIVE_INFINITY],
  ]);
  const value = known.get(text);
  if (value === undefined) throw call.refuse('it takes a text');
  return value;
}

function itemOf(call: AtenCall, x: AtenDatum, type: 'int' | 'float' | 'bool'): AtenValue {
  const [known] = x.known ?? [];
  if (x.type === 'int64' && x.rank === 0) {
    if (type === 'int') return typeof known === 'number' ? int(known) : { kind: 'symbol', datum: x };
    if (typeof known === 'number') return type === 'bool' ? known !== 0 : real(known);
  }
  throw call.refuse(
    'it takes a number out of a tensor, which is known only when the model runs',
    'conditions and sizes that depend on data are not converted',
  );
}

/** The number of a tensor, whatever its type. */
function item(name: string): AtenLowering {
  return (call) => {
    const x = call.datum(name);
    return itemOf(call, x, x.type === 'int64' ? 'int' : 'float');
  };
}

const sizeAt: AtenLowering = (call) => {
  const x = call.datum('self');
  return sizeValue(sizeDatum(call, x, call.axisAt(x)));
};

const sizes: AtenLowering = (call) => {
  const x = call.datum('self');
  return { kind: 'list', items: x.shape.map((_, axis) => sizeValue(sizeDatum(call, x, axis))) };
};

const elements: AtenLowering = (call) => {
  const x = call.datum('self');
  const { net } = call;
  const total = x.shape.reduce(timesSize, 1);
  return sizeValue(integers(net, [], [total], () => net.op('Size', [x.tensor], { type: 'int64', shape: [] })));
};

function always(value: AtenValue): AtenLowering {
  return () => value;
}

const CODES = { float32: 6, int64: 4, bool: 11 } as const;

const typeCode: AtenLowering = (call) => {
  const { type } = call.datum('a');
  if (!call.types.uniform) throw call.refuse('it asks for an element type, of a model that has several');
  return int(CODES[type]);
};

function pairs(name: string, lowering: AtenLowering): [string, AtenLowering] {
  return [`${name}(Scalar a, Scalar b)`, lowering];
}

function flags(names: readonly string[], value: AtenValue): [string, AtenLowering][] {
  return names.map((name) => [`${name}(Tensor a)`, always(value)]);
}

const floorNumbers: Numbers = (a, b) => Math.floor(a / b);
const remainderNumbers: Numbers = (a, b) => a - Math.floor(a / b) * b;

/** Numbers, Booleans and sizes, which are computed with before the model runs. */
export const SCALARS: AtenFamily = Object.fromEntries<AtenLowering>([
  pairs(
    'add.int',
    arithmetic((a, b) => a + b, sizesBy('Add', plusSize)),
  ),
  pairs(
    'sub.int',
    arithmetic((a, b) => a - b, sizesBy('Sub', minusSize)),
  ),
  pairs(
    'mul.int',
    arithmetic((a, b) => a * b, sizesBy('Mul', timesSize)),
  ),
  pairs(
    'div.int',
    arithmetic((a, b) => a / b, undefined, true),
  ),
  pairs(
    'truediv.int',
    arithmetic((a, b) => a / b, undefined, true),
  ),
  pairs('floordiv.int', arithmetic(floorNumbers, floorDivision)),
  pairs('floor_divide.int', arithmetic(floorNumbers, floorDivision)),
  pairs('remainder.int', arithmetic(remainderNumbers, remainderOf)),
  pairs('mod.int', arithmetic(remainderNumbers, remainderOf)),
  pairs('pow.int', (call) => {
    const result = arithmetic((a, b) => a ** b, undefined, true)(call);
    const isInt = isWhole(call.value('a')) && isWhole(call.value('b')) && call.number('b') >= 0;
    return isInt ? integer(call, call.number('a') ** call.number('b')) : result;
  }),
  pairs('max.int', arithmetic(Math.max, undefined)),
  pairs('min.int', arithmetic(Math.min, undefined)),
  ['neg.int(Scalar a)', negative],
  ['abs.int(Scalar a)', function1(Math.abs)],
  ['sqrt.int(Scalar a)', function1(Math.sqrt)],
  ['exp.int(Scalar a)', function1(Math.exp)],
  ['log.int(Scalar a)', function1(Math.log)],
  ['floor.int(Scalar a)', function1(Math.floor, true)],
  ['ceil.int(Scalar a)', function1(Math.ceil, true)],
  pairs(
    'lt.int',
    comparison((a, b) => a < b),
  ),
  pairs(
    'le.int',
    comparison((a, b) => a <= b),
  ),
  pairs(
    'gt.int',
    comparison((a, b) => a > b),
  ),
  pairs(
    'ge.int',
    comparison((a, b) => a >= b),
  ),
  ['eq.any(any a, any b)', (call) => equal(call, call.value('a'), call.value('b'))],
  ['ne.any(any a, any b)', (call) => !equal(call, call.value('a'), call.value('b'))],
  ['__not__(bool a)', (call) => !call.flag('a')],
  ['__and__.bool(bool a, bool b)', (call) => call.flag('a') && call.flag('b')],
  ['__or__.bool(bool a, bool b)', (call) => call.flag('a') || call.flag('b')],
  ['__xor__.bool(bool a, bool b)', (call) => call.flag('a') !== call.flag('b')],
  [
    '__range_length(int lo, int hi, int step)',
    (call) => {
      const [low, high, step] = [call.int('lo'), call.int('hi'), call.int('step')];
      if (step === 0) throw call.broken('has the step 0');
      return int(Math.max(0, Math.ceil((high - low) / step)));
    },
  ],
  [
    '__derive_index(int index, int start, int step)',
    (call) => integer(call, call.int('start') + call.int('index') * call.int('step')),
  ],
  ['Int(any a)', converted('int')],
  ['IntImplicit(any a)', converted('int')],
  ['Float(any a)', converted('float')],
  ['FloatImplicit(any a)', converted('float')],
  ['Bool(any a)', converted('bool')],
  ['ScalarImplicit(Tensor a)', item('a')],
  ['item(Tensor self)', item('self')],
  ['size(Tensor self)', sizes],
  ['size.int(Tensor self, int dim)', sizeAt],
  ['sym_size.int(Tensor self, int dim)', sizeAt],
  ['shape(Tensor self)', sizes],
  ['numel(Tensor self)', elements],
  ['sym_numel(Tensor self)', elements],
  ['dim(Tensor self)', (call) => int(call.datum('self').rank)],
  ['ndim(Tensor self)', (call) => int(call.datum('self').rank)],
  ['len.Tensor(Tensor self)', (call) => sizeAt(call.with({ dim: int(0) }))],
  ['dtype(Tensor a)', typeCode],
  ['device(Tensor a)', always({ kind: 'device' })],
  ['device.with_index(str a, int index=0)', always({ kind: 'device' })],
  ['type(device a)', always('cpu')],
  ['layout(Tensor a)', always(int(0))],
  ['is_floating_point(Tensor a)', (call) => call.datum('a').type === 'float32'],
  ...flags(
    ['is_cuda', 'is_nested', 'is_complex', 'is_quantized', 'is_sparse', 'is_mkldnn', 'is_meta', 'is_mps'],
    false,
  ),
  ['is_cpu(Tensor a)', always(true)],
  ['is_grad_enabled()', always(false)],
  ['is_autocast_enabled()', always(false)],
  ['is_scripting()', always(true)],
  ['str(any a)', (call) => (isOfKind(call.value('a'), 'device') ? 'cpu' : { kind: 'message' })],
]);
