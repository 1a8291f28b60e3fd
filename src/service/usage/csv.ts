import type { Usage, UsageRow } from '../../registry/index.ts';

type Cell = string | number | null;

const COLUMNS: readonly (readonly [name: string, of: (row: UsageRow, usage: Usage) => Cell])[] = [
  ['from', (_, { from }) => from],
  ['to', (_, { to }) => to],
  ['tenant', ({ tenant }) => tenant],
  ['model', ({ model }) => model],
  ['kind', ({ kind }) => kind],
  ['jobs', ({ jobs }) => jobs],
  ['attempts', ({ attempts }) => attempts],
  ['attempts_unmeasured', ({ unmeasured }) => unmeasured],
  ['attempts_reused', ({ reused }) => reused],
  ['wall_seconds', ({ wallSeconds }) => wallSeconds],
  ['cpu_seconds', ({ cpuSeconds }) => cpuSeconds],
  ['gpu_seconds', ({ gpuSeconds }) => gpuSeconds],
  ['peak_memory_bytes', ({ peakBytes }) => peakBytes],
  ['fetched_bytes', ({ fetchedBytes }) => fetchedBytes],
  ['stored_bytes', ({ storedBytes }) => storedBytes],
  ['price', ({ price }) => price?.amount ?? null],
  ['currency', ({ price }) => price?.currency ?? null],
];

/** A table for showback (RFC 4180); an empty cell is a figure that is not known. */
export function usageCsv(usage: Usage): string {
  const rows = usage.rows.map((row) => COLUMNS.map(([, of]) => cell(of(row, usage))).join(','));
  return [COLUMNS.map(([name]) => name).join(','), ...rows, ''].join('\r\n');
}

/** What a spreadsheet takes as the start of a formula (CWE-1236), spaces before it or not, and full-width forms. */
const FORMULA = /^[\s\p{Cf}]*[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20]/u;

/** Users choose names: one that a spreadsheet would compute is made text by an apostrophe. Text is always quoted. */
function cell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}
