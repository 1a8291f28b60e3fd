import { expect, it } from 'vitest';
import type { PlannedOutput } from '../../../src/convert/onnx-source/source.ts';
import { compareOutputs, worstOf } from '../../../src/formats/arrays/compare.ts';
import type { PlainArray } from '../../../src/formats/arrays/plain-array.ts';

const numbers = (dims: readonly number[], ...values: number[]): PlainArray => ({
  kind: 'numbers',
  dims,
  values: Float64Array.from(values),
});
const integers = (...values: number[]): PlainArray => ({
  kind: 'integers',
  dims: [values.length],
  values: BigInt64Array.from(values, BigInt),
});
const texts = (...values: string[]): PlainArray => ({ kind: 'texts', dims: [values.length], values });

const LABEL: PlannedOutput = { name: 'label', role: 'label', type: 'int64', shape: ['batch'] };
const SHARES: PlannedOutput = { name: 'probabilities', role: 'probabilities', type: 'float32', shape: ['batch', 2] };
const DECISION: PlannedOutput = { name: 'decision', role: 'decision', type: 'float32', shape: ['batch', 1] };
const DISTANCES: PlannedOutput = { name: 'distances', role: 'transformed', type: 'float32', shape: ['batch', 2] };
const VALUES: PlannedOutput = { name: 'variable', role: 'values', type: 'float32', shape: ['batch', 1] };

function compare(
  outputs: readonly PlannedOutput[],
  actual: Record<string, PlainArray>,
  expected: Record<string, PlainArray>,
) {
  const tolerances = outputs.map(({ name, role }) => ({
    output: name,
    absolute: 1e-5,
    relative: role === 'values' ? 1e-5 : 0,
  }));
  return compareOutputs({ outputs, tolerances }, new Map(Object.entries(actual)), new Map(Object.entries(expected)));
}

it('compares numbers by an absolute and a relative bound', () => {
  const expected = { variable: numbers([3], 1e6, 0, -2) };
  expect(compare([VALUES], { variable: numbers([3, 1], 1e6 + 5, 5e-6, -2) }, expected)).toMatchObject([
    {
      output: 'variable',
      role: 'values',
      compared: 3,
      different: 0,
      maxAbsolute: 5,
      maxRelative: 5e-6,
      agreement: null,
      pass: true,
    },
  ]);
  expect(compare([VALUES], { variable: numbers([3, 1], 1e6 + 50, 2e-5, -2) }, expected)).toMatchObject([
    { different: 2, pass: false },
  ]);
});

it.each<[string, number, number, boolean]>([
  ['NaN for a number', Number.NaN, 1, false],
  ['a number for NaN', 1, Number.NaN, false],
  ['NaN for NaN', Number.NaN, Number.NaN, true],
  ['infinity for a number', Number.POSITIVE_INFINITY, 1, false],
  ['a number for infinity', 1, Number.POSITIVE_INFINITY, false],
  ['infinity for infinity', Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, true],
  ['infinity for its opposite', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, false],
  ['infinity for NaN', Number.POSITIVE_INFINITY, Number.NaN, false],
])('compares %s', (_, value, wanted, pass) => {
  const [result] = compare([VALUES], { variable: numbers([2], value, 1) }, { variable: numbers([2], wanted, 1) });
  expect(result).toMatchObject({ pass, different: pass ? 0 : 1, maxAbsolute: pass ? 0 : null });
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
});

it('compares labels where their scores are decided, and counts those that are not', () => {
  const shares = numbers([3, 2], 0.9, 0.1, 0.500001, 0.499999, 0.2, 0.8);
  const expected = { label: integers(0, 0, 1), probabilities: shares };
  const [label] = compare([LABEL, SHARES], { label: integers(0, 1, 1), probabilities: shares }, expected);
  expect(label).toMatchObject({ compared: 2, undecided: 1, different: 0, agreement: 1, maxAbsolute: null, pass: true });
  const [wrong] = compare([LABEL, SHARES], { label: integers(1, 0, 1), probabilities: shares }, expected);
  expect(wrong).toMatchObject({ compared: 2, different: 1, agreement: 0.5, pass: false });
});

it('takes the sign of one decision, and the smallest distance, for what decides', () => {
  const decision = numbers([3], 4e-6, -3, 2);
  const [label] = compare(
    [LABEL, DECISION],
    { label: integers(0, 0, 1), decision },
    { label: integers(1, 0, 1), decision },
  );
  expect(label).toMatchObject({ compared: 2, undecided: 1, pass: true });
  const distances = numbers([2, 2], 1, 1.000001, 1, 5);
  const [cluster] = compare(
    [LABEL, DISTANCES],
    { label: integers(1, 0), distances },
    { label: integers(0, 0), distances },
  );
  expect(cluster).toMatchObject({ compared: 1, undecided: 1, pass: true });
});

it('compares every label without scores, and where scores are not numbers', () => {
  expect(compare([LABEL], { label: integers(1, 2) }, { label: integers(1, 3) })).toMatchObject([
    { compared: 2, different: 1 },
  ]);
  const shares = numbers([1, 2], Number.NaN, Number.NaN);
  const both = { label: integers(0), probabilities: shares };
  expect(compare([LABEL, SHARES], both, { ...both, label: integers(1) })).toMatchObject([
    { compared: 1, different: 1, pass: false },
    { pass: true },
  ]);
});

it.each<[string, PlainArray, PlainArray, boolean]>([
  ['whole numbers with a fraction part', integers(0, 1), numbers([2], 0, 1), true],
  ['a list with a column', integers(0, 1), { ...integers(0, 1), dims: [2, 1] }, true],
  ['numbers between whole ones', integers(0, 1), numbers([2], 0.5, 1), false],
  ['texts for numbers', integers(0, 1), texts('0', '1'), false],
  ['numbers for texts', texts('0', '1'), integers(0, 1), false],
  ['other texts', texts('a', 'b'), texts('a', 'c'), false],
  ['fewer rows', integers(0, 1), integers(0), false],
  ['a row for a column', integers(0, 1), { ...integers(0, 1), dims: [1, 2] }, false],
])('compares labels: %s', (_, actual, expected, pass) => {
  expect(compare([LABEL], { label: actual }, { label: expected })).toMatchObject([{ pass }]);
});

it('has a problem with an output that is missing, or of another shape', () => {
  expect(compare([VALUES], {}, { variable: numbers([1], 1) })).toMatchObject([
    { pass: false, problem: 'it is missing' },
  ]);
  expect(compare([VALUES], { variable: numbers([2], 1) }, { variable: numbers([2], 1, 2) })).toMatchObject([
    { pass: false, problem: 'it has 1 values, and 2 are expected' },
  ]);
  expect(compare([VALUES], { variable: numbers([1, 2], 1, 2) }, { variable: numbers([2], 1, 2) })).toMatchObject([
    { pass: false, compared: 0, problem: 'it has the shape [1, 2], and [2] is expected' },
  ]);
});

it('keeps the worst of several comparisons', () => {
  const expected = { variable: numbers([1], 1) };
  const runs = [1, 1.5, 1.000001].map((value) => compare([VALUES], { variable: numbers([1], value) }, expected));
  expect(worstOf(runs)).toMatchObject([{ compared: 3, different: 1, maxAbsolute: 0.5, pass: false }]);
});
