import { magnitudeOf, roundingOf } from '../interval.ts';
import type { BoundRule, BoundStep } from '../step.ts';

/** Windows and axes of which one number is made: none of them falls when a number rises. */
export const POOLING_BOUNDS: Readonly<Record<string, BoundRule>> = {
  MaxPool: greatest,
  GlobalMaxPool: greatest,
  ReduceMax: greatest,
  ReduceMin: greatest,
  AveragePool: (step) =>
    average(
      step,
      (step.attributes.ints('kernel_shape') ?? []).reduce((all, size) => all * size, 1),
    ),
  GlobalAveragePool: (step) => average(step, step.shareOfResult()),
  ReduceMean: (step) => average(step, step.shareOfResult()),
  ReduceSum: (step) => average(step, step.shareOfResult()),
};

function greatest(step: BoundStep): void {
  step.onlyActive(0);
  if (step.node.outputs.slice(1).some((name) => name !== '')) throw step.refuse('it gives positions, too');
  if (step.node.op.startsWith('Reduce')) step.shareOfResult();
  const { lower, upper, terms } = step.interval(0);
  const [low = ''] = step.again(new Map([[0, lower]]));
  const [high = ''] = step.again(new Map([[0, upper]]));
  step.exactly(low, high, terms);
}

/** A sum by weights that are not below zero. */
function average(step: BoundStep, terms: number): void {
  step.onlyActive(0);
  const interval = step.interval(0);
  const all = step.checkTerms(Math.max(terms, interval.terms));
  const [low = ''] = step.again(new Map([[0, interval.lower]]));
  const [high = ''] = step.again(new Map([[0, interval.upper]]));
  const [magnitude = ''] = step.again(new Map([[0, magnitudeOf(step.ops, interval)]]));
  step.outwards(low, high, { terms: all, share: roundingOf(all), magnitude });
}
