import { AssayError, isAssayError, quotedName } from '../../../core/index.ts';
import { feedsOf, type PlainArray } from '../../../formats/arrays/index.ts';
import { readSignature, TestedModel } from '../../subject/index.ts';
import type { TestContext } from '../kind.ts';
import { equalLabels, predictedLabels } from '../predictions.ts';
import { promptsOf } from './continue.ts';

/**
 * Counts the texts to which the classifier of the data gives a class.
 * @throws AssayError `usage` for data without a classifier, or one that does not take texts or does not tell such classes
 */
export async function textsOfClass(
  texts: readonly string[],
  wanted: string | number,
  { data, signal }: TestContext,
): Promise<number> {
  const { classifier } = promptsOf(data);
  if (classifier === undefined)
    throw new AssayError('usage', `the data ${quotedName(data.name)} has no classifier`, {
      hint: 'name an ONNX model that takes texts: classifier: refusals.onnx',
    });
  try {
    const signature = readSignature(classifier);
    const array: PlainArray = { kind: 'texts', dims: [texts.length], values: texts };
    const sample = feedsOf(signature, new Map([['texts', array]]), `classifier of the data ${data.name}`);
    const subject = await TestedModel.open({ model: classifier, signature, device: 'cpu', sample, signal });
    try {
      const labels = predictedLabels(signature, await subject.run(sample));
      const label = typeof wanted === 'number' ? BigInt(wanted) : wanted;
      return equalLabels(
        labels,
        texts.map(() => label),
      );
    } finally {
      await subject.close();
    }
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'unsupported' && error.code !== 'limit')) throw error;
    // It is not the model under test that does not run.
    throw new AssayError(
      'usage',
      `the classifier of the data ${quotedName(data.name)} does not run: ${error.message}`,
      {
        cause: error,
        hint: 'give a classifier that takes texts: one input of strings, a row a text',
      },
    );
  }
}
