import type { OperatorFamily, Translation } from '../../call/index.ts';

function compared(op: string): Translation {
  return (call, tf) => tf.compare(op, call.input(0), call.input(1));
}

const isInf: Translation = (call, tf) => {
  const x = call.input(0);
  const [positive, negative] = [call.integer('detect_positive', 1) === 1, call.integer('detect_negative', 1) === 1];
  const infinite = tf.asked('IsInf', x);
  if (positive && negative) return infinite;
  if (!positive && !negative) return tf.compare('LogicalAnd', infinite, tf.not(infinite));
  return tf.compare('LogicalAnd', infinite, tf.compare(positive ? 'Greater' : 'Less', x, tf.number(0, x.type)));
};

export const LOGIC: OperatorFamily = {
  Equal: compared('Equal'),
  Greater: compared('Greater'),
  GreaterOrEqual: compared('GreaterEqual'),
  Less: compared('Less'),
  LessOrEqual: compared('LessEqual'),
  And: compared('LogicalAnd'),
  Or: compared('LogicalOr'),
  Xor: compared('NotEqual'),
  Not: (call, tf) => tf.not(call.input(0)),
  Where: (call, tf) => tf.select(call.input(0), call.input(1), call.input(2)),
  IsNaN: (call, tf) => tf.asked('IsNan', call.input(0)),
  IsInf: isInf,
};
