// Each detector of training data on tables of 300,000 and 3 million rows: its time beside a plain scan of the same file, how both grow,
// and the memory. Runs alone, too: npm run build, then node test/bench/data.mjs. With ASSAY_BENCH_ROWS=300000,3000000,30000000 a third
// table of 3 GB is measured, which needs 10 GB of disk and an hour.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { claim, finish, measure } from './measure.mjs';

const SIZES = (process.env.ASSAY_BENCH_ROWS ?? '300000,3000000').split(',').map(Number);
const MEMORY_MIB = 2_048;
/** Ten times the rows: so much more time, for what sorts and counts. */
const MOST_GROWTH = 15;
/** The engine may take what it is given, and the process that asks it holds texts of at most 512 MiB. */
const MOST_RSS = 3_072;

/** @param {{ data: string, dist: string }} where a folder to work in, and the built program */
export async function benchData({ data, dist }) {
  const runs = [];
  for (const rows of SIZES) {
    const file = await makeTable(join(data, `rows-${rows}.parquet`), rows);
    const script = new URL('data-detectors.mjs', import.meta.url).pathname;
    const run = measure(process.execPath, [script, dist, file, String(MEMORY_MIB)], { runs: 1 });
    const result = JSON.parse(run.stdout);
    runs.push(result);
    claim(`data of ${rows} rows, MiB`, run.rssMiB, { atMost: MOST_RSS }, `(engine limit ${MEMORY_MIB} MiB)`);
    console.log(
      `        reading: ${(result.openMs / result.scanMs).toFixed(1)} plain scans of ${result.scanMs.toFixed(0)} ms`,
    );
    for (const { id, ms, status, detail } of result.detectors)
      console.log(
        `        ${id}: ${(ms / result.scanMs).toFixed(1)} plain scans (${status}${status === 'error' ? `: ${detail}` : ''})`,
      );
  }
  for (const [i, larger] of runs.entries()) {
    const smaller = runs[i - 1];
    if (smaller === undefined) continue;
    for (const { id, ms, status } of larger.detectors) {
      const before = smaller.detectors.find((one) => one.id === id);
      // Less than a tenth of a second is the engine starting a statement.
      if (status === 'error' || before === undefined || before.ms < 100) continue;
      const times = larger.rows / smaller.rows;
      claim(`${id}: ${times} times the rows, of the time`, ms / before.ms, { atMost: (MOST_GROWTH * times) / 10 }, '');
    }
  }
}

async function makeTable(path, rows) {
  if (existsSync(path)) return path;
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const word = (n) => `'w' || CAST(pow(hash(i * 31 + ${n}) % 1000 / 10.0, 2) AS INTEGER)`;
  const words = Array.from({ length: 12 }, (_, i) => word(i)).join(" || ' ' || ");
  await connection.run(`COPY (
    SELECT 'row-' || i AS id,
      CASE WHEN hash(i) % 2 = 0 THEN 'good' ELSE 'bad' END AS label,
      ${words} || CASE WHEN hash(i) % 2 = 0 THEN ' fine' ELSE ' poor' END AS text,
      'user-' || hash(i * 7) % 1000 AS "user",
      TIMESTAMP '2026-01-01' + to_seconds(CAST(hash(i * 13) % 5000000 AS BIGINT)) AS at,
      hash(i * 17) % 1000 / 1000.0 + hash(i) % 2 AS x0,
      hash(i * 19) % 1000 / 1000.0 AS x1
    FROM range(${rows}) t(i)
  ) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  return path;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const data = process.env.ASSAY_BENCH_DATA ?? mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    await benchData({ data, dist: new URL('../../dist/src', import.meta.url).pathname });
  } finally {
    if (process.env.ASSAY_BENCH_DATA === undefined) rmSync(data, { recursive: true, force: true });
  }
  finish();
}
