import type { DeviceReport, Measure, ModelTest, TestReport } from '../../../core/behavior/index.ts';
import { count } from '../../style.ts';
import { figuresBlock } from '../figures/index.ts';
import { type Html, type HtmlValue, html, NOTHING } from '../html.ts';
import { bulletList, capped, chip, code, facts, table, told } from '../parts.ts';
import { CHECK_STATUSES } from '../words.ts';
import { measureNumber } from './numbers.ts';

/** Tests, and measures of one, that are shown. */
const MAX_TESTS = 200;
const MAX_MEASURES = 100;
const MAX_DATA = 50;
/** Operators that ran elsewhere, and devices that were passed over. */
const MAX_NAMED = 20;

const AREAS: Readonly<Record<ModelTest['area'], string>> = {
  'known-input': 'known inputs',
  adversarial: 'attacks on inputs',
  backdoor: 'backdoors',
  membership: 'membership of the training data',
  inversion: 'inversion of the training data',
  extraction: 'extraction of the model',
};

/** What a report and an attestation say of a run of tests. */
type TestedBy = Pick<TestReport, 'model' | 'baseline' | 'device' | 'data' | 'rowsAtOnce' | 'tool'> & {
  readonly suite: Omit<TestReport['suite'], 'path'>;
};

/** Which model was tested, by what, beside what, and where. */
export function testFacts({ model, suite, baseline, device, data, rowsAtOnce, tool }: TestedBy): Html {
  const [shown, rest] = capped(data, MAX_DATA, (left) => `${count(left, 'more data set')}.`);
  return facts([
    ['Model', modelText(model)],
    [
      'Suite',
      html`${told(suite.name)} ${code(`sha256:${suite.sha256}`)} <span class="quiet">seed ${suite.seed}</span>`,
    ],
    [
      'Data',
      html`${bulletList(shown.map(({ name, rows, sha256 }) => html`${told(name)}, ${count(rows, 'row')} ${code(sha256)}`))}${rest}`,
    ],
    ['Compared with', baseline === null ? html`<span class="quiet">no approved version</span>` : modelText(baseline)],
    ['Ran on', device === null ? html`<span class="quiet">the model did not run</span>` : deviceText(device)],
    ['Rows at once', rowsAtOnce === 0 ? undefined : rowsAtOnce],
    ['Tested by', `Assay ${tool.version}`],
  ]);
}

function modelText({ path, sha256 }: TestReport['model']): Html {
  return html`${code(path)} ${code(`sha256:${sha256}`)}`;
}

/** The device, and what did not run on it. */
function deviceText({ device, runtime, drivers, share, elsewhere, elsewhereCount, passedOver }: DeviceReport): Html {
  const ops = [...new Set(elsewhere.map(({ op }) => op))].slice(0, MAX_NAMED).join(', ');
  return html`${device} <span class="quiet">${told(`${runtime.name} ${runtime.version}`)}${
    drivers.length === 0 ? NOTHING : html`, ${told(drivers.slice(0, MAX_NAMED).join(', '))}`
  }</span>${
    elsewhereCount === 0
      ? NOTHING
      : html`, ${count(elsewhereCount, 'node')} elsewhere (${told(ops)}), ${(100 * (1 - share)).toFixed(1)} % of the time`
  }${bulletList(passedOver.slice(0, MAX_NAMED).map(({ device: other, why }) => html`not on ${other}: ${told(why)}`))}`;
}

/** Each test: what it says, what was measured and asked, and its figures. */
export function testsBlock(tests: readonly ModelTest[]): Html {
  const [shown, rest] = capped(tests, MAX_TESTS, (left) => `${count(left, 'more test')}: the report in JSON has all.`);
  return html`${shown.map(testOf)}${rest}`;
}

function testOf(test: ModelTest): Html {
  const { id, kind, area, data, rows, status, detail, measures, figures } = test;
  const [shown, rest] = capped(
    measures,
    MAX_MEASURES,
    (left) => `${count(left, 'more measure')}: the report in JSON has all.`,
  );
  const columns = [
    { label: 'Measure' },
    { label: 'Answer' },
    { label: 'Value', kind: 'number' as const },
    { label: 'Interval' },
    { label: 'Asked' },
    { label: 'Approved version' },
  ];
  const on = data === null ? '' : `, on ${count(rows, 'row')} of `;
  return html`<article class="test">
<h3>${told(id)} ${chip(CHECK_STATUSES[status])}</h3>
<p>${told(detail)}</p>
<p class="quiet">${told(kind)}: ${AREAS[area]}${on}${data === null ? NOTHING : told(data)}</p>
${measures.length === 0 ? NOTHING : table({ caption: `Measures of ${id}`, columns, rows: shown.map(measureRow) })}${rest}${figuresBlock(figures)}</article>
`;
}

function measureRow({ name, value, interval, min, max, baseline, drop, rise, pass }: Measure): readonly HtmlValue[] {
  const asked = [
    ...(min === null ? [] : [`at least ${measureNumber(min)}`]),
    ...(max === null ? [] : [`at most ${measureNumber(max)}`]),
    ...(drop === null ? [] : [`at most ${measureNumber(drop)} below the approved version`]),
    ...(rise === null ? [] : [`at most ${measureNumber(rise)} above the approved version`]),
  ];
  return [
    told(name),
    pass === null ? NONE : chip(CHECK_STATUSES[pass ? 'pass' : 'fail']),
    measureNumber(value),
    interval === null
      ? NONE
      : html`${measureNumber(interval.low)} to ${measureNumber(interval.high)} <span class="quiet">${measureNumber(100 * interval.level)} %</span>`,
    asked.length === 0 ? html`<span class="quiet">nothing</span>` : asked.join(', '),
    baseline === null ? NONE : measureNumber(baseline),
  ];
}

const NONE = html`<span class="quiet">–</span>`;
