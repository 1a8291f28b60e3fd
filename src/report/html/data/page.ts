import { type DataReport, isToLookAt } from '../../../core/data/index.ts';
import { count, humanBytes } from '../../style.ts';
import { html } from '../html.ts';
import { reportPage } from '../page.ts';
import { bulletList, capped, code, facts, told } from '../parts.ts';
import { CHECK_STATUSES, RISK_STATUSES } from '../words.ts';
import { checksBlock, unseenBlock } from './checks.ts';
import { lineageBlock } from './lineage.ts';

const MAX_FILES = 100;

/** What all checks together say. */
const OUTCOMES: Readonly<Record<DataReport['status'], string>> = {
  pass: 'No check fails the data.',
  fail: 'A check fails the data.',
  'not-assessed': 'No check that could fail the data could be made.',
  error: 'The checks could not be completed.',
};

/** The report on training data: one HTML document that holds no script and asks for nothing. */
export function renderData(report: DataReport): string {
  const { status, checks, files, tool, lineage } = report;
  const word = CHECK_STATUSES[status];
  const of = (wanted: DataReport['status']) =>
    checks.filter((check) => check.status === wanted && !isToLookAt(check)).length;
  const looks = checks.filter(isToLookAt).length;
  const counts = `${of('pass')} of ${count(checks.length, 'check')} passed, ${of('fail')} failed, ${looks} to look at, ${of('not-assessed')} not assessed`;
  const name = files.length === 1 ? (files[0]?.path ?? '') : `${files[0]?.path ?? 'data'} and ${files.length - 1} more`;
  const head = html`<header class="cover">
<p class="kind">Checks of training data</p>
<h1>${told(name)}</h1>
<p class="decision ${word.tone}"><span class="label">Data</span> <strong>${word.text}</strong>${OUTCOMES[status]} ${counts}.</p>
${dataFacts(report)}</header>
`;
  const sections = [
    { id: 'checks', title: 'Checks', body: checksBlock(checks) },
    ...(lineage === undefined
      ? []
      : [{ id: 'lineage', title: 'Where the data came from', body: lineageBlock(lineage) }]),
    { id: 'limits', title: 'What they do not see', body: unseenBlock(checks) },
  ];
  const title = `Training data: ${name}: ${word.text}`;
  return reportPage({ title, skip: 'Skip to the checks', version: tool.version, head, sections }).toString();
}

/** Which data was checked, and beside what. */
export function dataFacts({ files, rows, splits, columns, baseline, engine, owasp, notes = [], tool }: DataReport) {
  const [shown, rest] = capped(files, MAX_FILES, (left) => `${count(left, 'more file')}: the report in JSON has all.`);
  const named = columns.flatMap(({ name, role }) => (role === null ? [] : [html`${told(name)} as ${role}`]));
  const features = columns.length - named.length;
  return facts([
    [
      'Files',
      html`${bulletList(shown.map(({ path, bytes, sha256 }) => html`${code(path)}, ${humanBytes(bytes)} ${code(sha256)}`))}${rest}`,
    ],
    [
      'Rows',
      html`${rows}${splits.length < 2 ? '' : html` <span class="quiet">${splits.map((split, at) => html`${at === 0 ? '' : ', '}${told(split.name)} ${split.rows}`)}</span>`}`,
    ],
    ['Columns', html`${bulletList([...named, `${count(features, 'other column')}`])}`],
    [
      'Compared with',
      baseline === null
        ? html`<span class="quiet">no approved data</span>`
        : html`${told(baseline.path)}, ${count(baseline.rows, 'row')} ${code(baseline.sha256)}`,
    ],
    ['Data poisoning (OWASP ML02)', RISK_STATUSES[owasp['ML02:2023'].status].text],
    ['Left out', notes.length === 0 ? undefined : bulletList(notes.map(told))],
    ['Read with', `${engine.name} ${engine.version}`],
    ['Checked by', `Assay ${tool.version}`],
  ]);
}
