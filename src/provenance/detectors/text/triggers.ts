import { AssayError, SeededRandom, throwIfAborted } from '../../../core/index.ts';
import { type LabelModels, learnFolds } from './fold-models.ts';
import { LabelTest, type Others, type TokenFinding } from './label-test.ts';
import type { TokenOptions } from './token-rows.ts';
import { type LabelledTokens, type UniqueRows, uniqueRows } from './unique-rows.ts';

/** Rows that at least have a token, for models to learn about it. */
export const FEWEST_TO_LEARN = 3;
/** The chance that any token is found in clean data, if no single word makes its rows odd. */
const TRIGGER_LEVEL = 1e-3;
/** Rows that a label must have, and all others together. */
export const FEWEST_ROWS = 20;
/**
 * The least share of rows of other labels that the models tell from a label, and the most of its own rows whose text says otherwise: beyond
 * these, the texts do not tell what the label is, and a trigger would not show.
 */
const CLEAR = { told: 0.5, odd: 0.2 };
/** Rows of other labels that are learnt from for each row of a label, and at least. */
const OTHERS = { each: 5, least: 5_000 };
const MAX_STEPS = 2e10;
const STEPS_A_CHECK = 1e7;

/** What was found for one label. */
export interface LabelResult {
  readonly label: number;
  /** Its rows, each text once. */
  readonly rows: number;
  /** Rows of other labels that the models tell from this one, of how many: a trigger shows only in rows that they tell. */
  readonly told: number;
  readonly others: number;
  /** Rows of the label whose text says otherwise. */
  readonly odd: number;
  /** Whether the texts tell the label well enough for a trigger to show. */
  readonly clear: boolean;
  /** Tokens that were tested. */
  readonly tested: number;
  /** The least likely first. */
  readonly found: readonly TokenFinding[];
}

/**
 * Tokens that decide which label a row has (leave-token-out). Models learn labels from words; each row is scored by one that did not see it,
 * without the token and what comes with it; and the rows are counted whose text then speaks against their label. The number that chance makes
 * is a Poisson variable, at the rate of all rows of the label. Labels with too few rows have no result.
 * @throws AssayError `limit` for texts that need too many steps; `aborted`
 */
export function findTriggers(data: LabelledTokens, options: TokenOptions = {}): LabelResult[] {
  const { tokens } = data;
  const unique = uniqueRows(data);
  const total = unique.learnt.reduce((sum, { length }) => sum + length, 0);
  const labels = unique.learnt.flatMap(({ length }, label) =>
    Math.min(length, total - length) >= FEWEST_ROWS &&
    (unique.tested[label]?.length ?? 0) > 0 &&
    (data.known === undefined || data.known(label) !== undefined)
      ? [label]
      : [],
  );
  const spend = budget(options);
  const results: LabelResult[] = [];
  let first: LabelModels | undefined;
  for (const label of labels) {
    const others = othersOf(label, unique.learnt, data);
    // Of two labels, what speaks for one speaks against the other.
    const opposite: LabelModels | undefined = data.classes === 2 && first ? { ...first, sign: -1 } : undefined;
    const models = data.known?.(label) ?? opposite ?? learn(label, others, unique, data, options);
    first ??= models;
    const told = data.approved === 0 ? others : othersOf(label, unique.tested, data);
    const test = new LabelTest(tokens, unique, label, models, told, spend);
    const rows = unique.tested[label]?.length ?? 0;
    const clear = test.told >= CLEAR.told * told.rows.length && test.odd <= CLEAR.odd * rows;
    const { tested, found } = clear ? test.findings(TRIGGER_LEVEL / labels.length) : { tested: 0, found: [] };
    results.push({ label, rows, told: test.told, others: told.rows.length, odd: test.odd, clear, tested, found });
    options.onEvent?.({ kind: 'note', message: `tested the words of ${results.length} of ${labels.length} labels` });
  }
  return results;
}

function learn(
  label: number,
  { rows: others }: Others,
  { learnt, fold, folds }: UniqueRows,
  { tokens, labels, seed }: LabelledTokens,
  { signal }: TokenOptions,
): LabelModels {
  const own = learnt[label] ?? new Uint32Array(0);
  const rows = new Uint32Array(own.length + others.length);
  rows.set(own);
  rows.set(others, own.length);
  const positive = Uint8Array.from(labels, (one) => (one === label ? 1 : 0));
  const models = learnFolds({ tokens, rows, positive, fold, folds, seed }, () => throwIfAborted(signal));
  return { models, sign: 1 };
}

/** Rows of other labels: all of two labels, and some of many, or learning would take as often as long as there are labels. */
function othersOf(label: number, byLabel: readonly Uint32Array[], { classes, seed }: LabelledTokens): Others {
  const own = byLabel[label]?.length ?? 0;
  const all = byLabel.flatMap((rows, other) => (other === label ? [] : [rows]));
  const total = all.reduce((sum, { length }) => sum + length, 0);
  const most = classes === 2 ? total : Math.min(total, Math.max(OTHERS.least, OTHERS.each * own));
  const joined = new Uint32Array(total);
  let used = 0;
  for (const rows of all) {
    joined.set(rows, used);
    used += rows.length;
  }
  if (most === total) return { rows: joined, of: total };
  const order = new SeededRandom(seed + label).order(total).subarray(0, most);
  return { rows: order.map((place) => joined[place] ?? 0), of: total };
}

function budget({ signal }: TokenOptions): (steps: number) => void {
  let [left, unchecked] = [MAX_STEPS, 0];
  return (steps) => {
    left -= steps;
    unchecked += steps;
    if (left < 0)
      throw new AssayError('limit', 'the texts need more steps than are allowed', {
        hint: 'check a part of the rows at a time',
      });
    if (unchecked < STEPS_A_CHECK) return;
    unchecked = 0;
    throwIfAborted(signal);
  };
}
