import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_DATA_LIMITS, openEngine } from '../../provenance/index.ts';
import type { ReviewRow } from './review-rows.ts';

const HEAD = ['check', 'row', 'id', 'score', 'why'] as const;
/** What a spreadsheet takes for a formula when a cell starts with it (CWE-1236). */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** The rows to look at as CSV (RFC 4180), in which no text can act as a formula. */
export function reviewRowsCsv(rows: readonly ReviewRow[]): string {
  const lines = rows.map((row) => HEAD.map((name) => cell(row[name])).join(','));
  return `${[HEAD.join(','), ...lines].join('\r\n')}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const inert = FORMULA.test(value) ? `'${value}` : value;
  return `"${inert.replaceAll('"', '""')}"`;
}

const COLUMNS = "{'check': 'VARCHAR', 'row': 'BIGINT', 'id': 'VARCHAR', 'score': 'DOUBLE', 'why': 'VARCHAR'}";

/** The same as Parquet. @throws AssayError as `openEngine` */
export async function reviewRowsParquet(
  rows: readonly ReviewRow[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-list-'));
  try {
    const list = join(folder, 'rows.jsonl');
    await writeFile(list, rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { mode: 0o600, flag: 'wx' });
    const engine = await openEngine({
      files: new Map([['input-0.jsonl', list]]),
      writes: 'rows.parquet',
      limits: DEFAULT_DATA_LIMITS,
      temporary: folder,
      signal,
    });
    try {
      const from =
        rows.length === 0
          ? '(SELECT * FROM empty)'
          : `read_json('input-0.jsonl', format = 'newline_delimited', columns = ${COLUMNS})`;
      if (rows.length === 0)
        await engine.run('CREATE TABLE empty ("check" VARCHAR, "row" BIGINT, id VARCHAR, score DOUBLE, why VARCHAR)');
      await engine.run(
        `COPY (SELECT "check", "row", id, score, why FROM ${from}) TO 'rows.parquet' (FORMAT parquet, USE_TMP_FILE false)`,
      );
      return await readFile(join(engine.folder, 'rows.parquet'));
    } finally {
      await engine.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
