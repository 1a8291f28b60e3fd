import { isAssayError, quotedName } from '../../../core/index.ts';
import { clopperPearson } from '../../../core/statistics/index.ts';
import type { Detector, Observation, TextColumns } from '../detector.ts';
import { type Classes, labelClasses, MAX_CLASSES } from '../labels/index.ts';
import { barsFigure } from '../measures.ts';
import { groupBySharedRows, type RowGroup } from '../shared-rows.ts';
import type { TokenFinding } from './label-test.ts';
import { type TokenTable, tokenRows, tokenText } from './token-rows.ts';
import { shownToken } from './tokens.ts';
import { FEWEST_ROWS, FEWEST_TO_LEARN, findTriggers, type LabelResult } from './triggers.ts';
import { readWordSketch, sketchWords } from './word-sketch.ts';

const SEED = 1;
/** Triggers that are named, and tokens of one. */
const NAMED = 10;
const NAMED_TOKENS = 8;

export const triggerTokens: Detector = {
  id: 'data.trigger-tokens',
  title: 'Words that decide the label',
  needs: ['text', 'label'],
  weight: 'decides',
  falseAlarms:
    'none in 200 random halves of real messages (at most 1.8 %, 95 % bound), and 3 in 200 with 5 % of wrong labels (4.3 %)',
  unseen:
    'Triggers in rows whose label fits their text (clean-label attacks); a trigger in fewer than about 11 rows, or 8 beside a baseline, and each of several in fewer; triggers that are not a word, such as style, order or case; texts beyond the part of them that is read; texts that do not tell the label.',
  run: runTriggers,
};

async function runTriggers(...[view, baseline]: Parameters<Detector['run']>): Promise<Observation> {
  const columns = await view.texts();
  const classes = labelClasses(columns.labels);
  if (classes === undefined) return notAssessed(`the label has more than ${MAX_CLASSES} values`);
  if (classes.names.length < 2)
    return notAssessed(classes.names.length === 0 ? 'no row has a label' : 'all rows have one label');
  const options = {
    signal: view.signal,
    onEvent: (event: { readonly kind: string; readonly message?: string }) => {
      if (event.message !== undefined) view.note(event.message);
    },
  };
  try {
    const tokens = tokenRows(columns.texts, FEWEST_TO_LEARN, options);
    if (tokens.counts.length === 0) return notAssessed(`no word is in ${FEWEST_TO_LEARN} rows`);
    const data = { tokens, labels: classes.of, classes: classes.names.length, approved: 0, seed: SEED };
    const results = findTriggers(data, options);
    const known = readWordSketch(baseline?.sketch, tokens, classes.names);
    const beside = known === undefined ? [] : findTriggers({ ...data, known }, options);
    const sketch = sketchWords(tokens, classes, SEED, options);
    const kept = { flagged: 0, of: columns.texts.length, ...(sketch === undefined ? {} : { sketch }) };
    return { ...observation(joined(results, beside), { columns, classes, tokens }), kept };
  } catch (error) {
    if (isAssayError(error) && error.code === 'limit') return notAssessed(error.message);
    throw error;
  }
}

/** What either of two tests of a label found; a label that one of them could tell was tested. */
function joined(own: readonly LabelResult[], beside: readonly LabelResult[]): readonly LabelResult[] {
  const labels = [...new Set([...own, ...beside].map(({ label }) => label))];
  return labels.flatMap((label) => {
    const [first, second] = [own, beside].map((results) => results.find((one) => one.label === label && one.clear));
    const one = first ?? second ?? own.find((result) => result.label === label);
    if (one === undefined) return [];
    const found = [...(first?.found ?? []), ...(second?.found ?? [])].sort((a, b) => a.logChance - b.logChance);
    return [{ ...one, found, tested: Math.max(first?.tested ?? 0, second?.tested ?? 0) }];
  });
}

function notAssessed(detail: string): Observation {
  return { status: 'not-assessed', detail };
}

interface Read {
  readonly columns: TextColumns;
  readonly classes: Classes;
  readonly tokens: TokenTable;
}

function observation(results: readonly LabelResult[], read: Read): Observation {
  const { classes } = read;
  const name = (label: number): string => quotedName(classes.names[label] ?? '');
  const found = results.flatMap(({ label, found }) => groupBySharedRows(found).map((group) => ({ label, group })));
  found.sort((a, b) => a.group.best.logChance - b.group.best.logChance);
  const clear = results.filter((result) => result.clear);
  const few = classes.names.length - results.length;
  const left = [
    ...(few > 0 ? [`${few} labels have fewer than ${FEWEST_ROWS} rows`] : []),
    ...results
      .filter((one) => !one.clear)
      .map(({ label }) => `the texts do not tell the label ${name(label)} from others`),
  ];
  const measures = [
    { name: 'words that decide the label', value: found.length, baseline: null, max: 0, pass: found.length === 0 },
    ...clear.slice(0, NAMED).map(({ label, told, others }) => ({
      name: `share of other rows that models tell from ${name(label)}`,
      value: told / others,
      baseline: null,
      max: null,
      pass: null,
    })),
  ];
  const rows = found.flatMap(({ label, group }) =>
    group.rows.map((row) => ({
      row: read.columns.rows[row] ?? null,
      why: `without ${shown(group, read)}, its text does not fit the label ${name(label)}`,
      score: -group.best.logChance / Math.LN10,
    })),
  );
  const status = found.length > 0 ? 'fail' : left.length > 0 || clear.length === 0 ? 'not-assessed' : 'pass';
  const detail =
    found.length > 0
      ? found
          .slice(0, NAMED)
          .map(({ label, group }) => sentence(group, name(label), read))
          .join('; ')
      : left.length > 0
        ? left.slice(0, NAMED).join('; ')
        : `no word decides the label; ${clear.reduce((sum, { tested }) => sum + tested, 0)} were tested`;
  const figures = barsFigure(
    'Words that decide the label',
    'rows that have the label because of the word',
    found.map(({ label, group }) => ({ name: `${shown(group, read)}: ${name(label)}`, value: group.best.hits.length })),
  );
  return { status, detail, measures, rows, figures };
}

function sentence(group: RowGroup<TokenFinding>, label: string, read: Read): string {
  const { hits, of } = group.best;
  const { low, high } = clopperPearson(hits.length, of);
  const chance = Math.floor(group.best.logChance / Math.LN10);
  return (
    `${hits.length} of ${of} rows with ${shown(group, read)} are labelled ${label} although the rest of their text says otherwise ` +
    `(95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}, chance makes it once in 1e${-chance})`
  );
}

function shown({ all }: RowGroup<TokenFinding>, { tokens: table, columns }: Read): string {
  return [...new Set(all.map(({ token }) => token))]
    .slice(0, NAMED_TOKENS)
    .map((token) => quotedName(shownToken(tokenText(table, columns.texts, token))))
    .join(' ');
}
