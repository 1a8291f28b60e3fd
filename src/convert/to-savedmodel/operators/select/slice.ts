import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';

interface Cut {
  readonly from: TfValue;
  readonly to: TfValue;
  readonly step: number;
  /** What of them is known. */
  readonly first: number | undefined;
  readonly end: number | undefined;
}

/** Ends beyond this are those of the axis. */
const BEYOND = 2 ** 31 - 1;

export const tfSlice: Translation = (call, tf) => {
  const x = call.input(0);
  const rank = call.rankOf(x);
  const cuts = cutsOf(call, tf, x);
  let [endMask, beginMask] = [0, 0];
  const each = axesFrom(0, rank).map((axis) => {
    const cut = cuts.get(axis);
    const bit = 2 ** axis;
    if (cut === undefined) {
      [beginMask, endMask] = [beginMask + bit, endMask + bit];
      return { from: tf.int64s([0]), to: tf.int64s([0]), step: 1 };
    }
    if (isOpen(cut, x.shape?.[axis])) endMask += bit;
    return cut;
  });
  if (rank > 31) throw call.refuse(`its input has ${rank} dimensions`);
  const value = tf.graph.op(
    'StridedSlice',
    [
      x,
      tf.concat(
        each.map(({ from }) => from),
        0,
      ),
      tf.concat(
        each.map(({ to }) => to),
        0,
      ),
      tf.int64s(each.map(({ step }) => step)),
    ],
    { type: x.type, shape: x.shape?.map((size, axis) => sizeAfter(size, cuts.get(axis))) },
    {
      T: attr.type(x.type),
      Index: attr.type('int64'),
      begin_mask: attr.int(beginMask),
      end_mask: attr.int(endMask),
    },
  );
  learn(tf, x, value, cuts.get(0));
  return value;
};

function cutsOf(call: OperatorCall, tf: TfOps, x: TfValue): Map<number, Cut> {
  const [starts, ends] = [call.input(1), call.input(2)];
  const [count] = starts.shape ?? [];
  if (count === undefined) throw call.refuse('how many axes it cuts is not known');
  const axes = (call.knownIfGiven(3, tf) ?? axesFrom(0, count)).map((axis) => call.axis(x, axis));
  const steps = call.knownIfGiven(4, tf) ?? axes.map(() => 1);
  if (axes.length !== count || steps.length !== count || new Set(axes).size !== count)
    throw call.broken('has other numbers of starts, axes and steps, or an axis twice');
  const [firsts, lasts] = [tf.knownIntegers(starts), tf.knownIntegers(ends)];
  const part = (value: TfValue, index: number) => tf.cast(tf.slice(value, [index], [index + 1]), 'int64');
  return new Map(
    axes.map((axis, index) => {
      const [first, end, step] = [firsts?.[index], lasts?.[index], steps[index] ?? 1];
      if (step === 0) throw call.broken('has a step of 0');
      const from = first === undefined ? part(starts, index) : tf.int64s([bounded(first)]);
      const to = end === undefined ? part(ends, index) : tf.int64s([bounded(end)]);
      return [axis, { from, to, step, first, end }];
    }),
  );
}

/** Writers give the largest and the least integer for an end. */
function bounded(index: number): number {
  return Math.max(-BEYOND, Math.min(BEYOND, index));
}

/** Whether the end is that of the axis, which with a negative step no number says. */
function isOpen({ step, end }: Cut, size: number | undefined): boolean {
  if (end === undefined) return false;
  return step < 0 ? end <= -BEYOND || (size !== undefined && end < -size) : end >= BEYOND;
}

function sizeAfter(size: number | undefined, cut: Cut | undefined): number | undefined {
  if (cut === undefined) return size;
  const { first, end, step } = cut;
  if (size === undefined || first === undefined || end === undefined) return undefined;
  const place = (at: number, least: number, most: number) => Math.max(least, Math.min(most, at < 0 ? at + size : at));
  if (step > 0) return Math.max(0, Math.ceil((place(end, 0, size) - place(first, 0, size)) / step));
  return Math.max(0, Math.ceil((place(first, -1, size - 1) - place(end, -1, size - 1)) / -step));
}

/** A part of a shape is known where the shape is. */
function learn(tf: TfOps, x: TfValue, value: TfValue, cut: Cut | undefined): void {
  const known = tf.knownIntegers(x);
  if (known === undefined || x.shape?.length !== 1 || cut?.step !== 1) return;
  if (cut.first === undefined || cut.end === undefined) return;
  tf.learnIntegers(value, known.slice(cut.first, cut.end));
}
