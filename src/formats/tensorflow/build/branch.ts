import { AssayError } from '../../../core/index.ts';
import { attr } from './attributes.ts';
import type { TfGraphBuilder, TfResult, TfValue } from './builder.ts';

/** What one side of a choice makes of the values from around, by what stands for them there. */
type Side = (around: ReadonlyMap<TfValue, TfValue>) => readonly TfValue[];

export interface TfChoice {
  /** A bool without dimensions. */
  readonly condition: TfValue;
  /** Values from around that a side needs. */
  readonly around: readonly TfValue[];
  readonly yes: Side;
  readonly no: Side;
}

/**
 * A choice between two sides, of which one runs: Switch and Merge, which every TensorFlow has, and which need no functions.
 * @throws AssayError `malformed` when the sides give other numbers of values, or other types
 */
export function addChoice(graph: TfGraphBuilder, { condition, around, yes, no }: TfChoice): TfValue[] {
  const switched = new Map([condition, ...around].map((value) => [value, switchOf(graph, value, condition)] as const));
  const side = (index: 0 | 1, make: Side): readonly TfValue[] => {
    const inside = new Map(Array.from(switched, ([value, sides]) => [value, sides[index]] as const));
    const own = inside.get(condition) ?? condition;
    const pivot = graph.op('Identity', [own], own, { T: attr.type('bool') });
    return graph.within(pivot, () => make(inside));
  };
  const [first, second] = [side(0, no), side(1, yes)];
  if (first.length !== second.length)
    throw new AssayError('malformed', `the sides of a choice give ${second.length} and ${first.length} values`);
  return first.map((value, index) => merged(graph, value, second[index] ?? value));
}

/** Where a condition does not hold, and where it does. */
function switchOf(graph: TfGraphBuilder, value: TfValue, condition: TfValue): readonly [TfValue, TfValue] {
  const [no, yes] = graph.ops('Switch', [value, condition], [value, value], { T: attr.type(value.type) });
  if (no === undefined || yes === undefined) throw new AssayError('internal', 'a switch lacks a result');
  return [no, yes];
}

function merged(graph: TfGraphBuilder, no: TfValue, yes: TfValue): TfValue {
  if (no.type !== yes.type) throw new AssayError('malformed', `the sides of a choice give ${yes.type} and ${no.type}`);
  const result: TfResult = { type: no.type, shape: commonShape(no.shape, yes.shape) };
  return graph.op('Merge', [no, yes], result, { T: attr.type(no.type), N: attr.int(2) });
}

function commonShape(a: TfResult['shape'], b: TfResult['shape']): TfResult['shape'] {
  if (a === undefined || b === undefined || a.length !== b.length) return undefined;
  return a.map((size, axis) => (size === b[axis] ? size : undefined));
}
