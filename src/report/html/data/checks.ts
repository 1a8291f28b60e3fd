import { type DataCheck, type DataMeasure, isToLookAt, type RowToReview } from '../../../core/data/index.ts';
import { count } from '../../style.ts';
import { figuresBlock, numberText } from '../figures/index.ts';
import { type Html, type HtmlValue, html, NOTHING } from '../html.ts';
import { bulletList, capped, chip, fold, table, told } from '../parts.ts';
import { CHECK_STATUSES, type ReportWord } from '../words.ts';

const MAX_CHECKS = 200;
const MAX_MEASURES = 100;
const MAX_ROWS = 50;

const TO_LOOK_AT: ReportWord = { text: 'Look at it', tone: 'caution' };
const ORDER: readonly DataCheck['status'][] = ['fail', 'error', 'not-assessed', 'pass'];

/** Each check: what it says, what was measured, its figures, and the rows to look at. What fails stands first. */
export function checksBlock(checks: readonly DataCheck[]): Html {
  const place = (check: DataCheck) => 2 * ORDER.indexOf(check.status) + (isToLookAt(check) ? 1 : 0);
  const sorted = [...checks].sort((a, b) => place(a) - place(b));
  const [shown, rest] = capped(
    sorted,
    MAX_CHECKS,
    (left) => `${count(left, 'more check')}: the report in JSON has all.`,
  );
  return html`${shown.map(checkOf)}${rest}`;
}

function checkOf(check: DataCheck): Html {
  const { id, title, status, detail, measures, figures } = check;
  const [shown, rest] = capped(
    measures,
    MAX_MEASURES,
    (left) => `${count(left, 'more measure')}: the report in JSON has all.`,
  );
  const columns = [
    { label: 'Measure' },
    { label: 'Value', kind: 'number' as const },
    { label: 'Asked' },
    { label: 'Baseline', kind: 'number' as const },
  ];
  return html`<article class="test">
<h3>${told(id)} ${chip(isToLookAt(check) ? TO_LOOK_AT : CHECK_STATUSES[status])}</h3>
<p>${told(detail)}</p>
<p class="quiet">${told(title)}</p>
${measures.length === 0 ? NOTHING : table({ caption: `Measures of ${id}`, columns, rows: shown.map(measureRow) })}${rest}${figuresBlock(figures)}${rowsOf(check)}</article>
`;
}

function measureRow({ name, value, baseline, max }: DataMeasure): readonly HtmlValue[] {
  return [
    told(name),
    value === null ? 'not a finite number' : numberText(value),
    max === null ? html`<span class="quiet">nothing</span>` : `at most ${numberText(max)}`,
    baseline === null ? html`<span class="quiet">–</span>` : numberText(baseline),
  ];
}

function rowsOf({ id, rows, rowCount }: DataCheck): Html {
  if (rows.length === 0) return NOTHING;
  const shown = rows.slice(0, MAX_ROWS);
  const left = rowCount - shown.length;
  const columns = [{ label: 'Row' }, { label: 'Why' }, { label: 'Score', kind: 'number' as const }];
  return fold(
    `${count(rowCount, 'row')} to look at`,
    html`${table({ caption: `Rows of ${id}`, columns, rows: shown.map(rowCells) })}${
      left > 0
        ? html`<p class="left-out">${count(left, 'more row')}: <code>--rows rows.csv</code> lists all.</p>\n`
        : NOTHING
    }`,
  );
}

function rowCells({ row, id, why, score }: RowToReview): readonly HtmlValue[] {
  const name = row === null ? (id === null ? 'the data' : told(id)) : id === null ? row : html`${row} ${told(id)}`;
  return [name, told(why), score === null ? html`<span class="quiet">–</span>` : numberText(score)];
}

/** How often each check is wrong, and what it cannot see. */
export function unseenBlock(checks: readonly DataCheck[]): Html {
  const shown = checks.slice(0, MAX_CHECKS);
  return html`<p>A poisoned row that looks like a clean one, has a fitting label, and shares no text, source or time with others is seen by none of
the checks.</p>
${bulletList(
  shown.map(
    ({ id, falseAlarms, unseen }) =>
      html`${told(id)}: cannot see ${told(unseen)}. <span class="quiet">False alarms: ${told(falseAlarms)}.</span>`,
  ),
)}`;
}
