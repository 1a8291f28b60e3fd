import type { BoundRule, BoundStep } from '../step.ts';

/** Operators that put the same numbers elsewhere, by places that the input does not change. */
export const LAYOUT_BOUNDS: Readonly<Record<string, BoundRule>> = {
  Reshape: moved,
  Flatten: moved,
  Squeeze: moved,
  Unsqueeze: moved,
  Transpose: moved,
  Expand: moved,
  Tile: moved,
  Slice: moved,
  Split: moved,
  Gather: moved,
  DepthToSpace: moved,
  SpaceToDepth: moved,
  Pad: padded,
  Concat: joined,
};

function moved(step: BoundStep): void {
  step.onlyActive(0);
  const { lower, upper, terms } = step.interval(0);
  const lows = step.again(new Map([[0, lower]]));
  const highs = step.again(new Map([[0, upper]]));
  for (const [output, low] of lows.entries()) step.exactly(low, highs[output] ?? '', terms, output);
}

function padded(step: BoundStep): void {
  const value = step.optional(2);
  if (value !== undefined) step.finite(value);
  moved(step);
}

function joined(step: BoundStep): void {
  const all = step.node.inputs.map((_, index) => step.interval(index));
  const [low = ''] = step.again(new Map(all.map(({ lower }, index) => [index, lower])));
  const [high = ''] = step.again(new Map(all.map(({ upper }, index) => [index, upper])));
  step.exactly(
    low,
    high,
    all.reduce((most, { terms }) => Math.max(most, terms), 1),
  );
}
