import { AssayError, quotedName } from '../../core/index.ts';
import { integersOf, type Outputs, type PlainArray } from '../../formats/arrays/index.ts';
import type { Signature } from '../subject/index.ts';
import type { TestData } from './kind.ts';

/** The label of a row: a text, or an integer. */
export type Label = string | bigint;

/**
 * The label that a model gives each row: its label output, else the class of its highest score, as an index. Of two equal scores the
 * first counts, as NumPy's argmax does.
 * @throws AssayError `usage` for a model without either
 */
export function predictedLabels(signature: Signature, outputs: Outputs): readonly Label[] {
  const label = signature.outputs.find(({ role }) => role === 'label');
  if (label !== undefined) return labelValues(arrayOf(outputs, label.name), label.name);
  const { values, rows, width } = scoresOf(signature, outputs);
  return Array.from({ length: rows }, (_, row) => BigInt(highest(values.subarray(row * width, (row + 1) * width))));
}

export interface Scores {
  /** Row after row. */
  readonly values: Float64Array;
  readonly rows: number;
  /** Classes. */
  readonly width: number;
}

/** @throws AssayError `usage` for a model without an output of scores */
export function scoresOf(signature: Signature, outputs: Outputs): Scores {
  const scores = signature.outputs.find(({ role }) => role === 'probabilities');
  if (scores === undefined)
    throw new AssayError('usage', 'no output of the model is known to hold a score for each class', {
      hint: 'name it in the suite: model: { scores: <output> }, or { label: <output> }',
    });
  const array = arrayOf(outputs, scores.name);
  const [rows = 0, width = 0] = array.dims;
  if (array.kind !== 'numbers' || array.dims.length !== 2)
    throw new AssayError('usage', `the output ${quotedName(scores.name)} does not have a row of scores for each row`);
  return { values: array.values, rows, width };
}

/** Sums of rows of probabilities, in numbers of 32 bits. */
const SUM_TOLERANCE = 1e-3;

/** Whether scores are probabilities: from 0 to 1, and each row of several has the sum 1. */
export function areProbabilities({ values, width }: Scores): boolean {
  for (let row = 0; row * width < values.length; row++) {
    const own = values.subarray(row * width, (row + 1) * width);
    const sum = own.reduce((total, value) => total + value, 0);
    if (
      !own.every((value) => value >= 0 && value <= 1 + SUM_TOLERANCE) ||
      (width > 1 && Math.abs(sum - 1) > SUM_TOLERANCE)
    )
      return false;
  }
  return true;
}

/**
 * The true class of each row, as an index among the scores.
 * @param classes how many there are
 * @throws AssayError `usage` for labels that are not classes of the model
 */
export function trueClasses(data: TestData, classes: number): Int32Array {
  return Int32Array.from(trueLabels(data), (label, row) => {
    if (typeof label !== 'bigint' || label < 0n || label >= 2n ** 31n)
      throw new AssayError('usage', `the labels of ${quotedName(data.name)} are not classes`, {
        hint: 'give the index of each class, from 0',
      });
    if (label < BigInt(classes)) return Number(label);
    throw new AssayError(
      'usage',
      `row ${row} of ${quotedName(data.name)} is of class ${label}, and the model has ${classes}`,
    );
  });
}

/**
 * The true label of each row.
 * @throws AssayError `usage` for data without labels, or with another number of them
 */
export function trueLabels({ name, labels, feeds }: TestData): readonly Label[] {
  if (labels === undefined)
    throw new AssayError('usage', `the data ${quotedName(name)} has no labels`, {
      hint: 'name them in the suite: labels: <array>',
    });
  const values = labelValues(labels, 'labels');
  if (values.length === feeds.rows) return values;
  throw new AssayError('usage', `the data ${quotedName(name)} has ${feeds.rows} rows and ${values.length} labels`);
}

/** How many labels of one list are those of another. @throws AssayError `usage` for texts where the other has numbers */
export function equalLabels(own: readonly Label[], wanted: readonly Label[]): number {
  comparableLabels(own, wanted);
  return own.filter((label, row) => label === wanted[row]).length;
}

/** @throws AssayError `usage` for texts where the other has numbers */
export function comparableLabels(own: readonly Label[], wanted: readonly Label[]): void {
  const [first, second] = [own[0], wanted[0]];
  if (first !== undefined && second !== undefined && typeof first !== typeof second)
    throw new AssayError('usage', `the model gives ${kindOf(first)} as labels, and the data has ${kindOf(second)}`, {
      hint: 'give the labels as the model gives them; for a model with scores alone, the index of the class',
    });
}

function kindOf(label: Label): string {
  return typeof label === 'string' ? 'texts' : 'numbers';
}

function labelValues(array: PlainArray, name: string): readonly Label[] {
  if (array.kind === 'texts') return array.values;
  const whole = integersOf(array);
  if (whole === undefined) throw new AssayError('usage', `${quotedName(name)} holds numbers that are not labels`);
  return [...whole];
}

function arrayOf(outputs: Outputs, name: string): PlainArray {
  const array = outputs.get(name);
  if (array === undefined) throw new AssayError('sandbox', `the model did not give its output ${quotedName(name)}`);
  return array;
}

function highest(scores: Float64Array): number {
  return scores.reduce((best, score, at) => (score > (scores[best] ?? Number.NaN) ? at : best), 0);
}
