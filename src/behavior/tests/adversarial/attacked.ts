import { AssayError, quotedName } from '../../../core/index.ts';
import { hasRows, someRows } from '../../../formats/arrays/index.ts';
import { type AttackBatch, FeatureSpace, type OnnxTarget, openOnnxTarget, seededRandoms } from '../../attacks/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import type { TestContext, TestData } from '../kind.ts';
import { withoutGradient } from '../open-target.ts';
import { areProbabilities, scoresOf, trueLabels } from '../predictions.ts';
import { type AttackFound, attackBy } from './attack-by.ts';
import { type AdversarialOptions, isBlack } from './options.ts';

const USUAL_ROWS = 100;

/**
 * Attacks a model at each eps. A row that fell within a smaller eps falls within a larger one.
 * @param all by rising value
 * @returns why an attack that needs a gradient gets none
 */
export async function attacksOn(
  model: TestedModel,
  options: AdversarialOptions,
  all: readonly number[],
  context: TestContext,
): Promise<readonly AttackFound[] | string> {
  const { data, onStep } = context;
  const { batch, input, shape } = batchOf(model, data, options.rows ?? USUAL_ROWS);
  const target = await openedTarget(model, { input, shape }, context);
  try {
    const wrong = batch.classes.findIndex((own) => own >= target.classes);
    if (wrong >= 0)
      throw new AssayError(
        'usage',
        `row ${wrong} of ${quotedName(data.name)} is of class ${batch.classes[wrong] ?? 0}, and the model has ${target.classes}`,
      );
    const without = isBlack(options.attack) ? undefined : await withoutGradient(target);
    if (without !== undefined) return `${without}: use attack: square`;
    const results: AttackFound[] = [];
    for (const eps of all) {
      const { norm = 'linf' } = options;
      const where = all.length > 1 ? ` at eps ${eps}` : '';
      const shared = {
        eps,
        norm,
        random: seededRandoms(context.seed),
        signal: context.signal,
        onProgress: ({ attack, step, steps, standing }: Progress) =>
          onStep(`${attack}${where}, step ${step} of ${steps}, ${standing} rows stand`),
      };
      const found = await attackWithin(target, batch, { shape, columns: data.made?.get(input) }, options, shared);
      results.push(withFallen(found, results.at(-1)));
    }
    return results;
  } finally {
    await target.close();
  }
}

interface Progress {
  readonly attack: string;
  readonly step: number;
  readonly steps: number;
  readonly standing: number;
}

type Shared = Omit<Parameters<typeof attackBy>[4], 'lower' | 'upper' | 'scale'>;

async function attackWithin(
  target: OnnxTarget,
  batch: AttackBatch,
  { shape, columns }: { readonly shape: readonly number[]; readonly columns: readonly string[] | undefined },
  options: AdversarialOptions,
  shared: Shared,
): Promise<AttackFound> {
  const { lower, upper, features } = options;
  if (features === undefined) return await attackBy(options, target, batch, shape, { ...shared, lower, upper });
  if (shape.length !== 1)
    throw new AssayError('usage', 'features are columns of a table, and the rows are not lists of numbers');
  const rules = features.map(({ 'one-hot': oneHot, columns: named, ...rule }) => ({
    ...rule,
    oneHot,
    columns: named.map((column) => columnOf(column, columns)),
  }));
  const space = new FeatureSpace(batch, target.width, rules, { ...shared, lower, upper });
  const { scale } = space;
  const within = { ...shared, lower: space.lower, upper: space.upper, scale };
  return space.result(await attackBy(options, space.target(target), batch, shape, within), batch, shared);
}

/** The number of a column. @throws AssayError `usage` for a name that the data does not have, or not once */
function columnOf(column: number | string, columns: readonly string[] | undefined): number {
  if (typeof column === 'number') return column;
  if (columns === undefined)
    throw new AssayError('usage', `no column is known as ${quotedName(column)}: the input is one array of the data`, {
      hint: 'number the columns of `features` from 0, or make the input of columns: { file: rows.csv, columns: [age, income], as: X }',
    });
  const at = columns.indexOf(column);
  if (at >= 0) return at;
  throw new AssayError('usage', `the input has no column ${quotedName(column)}`, {
    hint: `its columns are ${columns.slice(0, 20).map(quotedName).join(', ')}`,
  });
}

function withFallen(found: AttackFound, before: AttackFound | undefined): AttackFound {
  if (before === undefined) return found;
  const fell = found.fell.map((own, row) => Math.max(own, before.fell[row] ?? 0));
  return { ...found, fell, blind: found.blind.map((own, row) => (fell[row] === 1 ? 0 : own)) };
}

async function openedTarget(
  model: TestedModel,
  { input, shape }: Pick<Attacked, 'input' | 'shape'>,
  { data }: TestContext,
): Promise<OnnxTarget> {
  const sample = someRows(data.feeds, 0, model.signature.fixedRows ?? Math.min(data.feeds.rows, 64));
  const sampled = scoresOf(model.signature, await model.run(sample));
  const output = model.signature.outputs.find(({ role }) => role === 'probabilities')?.name ?? '';
  const scores = areProbabilities(sampled) ? 'probabilities' : 'logits';
  return await openOnnxTarget({ ...model.running, input, shape, output, scores, runRows: model.rowsAtOnce });
}

interface Attacked {
  readonly batch: AttackBatch;
  readonly input: string;
  /** Of one row. */
  readonly shape: readonly number[];
}

/** The rows that are attacked, as numbers. @throws AssayError `usage` for data that is not rows of one input of numbers, with classes */
function batchOf({ signature }: TestedModel, data: TestData, rows: number): Attacked {
  const [entry, ...others] = [...data.feeds.tensors];
  const [input, tensor] = entry ?? [];
  if (!hasRows(signature))
    throw new AssayError(
      'usage',
      'what the model gives for a row depends on the rows beside it, or on chance: no row can be attacked',
    );
  if (input === undefined || tensor?.type !== 'float32' || others.length > 0)
    throw new AssayError(
      'usage',
      `the data ${quotedName(data.name)} is not rows of one input of float32, which can be attacked`,
    );
  const kept = Math.min(rows, data.feeds.rows);
  const width = tensor.data.length / data.feeds.rows;
  const classes = trueLabels(data)
    .slice(0, kept)
    .map((label) => {
      if (typeof label === 'bigint' && label >= 0n && label < 2n ** 31n) return Number(label);
      throw new AssayError('usage', `the labels of ${quotedName(data.name)} are not classes`, {
        hint: 'give the index of each class, from 0',
      });
    });
  return {
    batch: { inputs: tensor.data.slice(0, kept * width), classes: Int32Array.from(classes) },
    input,
    shape: tensor.dims.slice(1),
  };
}
