import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, OperatorFamily, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps, type TfReduction, withSize } from '../../ops/index.ts';

type Around = (tf: TfOps, x: TfValue) => TfValue;

const square: Around = (tf, x) => tf.mul(x, x);
const as: Around = (_, x) => x;

/** A reduction, of what comes before it. Axes are an attribute, or an input in later versions of the operators. */
function reduction(op: TfReduction, before: Around = as, behind: Around = as): Translation {
  return (call, tf) => {
    const x = call.input(0);
    const given = call.integers('axes') ?? call.knownIfGiven(1, tf) ?? [];
    const keep = call.integer('keepdims', 1) === 1;
    if (given.length === 0 && call.integer('noop_with_empty_axes', 0) === 1) return behind(tf, before(tf, x));
    const axes = given.length === 0 ? undefined : given.map((axis) => call.axis(x, axis));
    return behind(tf, tf.reduce(op, before(tf, x), axes, keep));
  };
}

const logSumExp: Translation = (call, tf) => {
  const x = call.input(0);
  const given = call.integers('axes') ?? call.knownIfGiven(1, tf);
  const axes = given?.map((axis) => call.axis(x, axis)) ?? axesFrom(0, call.rankOf(x));
  const most = tf.reduce('Max', x, axes, true);
  const sum = tf.reduce('Sum', tf.unary('Exp', tf.sub(x, most)), axes, true);
  const result = tf.add(tf.unary('Log', sum), most);
  return call.integer('keepdims', 1) === 1 ? result : tf.squeeze(result, axes);
};

/** The first of the highest, or the last one where that is asked for. */
function best(op: 'ArgMax' | 'ArgMin'): Translation {
  return (call, tf) => {
    const x = call.input(0);
    const axis = call.axis(x, call.integer('axis', 0));
    const last = call.integer('select_last_index', 0) === 1;
    const index = arg(tf, op, last ? reversed(tf, x, axis) : x, axis);
    const one = tf.int64s([1], []);
    const counted = last ? tf.sub(tf.sub(tf.sizeOf(x, axis), one), index) : index;
    return call.integer('keepdims', 1) === 1 ? tf.expandDims(counted, axis) : counted;
  };
}

function arg(tf: TfOps, op: 'ArgMax' | 'ArgMin', x: TfValue, axis: number): TfValue {
  const shape = x.shape?.filter((_, at) => at !== (axis < 0 ? axis + (x.shape?.length ?? 0) : axis));
  return tf.graph.op(
    op,
    [x, tf.int32s([axis], [])],
    { type: 'int64', shape },
    {
      T: attr.type(x.type),
      Tidx: attr.type('int32'),
      output_type: attr.type('int64'),
    },
  );
}

function reversed(tf: TfOps, x: TfValue, axis: number): TfValue {
  return tf.graph.op('ReverseV2', [x, tf.int32s([axis])], x, { T: attr.type(x.type), Tidx: attr.type('int32') });
}

/** Equal elements come in the order in which they stood. */
const topK: Translation = (call, tf) => {
  const [x, count] = [call.input(0), call.input(1)];
  const rank = call.rankOf(x);
  if (rank === 0) throw call.broken('is given one number');
  const axis = call.axis(x, call.integer('axis', -1));
  const lowest = call.integer('largest', 1) === 0;
  if (lowest && !NEGATED.has(x.type)) throw call.refuse(`it looks for the lowest of ${x.type}`);
  const order = [...axesFrom(0, axis), ...axesFrom(axis + 1, rank), axis];
  const back = order.map((_, at) => order.indexOf(at));
  const turned = tf.transpose(lowest ? tf.unary('Neg', x) : x, order);
  const k = tf.cast(tf.reshape(count, tf.int64s([], [0])), 'int32');
  const shape = withSize(turned.shape, -1, tf.knownIntegers(count)?.[0]);
  const results = tf.graph.ops(
    'TopKV2',
    [turned, k],
    [
      { type: x.type, shape },
      { type: 'int32', shape },
    ],
    { T: attr.type(x.type), sorted: attr.bool(true) },
  );
  const [values, places] = results.map((value) => tf.transpose(value, back));
  if (values === undefined || places === undefined) throw call.broken('has no results');
  return [lowest ? tf.unary('Neg', values) : values, tf.cast(places, 'int64')];
};

const NEGATED: ReadonlySet<string> = new Set(['float32', 'float64']);

const norm2: Around = (tf, x) => tf.unary('Sqrt', x);

function hardmax(call: OperatorCall, tf: TfOps): TfValue {
  const x = call.input(0);
  const axis = call.axis(x, call.integer('axis', -1));
  const index = arg(tf, 'ArgMax', x, axis);
  return tf.graph.op(
    'OneHot',
    [index, tf.cast(tf.sizeOf(x, axis), 'int32'), tf.number(1, x.type), tf.number(0, x.type)],
    x,
    { T: attr.type(x.type), TI: attr.type('int64'), axis: attr.int(axis) },
  );
}

export const REDUCE: OperatorFamily = {
  ReduceSum: reduction('Sum'),
  ReduceMean: reduction('Mean'),
  ReduceMax: reduction('Max'),
  ReduceMin: reduction('Min'),
  ReduceProd: reduction('Prod'),
  ReduceSumSquare: reduction('Sum', square),
  ReduceL1: reduction('Sum', (tf, x) => tf.unary('Abs', x)),
  ReduceL2: reduction('Sum', square, norm2),
  ReduceLogSum: reduction('Sum', as, (tf, x) => tf.unary('Log', x)),
  ReduceLogSumExp: logSumExp,
  ArgMax: best('ArgMax'),
  ArgMin: best('ArgMin'),
  TopK: topK,
  Hardmax: hardmax,
};
