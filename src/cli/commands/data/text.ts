import { type DataCheck, type DataMeasure, type DataReport, isToLookAt } from '../../../core/data/index.ts';
import { count, terminalText } from '../../../report/index.ts';

/** Rows of a check that are shown, and with --verbose. */
const FEW_ROWS = 3;
const MORE_ROWS = 20;
const MAX_FILES = 8;

const ORDER = ['FAIL', 'ERROR', 'look', 'not assessed', 'pass'] as const;
type Word = (typeof ORDER)[number];
const WIDTH = Math.max(...ORDER.map(({ length }) => length));

/** A report about data, for people: what fails first. */
export function dataText(report: DataReport, verbose: boolean): string {
  const { files, rows, splits, baseline, checks, notes = [], engine } = report;
  const names = files.slice(0, MAX_FILES).map(({ path }) => terminalText(path));
  const more = files.length > MAX_FILES ? `, and ${files.length - MAX_FILES} more` : '';
  const parts =
    splits.length < 2 ? '' : ` · ${splits.map((split) => `${terminalText(split.name)} ${split.rows}`).join(', ')}`;
  const sorted = [...checks].sort((a, b) => ORDER.indexOf(wordOf(a)) - ORDER.indexOf(wordOf(b)));
  const width = Math.max(...checks.map(({ id }) => id.length));
  const lines = [
    `${names.join(', ')}${more} · ${count(rows, 'row')}${parts} · read with ${engine.name} ${engine.version}`,
    ...(baseline === null
      ? ['compared with no approved data: --baseline']
      : [`compared with ${terminalText(baseline.path)} (${count(baseline.rows, 'row')})`]),
    ...notes.map((note) => `note: ${terminalText(note)}`),
    '',
    ...sorted.flatMap((check) => checkLines(check, width, verbose)),
    '',
    summary(checks),
  ];
  return `${lines.join('\n')}\n`;
}

function wordOf(check: DataCheck): Word {
  const { status } = check;
  if (status === 'fail') return isToLookAt(check) ? 'look' : 'FAIL';
  return status === 'error' ? 'ERROR' : status === 'pass' ? 'pass' : 'not assessed';
}

function checkLines(check: DataCheck, width: number, verbose: boolean): string[] {
  const { id, detail, rows, rowCount, measures, unseen } = check;
  const word = wordOf(check);
  const indent = ' '.repeat(WIDTH + 4);
  const shown = rows.slice(0, verbose ? MORE_ROWS : word === 'pass' ? 0 : FEW_ROWS);
  const rest = rowCount - shown.length;
  return [
    `  ${word.padEnd(WIDTH)}  ${id.padEnd(width)}  ${terminalText(detail)}`,
    ...(verbose ? measures.map((measure) => `${indent}  ${measureText(measure)}`) : []),
    ...(verbose ? [`${indent}  cannot see: ${unseen}`] : []),
    ...shown.map((row) => `${indent}  ${rowName(row)}: ${terminalText(row.why)}`),
    ...(rest > 0 && shown.length > 0 ? [`${indent}  and ${rest} more`] : []),
  ];
}

function rowName({ row, id }: DataCheck['rows'][number]): string {
  if (row === null) return id === null ? 'the data' : terminalText(id);
  return id === null ? `row ${row}` : `row ${row} (${terminalText(id)})`;
}

function measureText({ name, value, baseline, max }: DataMeasure): string {
  const parts = [
    `${terminalText(name)}: ${value === null ? 'not a finite number' : numberText(value)}`,
    ...(max === null ? [] : [`at most ${numberText(max)}`]),
    ...(baseline === null ? [] : [`baseline ${numberText(baseline)}`]),
  ];
  return parts.join(' · ');
}

function numberText(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function summary(checks: readonly DataCheck[]): string {
  const of = (word: Word) => checks.filter((check) => wordOf(check) === word).length;
  const counts = [
    `${of('pass')} of ${count(checks.length, 'check')} passed`,
    `${of('FAIL')} failed`,
    ...(of('look') === 0 ? [] : [`${of('look')} to look at`]),
    ...(of('ERROR') === 0 ? [] : [`${of('ERROR')} could not be completed`]),
    ...(of('not assessed') === 0 ? [] : [`${of('not assessed')} not assessed`]),
  ].join(', ');
  const rows = checks.reduce((sum, { rowCount }) => sum + rowCount, 0);
  return rows === 0 ? counts : `${counts}; --rows rows.csv lists ${count(rows, 'row')} to look at`;
}
