import type { TfType, TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, OperatorFamily, Translation } from '../../call/index.ts';
import type { TfOps } from '../../ops/index.ts';

const FLOATING: ReadonlySet<TfType> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

function unary(op: string): Translation {
  return (call, tf) => tf.unary(op, call.input(0));
}

function binary(op: string): Translation {
  return (call, tf) => tf.binary(op, call.input(0), call.input(1));
}

/** An operator of any number of inputs. */
function joined(join: (tf: TfOps, a: TfValue, b: TfValue) => TfValue): Translation {
  return (call, tf) => call.all().reduce((sum, value) => join(tf, sum, value));
}

/** Numbers that are not numbers win, as in ONNX Runtime. */
function larger(compare: 'Greater' | 'Less') {
  return (tf: TfOps, a: TfValue, b: TfValue): TfValue => {
    const wins = tf.compare(compare, a, b);
    if (!FLOATING.has(a.type)) return tf.select(wins, a, b);
    return tf.select(tf.compare('LogicalOr', wins, tf.asked('IsNan', a)), a, b);
  };
}

/** ONNX cuts quotients of integers towards zero. */
const div: Translation = (call, tf) => {
  const [a, b] = [call.input(0), call.input(1)];
  return tf.binary(FLOATING.has(a.type) ? 'RealDiv' : 'TruncateDiv', a, b);
};

const pow: Translation = (call, tf) => {
  const [base, exponent] = [call.input(0), call.input(1)];
  if (!FLOATING.has(base.type) && FLOATING.has(exponent.type))
    throw call.refuse(`it raises ${base.type} to a power of ${exponent.type}`);
  return tf.binary('Pow', base, tf.cast(exponent, base.type));
};

const mod: Translation = (call, tf) => {
  const [a, b] = [call.input(0), call.input(1)];
  const truncated = call.integer('fmod', 0) === 1;
  if (!truncated && FLOATING.has(a.type)) throw call.refuse('the remainder of floating-point numbers needs fmod=1');
  return tf.binary(truncated ? 'TruncateMod' : 'FloorMod', a, b);
};

/** What is not a number stays so: it is neither below nor above a bound. */
const clip: Translation = (call, tf) => {
  const [low, high] = [call.optional(1), call.optional(2)];
  let x = call.input(0);
  if (low !== undefined) x = tf.select(tf.compare('Less', x, low), low, x);
  if (high !== undefined) x = tf.select(tf.compare('Greater', x, high), high, x);
  return x;
};

const mean: Translation = (call, tf) => {
  const values = call.all();
  const sum = values.reduce((total, value) => tf.add(total, value));
  return tf.div(sum, tf.number(values.length, sum.type));
};

const cumSum: Translation = (call: OperatorCall, tf) => {
  const [x, axis] = [call.input(0), call.input(1)];
  const known = tf.knownIntegers(axis);
  if (known !== undefined) call.axis(x, known[0] ?? 0);
  const flags = { exclusive: call.integer('exclusive', 0) === 1, reverse: call.integer('reverse', 0) === 1 };
  return tf.graph.op('Cumsum', [x, axis], x, {
    T: { kind: 'type', value: x.type },
    Tidx: { kind: 'type', value: axis.type },
    exclusive: { kind: 'bool', value: flags.exclusive },
    reverse: { kind: 'bool', value: flags.reverse },
  });
};

export const ARITHMETIC: OperatorFamily = {
  Add: binary('AddV2'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: div,
  Pow: pow,
  Mod: mod,
  Max: joined(larger('Greater')),
  Min: joined(larger('Less')),
  Sum: joined((tf, a, b) => tf.add(a, b)),
  Mean: mean,
  Clip: clip,
  CumSum: cumSum,
  Abs: unary('Abs'),
  Neg: unary('Neg'),
  Sign: unary('Sign'),
  Sqrt: unary('Sqrt'),
  Reciprocal: unary('Reciprocal'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Floor: unary('Floor'),
  Ceil: unary('Ceil'),
  // Both round halves to even numbers.
  Round: unary('Round'),
  Erf: unary('Erf'),
  Sin: unary('Sin'),
  Cos: unary('Cos'),
  Tan: unary('Tan'),
  Asin: unary('Asin'),
  Acos: unary('Acos'),
  Atan: unary('Atan'),
  Sinh: unary('Sinh'),
  Cosh: unary('Cosh'),
  Asinh: unary('Asinh'),
  Acosh: unary('Acosh'),
  Atanh: unary('Atanh'),
};
