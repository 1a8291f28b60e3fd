import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { DataCheck } from '../../src/core/data/schema.ts';
import { type CheckDataOptions, type CheckedData, checkData } from '../../src/pipeline/data/check-data.ts';

export const TABLES = new URL('../../fixtures/data/tables/', import.meta.url).pathname;

/** A row of a data set that a test makes. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

/** Writes rows as JSON lines. */
export function writeRows(path: string, rows: readonly Row[]): string {
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

/** The real messages of the SpamAssassin corpus, with a label each. */
export function messages(): readonly (Row & { readonly id: string; readonly text: string; readonly label: string })[] {
  const text = gunzipSync(
    readFileSync(new URL('../../fixtures/data/spam/messages.jsonl.gz', import.meta.url)),
  ).toString('utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const {
        id,
        group,
        text: words,
      } = JSON.parse(line) as { readonly id: string; readonly group: string; readonly text: string };
      return { id, text: words, label: group.startsWith('spam') ? 'spam' : 'ham' };
    });
}

/** Checks data, and finds its checks by id. */
export async function dataChecks(
  datasets: readonly string[],
  columns: CheckDataOptions['columns'],
  options: Omit<CheckDataOptions, 'columns'> = {},
): Promise<CheckedData & { readonly check: (id: string) => DataCheck }> {
  const checked = await checkData(datasets, { columns, ...options });
  const check = (id: string): DataCheck => {
    const found = checked.report.checks.find((one) => one.id === `data.${id}`);
    if (found === undefined) throw new Error(`no check data.${id}`);
    return found;
  };
  return { ...checked, check };
}
