import type { ComparedOutput } from '../../core/conversion/index.ts';
import { decidedRows } from './margins.ts';
import type { OutputTolerance, RunnableOutput } from './model.ts';
import { integersOf, type PlainArray } from './plain-array.ts';

/** The outputs of one run, by name. */
export type Outputs = ReadonlyMap<string, PlainArray>;

/** Outputs, and how far each may be from another run, or from the source. */
export interface Comparable {
  readonly outputs: readonly RunnableOutput[];
  readonly tolerances: readonly OutputTolerance[];
}

type Figures = Omit<ComparedOutput, 'output' | 'role' | 'tolerance' | 'pass'>;

const NOTHING: Figures = {
  compared: 0,
  different: 0,
  undecided: 0,
  maxAbsolute: null,
  maxRelative: null,
  agreement: null,
  problem: null,
};
const EXACT = { absolute: 0, relative: 0 };

/**
 * Compares each output of a run with what is expected. An output that one of them does not have has a problem, and does not pass.
 * @param expected what the source gave, or another run
 */
export function compareOutputs(
  { outputs, tolerances }: Comparable,
  actual: Outputs,
  expected: Outputs,
): ComparedOutput[] {
  return outputs.map((output) => {
    const { name, role } = output;
    const { absolute, relative } = tolerances.find((one) => one.output === name) ?? EXACT;
    const tolerance = { absolute, relative };
    const [value, wanted] = [actual.get(name), expected.get(name)];
    const figures =
      value === undefined || wanted === undefined
        ? { ...NOTHING, problem: 'it is missing' }
        : role === 'label'
          ? labels(value, wanted, decidedRows(outputs, expected, absolute))
          : numbers(value, wanted, tolerance);
    return { output: name, role, ...figures, tolerance, pass: figures.problem === null && figures.different === 0 };
  });
}

function labels(actual: PlainArray, expected: PlainArray, isDecided: (row: number) => boolean): Figures {
  const shape = shapeProblem(actual, expected);
  if (shape !== undefined) return { ...NOTHING, problem: shape };
  const pair = labelValues(actual, expected);
  if (pair === undefined)
    return { ...NOTHING, problem: `the labels are ${actual.kind}, and ${expected.kind} are expected` };
  const [own, wanted] = pair;
  let [compared, different, undecided] = [0, 0, 0];
  for (let row = 0; row < own.length; row++) {
    if (!isDecided(row)) undecided++;
    else {
      compared++;
      if (own[row] !== wanted[row]) different++;
    }
  }
  const agreement = compared === 0 ? null : (compared - different) / compared;
  return { ...NOTHING, compared, different, undecided, agreement };
}

/** The labels as values that are equal when they are the same. */
function labelValues(
  actual: PlainArray,
  expected: PlainArray,
): readonly [ArrayLike<unknown>, ArrayLike<unknown>] | undefined {
  if (actual.kind === 'texts' || expected.kind === 'texts')
    return actual.kind === expected.kind ? [actual.values, expected.values] : undefined;
  const [own, wanted] = [integersOf(actual), integersOf(expected)];
  return own === undefined || wanted === undefined ? undefined : [own, wanted];
}

function numbers(
  actual: PlainArray,
  expected: PlainArray,
  { absolute, relative }: { readonly absolute: number; readonly relative: number },
): Figures {
  const shape = shapeProblem(actual, expected);
  if (shape !== undefined) return { ...NOTHING, problem: shape };
  if (actual.kind === 'texts' || expected.kind === 'texts') return texts(actual, expected);
  let [different, maxAbsolute, maxRelative] = [0, 0, 0];
  const compared = actual.values.length;
  for (let i = 0; i < compared; i++) {
    const [value, wanted] = [Number(actual.values[i]), Number(expected.values[i])];
    if (value === wanted || (Number.isNaN(value) && Number.isNaN(wanted))) continue;
    const off = Math.abs(value - wanted);
    // A bound relative to infinity is infinite: where only one of them is finite, they differ.
    if (!Number.isFinite(off) || off > absolute + relative * Math.abs(wanted)) different++;
    maxAbsolute = Math.max(maxAbsolute, off);
    if (wanted !== 0) maxRelative = Math.max(maxRelative, off / Math.abs(wanted));
  }
  return { ...NOTHING, compared, different, maxAbsolute: finite(maxAbsolute), maxRelative: finite(maxRelative) };
}

function texts(actual: PlainArray, expected: PlainArray): Figures {
  if (actual.kind !== 'texts' || expected.kind !== 'texts')
    return { ...NOTHING, problem: `it holds ${actual.kind}, and ${expected.kind} are expected` };
  const compared = actual.values.length;
  const different = actual.values.filter((text, i) => text !== expected.values[i]).length;
  return { ...NOTHING, compared, different };
}

/** `Math.max` of NaN is NaN: JSON has neither it nor infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function shapeProblem(actual: PlainArray, expected: PlainArray): string | undefined {
  const [own, wanted] = [actual.dims, expected.dims];
  // Rows that were run by themselves, and had other shapes than each other.
  if (actual.values.length !== expected.values.length)
    return `it has ${actual.values.length} values, and ${expected.values.length} are expected`;
  const [a, b] = [plainDims(own), plainDims(wanted)];
  const same = a.length === b.length && a.every((size, i) => size === b[i]);
  return same ? undefined : `it has the shape [${own.join(', ')}], and [${wanted.join(', ')}] is expected`;
}

/** A column is also written as a list: sizes of 1 at the end say nothing. */
function plainDims(dims: readonly number[]): readonly number[] {
  return dims.slice(0, Math.max(1, dims.findLastIndex((size) => size !== 1) + 1));
}

/** The worst of several comparisons of the same outputs. */
export function worstOf(comparisons: readonly (readonly ComparedOutput[])[]): ComparedOutput[] {
  const [first = [], ...others] = comparisons;
  return first.map((output, i) =>
    others.reduce((worst, other) => {
      const next = other[i];
      return next === undefined ? worst : worse(worst, next);
    }, output),
  );
}

function worse(a: ComparedOutput, b: ComparedOutput): ComparedOutput {
  const compared = a.compared + b.compared;
  const different = a.different + b.different;
  return {
    ...a,
    compared,
    different,
    undecided: a.undecided + b.undecided,
    maxAbsolute: larger(a.maxAbsolute, b.maxAbsolute),
    maxRelative: larger(a.maxRelative, b.maxRelative),
    agreement: a.agreement === null && b.agreement === null ? null : (compared - different) / compared,
    problem: a.problem ?? b.problem,
    pass: a.pass && b.pass,
  };
}

function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

/** The outputs with numbers that are not finite. */
export function notFinite(outputs: Outputs): ReadonlySet<string> {
  const names = [...outputs].flatMap(([name, array]) =>
    array.kind === 'numbers' && !array.values.every(Number.isFinite) ? [name] : [],
  );
  return new Set(names);
}
