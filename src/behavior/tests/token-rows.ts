import { AssayError, quotedName } from '../../core/index.ts';
import { someRows } from '../../formats/arrays/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import type { TestedModel } from '../subject/index.ts';
import { type TokenBatch, TokenTarget } from '../token-search/index.ts';
import type { TestData } from './kind.ts';
import { areProbabilities, scoresOf } from './predictions.ts';

/** Rows of tokens, and the model as what they are tried on. */
export interface OpenTokens {
  readonly target: TokenTarget;
  readonly rows: TokenBatch;
  readonly count: number;
}

const SAMPLED = 64;

/**
 * Opens a classifier of tokens.
 * @param most rows of the data that are taken, the first
 * @param special tokens that are neither replaced nor put in
 * @throws AssayError `usage` for data that is not rows of tokens; `unsupported` for a model without an embedding; what running the model throws
 */
export async function openTokens(
  model: TestedModel,
  data: TestData,
  most: number,
  special: readonly number[],
): Promise<OpenTokens> {
  const { signature, running, rowsAtOnce } = model;
  if (data.feeds.rows === 0) throw new AssayError('usage', `the data ${quotedName(data.name)} has no rows`);
  if (signature.fixedRows !== undefined)
    throw new AssayError('usage', `the model takes ${signature.fixedRows} rows at a time: texts need any number`, {
      hint: 'export the model with an open batch size',
    });
  const sampled = scoresOf(signature, await model.run(someRows(data.feeds, 0, Math.min(data.feeds.rows, SAMPLED))));
  const scores = areProbabilities(sampled) ? 'probabilities' : 'logits';
  const output = signature.outputs.find(({ role }) => role === 'probabilities')?.name ?? '';
  const target = await TokenTarget.open({ ...running, output, scores, runRows: rowsAtOnce, special });
  try {
    const count = Math.min(most, data.feeds.rows);
    return { target, rows: tokenRows(data, target.embedding.input, count), count };
  } catch (error) {
    await target.close();
    throw error;
  }
}

/** @throws AssayError `usage` for an input that is not rows of whole numbers */
function tokenRows({ name, feeds }: TestData, input: string, count: number): TokenBatch {
  const { tensors } = someRows(feeds, 0, count);
  const tensor = tensors.get(input);
  if ((tensor?.type !== 'int64' && tensor?.type !== 'int32') || tensor.dims.length !== 2)
    throw new AssayError(
      'usage',
      `the data ${quotedName(name)} is not rows of tokens of the input ${quotedName(input)}`,
      {
        hint: 'give texts and the tokenizer: { texts: reviews.csv#text, tokenizer: tokenizer.json }',
      },
    );
  const others = new Map<string, RunTensor>([...tensors].filter(([other]) => other !== input));
  const ids = Int32Array.from<bigint | number>(tensor.data, Number);
  return { ids, length: tensor.dims[1] ?? 0, others };
}
