import { AssayError } from '../../../core/index.ts';
import { attr } from './attributes.ts';
import type { TfGraphBuilder, TfResult, TfValue } from './builder.ts';

export interface TfLoop {
  /** Values before the first round, and what is known of them in all rounds. */
  readonly start: readonly { readonly value: TfValue; readonly each: TfResult }[];
  /** Values from around that rounds need. */
  readonly around: readonly TfValue[];
  /** Whether there is another round: a bool without dimensions. */
  condition(values: readonly TfValue[], around: ReadonlyMap<TfValue, TfValue>): TfValue;
  body(values: readonly TfValue[], around: ReadonlyMap<TfValue, TfValue>): readonly TfValue[];
}

/**
 * A loop of operations: Enter, Merge, Switch, NextIteration and Exit, which every TensorFlow has, and which need no functions.
 * @returns the values after the last round
 */
export function addLoop(graph: TfGraphBuilder, { start, around, condition, body }: TfLoop): TfValue[] {
  const frame = attr.text(graph.reserve('loop'));
  const enter = (value: TfValue, each: TfResult, constant: boolean) =>
    graph.op('Enter', [value], each, {
      T: attr.type(value.type),
      frame_name: frame,
      is_constant: attr.bool(constant),
    });
  const inside = new Map(around.map((value) => [value, enter(value, value, true)]));
  const next = start.map(() => graph.reserve('next'));
  const merged = start.map(({ value, each }, index) => {
    const [result] = graph.addNamed(
      graph.reserve('merge'),
      'Merge',
      [enter(value, each, false).reference, next[index] ?? ''],
      [each],
      { T: attr.type(each.type), N: attr.int(2) },
    );
    return made(result);
  });
  const [pivot] = merged;
  if (pivot === undefined) throw new AssayError('internal', 'a loop has no values');
  const goes = graph.within(pivot, () => condition(merged, inside));
  const decided = graph.op('LoopCond', [goes], { type: 'bool', shape: [] });
  const switched = merged.map((value) =>
    graph.ops('Switch', [value, decided], [value, value], { T: attr.type(value.type) }),
  );
  const current = switched.map(([, yes]) => {
    const value = made(yes);
    return graph.op('Identity', [value], value, { T: attr.type(value.type) });
  });
  const results = graph.within(made(current[0]), () => body(current, inside));
  for (const [index, name] of next.entries()) {
    const value = made(results[index]);
    const expected = made(current[index]);
    if (value.type !== expected.type)
      throw new AssayError('internal', `a loop makes ${value.type} of ${expected.type}`);
    graph.addNamed(name, 'NextIteration', [value.reference], [], { T: attr.type(value.type) });
  }
  return switched.map(([no]) => {
    const value = made(no);
    return graph.op('Exit', [value], value, { T: attr.type(value.type) });
  });
}

function made(value: TfValue | undefined): TfValue {
  if (value === undefined) throw new AssayError('internal', 'a loop lacks a value');
  return value;
}
