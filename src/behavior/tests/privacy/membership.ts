import { array, objectOf, oneOf, optionalOf, realNumber, text, wholeNumber } from '../../../core/schema/index.ts';
import { type TestOutcome, testKind } from '../kind.ts';
import { type AttackPlan, runAttack } from './attack.ts';
import { groupsOf } from './groups.ts';
import { gapMeasure, gapOf, rocFigure, rocMeasures } from './roc-measures.ts';
import { runShadows } from './shadows.ts';

const USUAL = { fpr: 0.01, noise: 1, copies: 20, labelRows: 1_000, column: 'in' };

/** What a suite says of a test of membership. */
const OPTIONS = objectOf(
  {
    attack: oneOf(
      ['loss', 'label', 'lira'],
      'By the probability of the true class (loss), by labels alone, of the row and of noisy copies (label), or beside shadow models (lira).',
    ),
    'non-members': text('The name of data of the suite: rows like the members that the model was not trained on.'),
    'max-auc': optionalOf(
      realNumber({ minimum: 0.5, maximum: 1, description: 'The largest area under the curve that passes.' }),
    ),
    'max-tpr': optionalOf(
      realNumber({ minimum: 0, maximum: 1, description: 'The largest share of members that may be told, at `fpr`.' }),
    ),
    fpr: optionalOf(
      realNumber({
        minimum: 1e-6,
        maximum: 0.5,
        description: 'The share of others that are taken for members; 0.01 when absent.',
      }),
    ),
    rise: optionalOf(
      realNumber({
        minimum: 0,
        maximum: 1,
        description: 'How far both may be above the approved version (--baseline); 0.02 when no bound is given.',
      }),
    ),
    noise: optionalOf(
      realNumber({
        minimum: 0,
        maximum: 1e6,
        description: 'Of label: the most noise of a copy, in standard deviations of each column; 1 when absent.',
      }),
    ),
    copies: optionalOf(
      wholeNumber({ minimum: 1, maximum: 1_000, description: 'Of label: noisy copies of each row; 20 when absent.' }),
    ),
    shadows: optionalOf(
      array(text(), {
        minItems: 2,
        maxItems: 256,
        description: 'Of lira: models of the same kind, each trained on other rows, by their paths from the suite.',
      }),
    ),
    'trained-on': optionalOf(
      text(
        'Of lira: the column of both data that has a 1 or 0 for each shadow, 1 where it was trained on the row; `in` when absent.',
      ),
    ),
    rows: optionalOf(
      wholeNumber({
        minimum: 1,
        description: 'The first so many members, and others, are judged; all when absent, and 1000 of label.',
      }),
    ),
  },
  { more: false },
);

/** Whether rows of the training data can be told by what the model gives for them. */
export const MEMBERSHIP = testKind({
  kind: 'membership',
  area: 'membership',
  title: 'how well an attack tells rows that the model was trained on from others',
  options: OPTIONS,
  reads: ['non-members'],
  opens: ['shadows'],
  async run(options, context): Promise<TestOutcome> {
    const { model, baseline, seed, signal, onStep } = context;
    const { attack, fpr = USUAL.fpr, noise = USUAL.noise, copies = USUAL.copies } = options;
    const most = options.rows ?? (attack === 'label' ? USUAL.labelRows : Number.POSITIVE_INFINITY);
    const { groups, notes } = groupsOf(context, options['non-members'], most);
    let plan: AttackPlan = { attack: 'loss' };
    if (attack === 'label') plan = { attack, noise, copies, seed, signal, onStep };
    if (attack === 'lira') {
      const column = options['trained-on'] ?? USUAL.column;
      const shadows = await runShadows(options.shadows ?? [], column, groups, context);
      if (typeof shadows === 'string') return { measures: [], skipped: shadows };
      plan = { attack, ...shadows };
    }
    const own = await runAttack(model, groups, plan);
    if (typeof own === 'string') return { measures: [], skipped: own };
    const before = baseline === undefined ? undefined : await runAttack(baseline, groups, plan);
    if (typeof before === 'string') return { measures: [], skipped: `of the approved version: ${before}` };
    const found = rocMeasures(attack, own.scores, before?.scores, { ...options, fpr });
    const gap = before && gapOf(before.right);
    return {
      measures: [...found.measures, gapMeasure(own.right, gap)],
      figures: [rocFigure(attack, own.scores, before?.scores)],
      notes: [...found.notes, ...notes, ...own.notes],
      ...(found.skipped === undefined ? {} : { skipped: found.skipped }),
    };
  },
});
