import type { Costs, Usage, UsageKey, UsageRow } from '../../../registry/index.ts';
import { facts, type Html, type HtmlValue, html, NOTHING, table, told } from '../../../report/html/index.ts';
import { humanBytes } from '../../../report/index.ts';
import { type Prices, priceOf, type UsageQuestion } from '../../usage/index.ts';
import { page } from '../layout.ts';
import { USAGE_PATH, withQuery } from '../links.ts';
import { empty, field, linkButton, note, type Viewer, when } from '../parts.ts';
import { filters } from '../tables.ts';
import { JOB_KIND_WORDS } from '../words.ts';

export interface UsageView {
  readonly usage: Usage;
  /** As it was asked. */
  readonly question: UsageQuestion;
  readonly prices: Prices | null;
  /** The viewer sees what all tenants use. */
  readonly isEveryTenant: boolean;
}

/** Rows that a page shows; the table for spreadsheets has all. */
const SHOWN = 500;

/** What jobs cost within a time, and how much work was reused. */
export function usagePage(viewer: Viewer, view: UsageView): Html {
  const { usage, question, prices, isEveryTenant } = view;
  const whose = isEveryTenant ? 'all tenants' : html`the tenant ${told(viewer.tenant)}`;
  const exported = withQuery('/v1/usage/export', { ...question, by: usage.by });
  const body = html`<p class="lead">What the jobs of ${whose} cost from ${when(usage.from)} to ${when(usage.to)}. Time in the queue is not counted.</p>
${choices(usage.by, question, isEveryTenant, linkButton(exported, { label: 'Download as CSV' }))}${timeForm(usage, question)}${
  usage.rows.length === 0
    ? empty('No jobs in this time', html`<p>Costs are recorded from the first job on.</p>\n`)
    : html`${totalFacts(totalOf(usage.rows), prices)}${rowsTable(usage)}${unknownNote(usage.rows)}`
}`;
  return page(viewer, { title: 'Usage', place: 'usage', body });
}

const BY_WORDS: Readonly<Record<UsageKey, string>> = { kind: 'By kind', model: 'By model', tenant: 'By tenant' };

function choices(by: UsageKey, question: UsageQuestion, isEveryTenant: boolean, more: Html): Html {
  const keys = isEveryTenant ? (['kind', 'model', 'tenant'] as const) : (['kind', 'model'] as const);
  const { from, to } = question;
  const entries = keys.map((key) => [withQuery(USAGE_PATH, { from, to, by: key }), BY_WORDS[key], key === by] as const);
  return filters('Rows', entries, more);
}

/** It shows the time that is meant, also when nobody asked for one. */
function timeForm({ by, from, to }: Usage, question: UsageQuestion): Html {
  const day = (moment: string) => moment.slice(0, 10);
  return html`<form class="usage-time" method="get" action="${USAGE_PATH}"><input type="hidden" name="by" value="${by}">
${field({ name: 'from', label: 'From', value: day(question.from ?? from), kind: 'date', required: true })}${field({ name: 'to', label: 'To', value: day(question.to ?? to), kind: 'date', required: true })}<button class="button">Show</button></form>
`;
}

type Total = Costs & { readonly jobs: number };

/** A job is in one row. */
function totalOf(rows: readonly UsageRow[]): Total {
  const sum = (of: (row: UsageRow) => number) => rows.reduce((all, row) => all + of(row), 0);
  const known = (of: (row: UsageRow) => number | null, join: (a: number, b: number) => number = (a, b) => a + b) =>
    rows.map(of).reduce((all, one) => (all === null ? one : one === null ? all : join(all, one)), null);
  return {
    jobs: sum(({ jobs }) => jobs),
    attempts: sum(({ attempts }) => attempts),
    unmeasured: sum(({ unmeasured }) => unmeasured),
    reused: sum(({ reused }) => reused),
    wallSeconds: sum(({ wallSeconds }) => wallSeconds),
    cpuSeconds: known(({ cpuSeconds }) => cpuSeconds),
    peakBytes: known(({ peakBytes }) => peakBytes, Math.max),
    fetchedBytes: known(({ fetchedBytes }) => fetchedBytes),
    storedBytes: known(({ storedBytes }) => storedBytes),
    gpuSeconds: known(({ gpuSeconds }) => gpuSeconds),
  };
}

function totalFacts(total: Total, prices: Prices | null): Html {
  const share = total.attempts === 0 ? 0 : (100 * total.reused) / total.attempts;
  return facts([
    [
      'Jobs',
      html`${total.jobs} <span class="quiet">in ${total.attempts} ${total.attempts === 1 ? 'attempt' : 'attempts'}</span>`,
    ],
    [
      'Reused',
      html`${total.reused} <span class="quiet">${share.toFixed(1)} % of the attempts took the result of an earlier scan</span>`,
    ],
    ['Time in processes', timeOf(total.wallSeconds)],
    ['CPU time', known(total.cpuSeconds, timeOf)],
    ['GPU time', total.gpuSeconds === null ? undefined : timeOf(total.gpuSeconds)],
    ['Highest memory', known(total.peakBytes, humanBytes)],
    ['Received', known(total.fetchedBytes, humanBytes)],
    ['Stored', known(total.storedBytes, humanBytes)],
    ['Price', prices === null ? undefined : priceText(total, priceOf(total, prices))],
  ]);
}

function rowsTable({ by, rows, complete }: Usage): Html {
  const priced = rows.some(({ price }) => price !== null);
  const head = { kind: 'Kind', model: 'Model', tenant: 'Tenant' }[by];
  const columns = [
    { label: head },
    ...[
      'Jobs',
      'Reused',
      'Time',
      'CPU time',
      'Memory',
      'Received',
      'Stored',
      'GPU time',
      ...(priced ? ['Price'] : []),
    ].map((label) => ({ label, kind: 'number' as const })),
  ];
  const shown = rows.slice(0, SHOWN);
  const cells = shown.map((row): readonly HtmlValue[] => [
    nameOfRow(row),
    row.jobs,
    row.reused,
    timeOf(row.wallSeconds),
    known(row.cpuSeconds, timeOf),
    known(row.peakBytes, humanBytes),
    known(row.fetchedBytes, humanBytes),
    known(row.storedBytes, humanBytes),
    row.gpuSeconds === null ? html`<span class="quiet">none</span>` : timeOf(row.gpuSeconds),
    ...(priced ? [row.price === null ? NOTHING : priceText(row, row.price)] : []),
  ]);
  const left = rows.length > SHOWN || !complete;
  const more = left
    ? note(
        'caution',
        html`These are the ${shown.length} with the longest time. The table for spreadsheets has up to 10,000.`,
      )
    : NOTHING;
  return html`<div id="usage">${table({ caption: 'The longest time first', columns, rows: cells })}</div>\n${more}`;
}

function nameOfRow({ tenant, model, kind }: UsageRow): Html {
  if (model !== null)
    return html`${told(model)}${tenant === null ? NOTHING : html` <span class="quiet">${told(tenant)}</span>`}`;
  if (tenant !== null) return told(tenant);
  return html`${kind === null ? NOTHING : JOB_KIND_WORDS[kind]}`;
}

function unknownNote(rows: readonly UsageRow[]): Html {
  const unmeasured = rows.reduce((all, row) => all + row.unmeasured, 0);
  if (unmeasured === 0) return NOTHING;
  return note(
    'caution',
    html`Of ${unmeasured} ${unmeasured === 1 ? 'attempt' : 'attempts'} some figure is not known, such as of a process that was killed. Sums are then
the least that it can be.`,
  );
}

function priceText(
  { unmeasured }: Pick<Costs, 'unmeasured'>,
  { amount, currency }: NonNullable<UsageRow['price']>,
): Html {
  const rounded = Number(amount).toFixed(2);
  const shown = rounded === '0.00' && Number(amount) > 0 ? 'less than 0.01' : rounded;
  return html`<span class="nowrap">${unmeasured === 0 ? NOTHING : 'at least '}${shown} ${currency}</span>`;
}

function known(value: number | null, text: (value: number) => string): Html {
  return value === null ? html`<span class="quiet">unknown</span>` : html`<span class="nowrap">${text(value)}</span>`;
}

/** `0.31 s`, `2 min 5 s`, `3 h 20 min`. */
function timeOf(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
