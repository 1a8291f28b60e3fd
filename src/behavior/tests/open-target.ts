import { AssayError, isAssayError, quotedName } from '../../core/index.ts';
import { someRows } from '../../formats/arrays/index.ts';
import { type OnnxTarget, openOnnxTarget } from '../attacks/index.ts';
import type { TestedModel } from '../subject/index.ts';
import type { TestData } from './kind.ts';
import { numberInput } from './numbers.ts';
import { areProbabilities, scoresOf } from './predictions.ts';

/** Rows of one input of numbers, and the model as what they are tried on. */
export interface OpenTarget {
  readonly target: OnnxTarget;
  readonly rows: Float32Array;
  readonly isLogits: boolean;
  /** Of one row. */
  readonly shape: readonly number[];
}

/** Rows that say whether scores are probabilities. */
const SAMPLED = 64;

/**
 * Opens a classifier as a target.
 * @param most rows of the data that are taken, the first
 * @throws AssayError `usage` for data that is not rows of one input of float32, or without rows; what running the model throws
 */
export async function openAttacked(model: TestedModel, data: TestData, most: number): Promise<OpenTarget> {
  const { signature } = model;
  const { input, shape, values } = numberInput(model, data);
  if (data.feeds.rows === 0) throw new AssayError('usage', `the data ${quotedName(data.name)} has no rows`);
  const sample = someRows(data.feeds, 0, signature.fixedRows ?? Math.min(data.feeds.rows, SAMPLED));
  const scores = areProbabilities(scoresOf(signature, await model.run(sample))) ? 'probabilities' : 'logits';
  const output = signature.outputs.find(({ role }) => role === 'probabilities')?.name ?? '';
  const target = await openOnnxTarget({ ...model.running, input, shape, output, scores, runRows: model.rowsAtOnce });
  return {
    target,
    shape,
    isLogits: scores === 'logits',
    rows: values.slice(0, Math.min(most, data.feeds.rows) * target.width),
  };
}

/** Why a model has no gradient of the cross entropy; `undefined` when it has. */
export async function withoutGradient(target: OnnxTarget): Promise<string | undefined> {
  try {
    await target.gradientOf('cross-entropy');
    return undefined;
  } catch (error) {
    if (isAssayError(error) && error.code === 'unsupported') return error.message;
    throw error;
  }
}
