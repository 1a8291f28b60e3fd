import { AssayError, quotedName } from '../../../core/index.ts';
import { objectOf, oneOf, optionalOf, realNumber, text, wholeNumber } from '../../../core/schema/index.ts';
import type { TestedModel } from '../../subject/index.ts';
import { hasNumbers } from '../changed.ts';
import { type TestContext, type TestData, type TestOutcome, testKind } from '../kind.ts';
import { keptRows, rowDigests } from '../rows.ts';
import { confidenceOf } from './confidence.ts';
import { columnSpreads, noisyLabels } from './noisy-labels.ts';
import { gapMeasure, gapOf, type MemberScores, rocFigure, rocMeasures } from './roc-measures.ts';

const USUAL = { fpr: 0.01, noise: 1, copies: 20, labelRows: 1_000 };

const OPTIONS = objectOf(
  {
    attack: oneOf(
      ['loss', 'label'],
      'By the probability of the true class (loss), or by labels alone, of the row and of noisy copies of it (label).',
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
    rows: optionalOf(
      wholeNumber({
        minimum: 1,
        description: 'The first so many members, and others, are judged; all when absent, and 1000 of label.',
      }),
    ),
  },
  { more: false },
);

type Options = Parameters<(typeof MEMBERSHIP)['run']>[0];

/** Whether rows of the training data can be told by what the model gives for them. */
export const MEMBERSHIP = testKind({
  kind: 'membership',
  area: 'membership',
  title: 'how well an attack tells rows that the model was trained on from others',
  options: OPTIONS,
  reads: ['non-members'],
  async run(options, context): Promise<TestOutcome> {
    const groups = groupsOf(options, context);
    const own = await attackOn(context.model, groups, options, context);
    if (typeof own === 'string') return { measures: [], skipped: own };
    const { baseline } = context;
    const before = baseline === undefined ? undefined : await attackOn(baseline, groups, options, context);
    if (typeof before === 'string') return { measures: [], skipped: `of the approved version: ${before}` };
    const { fpr = USUAL.fpr } = options;
    const { measures, notes, skipped } = rocMeasures(options.attack, own.scores, before?.scores, { ...options, fpr });
    return {
      measures: [
        ...measures,
        gapMeasure(own.right.members, own.right.others, before && gapOf(before.right.members, before.right.others)),
      ],
      figures: [rocFigure(options.attack, own.scores, before?.scores)],
      notes: [...notes, ...groups.notes, ...own.notes],
      ...(skipped === undefined ? {} : { skipped }),
    };
  },
});

interface Groups {
  readonly members: TestData;
  readonly others: TestData;
  readonly notes: readonly string[];
}

/** @throws AssayError `usage` for the same data twice, and others of which every one is a member */
function groupsOf({ attack, rows, 'non-members': name }: Options, { data, others: named }: TestContext): Groups {
  const others = named.get('non-members');
  if (others === undefined) throw new AssayError('internal', 'the rows that are not members are missing');
  if (name === data.name)
    throw new AssayError('usage', `${quotedName(name)} is both the members and those that are not`, {
      hint: 'give rows that the model was not trained on: non-members: <data>',
    });
  // A row that the model was trained on is a member, in whatever file it stands.
  const known = new Set(rowDigests(data.feeds));
  const outside = rowDigests(others.feeds).map((digest) => !known.has(digest));
  const left = outside.filter((own) => !own).length;
  if (left === outside.length)
    throw new AssayError('usage', `every row of ${quotedName(name)} is one of ${quotedName(data.name)}`, {
      hint: 'give rows that the model was not trained on: non-members: <data>',
    });
  const most = rows ?? (attack === 'label' ? USUAL.labelRows : Number.POSITIVE_INFINITY);
  const kept = keptRows(others, (row) => outside[row] === true);
  return {
    members: keptRows(data, (row) => row < most),
    others: keptRows(kept, (row) => row < most),
    notes: left === 0 ? [] : [`${left} rows of ${quotedName(name)} are members, and are left out`],
  };
}

interface Attacked {
  readonly scores: MemberScores;
  /** 1 for rows with the true label. */
  readonly right: { readonly members: Uint8Array; readonly others: Uint8Array };
  readonly notes: readonly string[];
}

/** @returns why nothing can be told */
async function attackOn(
  model: TestedModel,
  groups: Groups,
  options: Options,
  context: TestContext,
): Promise<Attacked | string> {
  const { seed, signal, onStep } = context;
  const byLabel = options.attack === 'label';
  const noise = {
    noise: options.noise ?? USUAL.noise,
    copies: byLabel ? (options.copies ?? USUAL.copies) : 0,
    spreads: columnSpreads(groups.members.feeds),
    seed,
    signal,
    onStep,
  };
  const members = await noisyLabels(model, groups.members, { ...noise, group: 0 });
  const others = await noisyLabels(model, groups.others, { ...noise, group: 1 });
  const right = { members: members.right, others: others.right };
  if (byLabel)
    return {
      scores: { members: members.kept, others: others.kept },
      right,
      notes: hasNumbers(groups.members.feeds)
        ? []
        : ['no input has numbers that noise is added to: labels alone count'],
    };
  const [own, other] = [await confidenceOf(model, groups.members), await confidenceOf(model, groups.others)];
  const strange = own.strange + other.strange;
  if (strange > 0) return `${strange} rows have scores that are not finite numbers`;
  return { scores: { members: own.log, others: other.log }, right, notes: [] };
}
