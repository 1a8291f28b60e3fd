import type { DataReport } from '../../../core/data/index.ts';
import { AssayError } from '../../../core/index.ts';
import {
  attestData,
  type CheckedData,
  checkData,
  checkedSnapshot,
  findSparkSql,
  type JudgedBaseline,
  judgeBaseline,
  reviewRowsCsv,
  reviewRowsParquet,
  withBaselineCheck,
} from '../../../pipeline/data/index.ts';
import { withLineage } from '../../../pipeline/lineage/index.ts';
import { jsonText, renderData } from '../../../report/index.ts';
import { signingWay } from '../../signing/index.ts';
import { openSink, Progress, type Shell } from '../../terminal/index.ts';
import type { DataRequest } from './request.ts';
import { dataText } from './text.ts';

/** Checks a data set. A check that fails it is recorded as a denial, one that could not be completed as incomplete. */
export async function runData(request: DataRequest, shell: Shell): Promise<void> {
  const { lineage, format } = request;
  if (lineage?.alone === true) {
    if (format === 'html')
      throw new AssayError('usage', 'is a report on the rows of data', {
        subject: '--format html',
        hint: 'leave out --provenance, or use --format text or json',
      });
    const { runLineage } = await import('./lineage/judge/index.ts');
    return await runLineage(request.datasets, lineage, { ...request, format }, shell);
  }
  const { attestData: attest, quiet } = request;
  const bundle = attest === undefined ? undefined : await openSink(attest.file, shell, '--attest-data');
  // A key that cannot be used is said before anything is read.
  const way = attest === undefined ? undefined : await signingWay(attest.signing, shell);
  try {
    const data = await writeResults(request, shell);
    if (way === undefined) return;
    bundle?.write(await attestData(data, way.signer));
    await bundle?.commit();
    if (!quiet) shell.stderr.write(`Signed: the checks of the data, by ${way.who()}\n`);
  } finally {
    await way?.close();
  }
}

/** Checks the data, and writes the report, the list of rows and the profile. */
async function writeResults(request: DataRequest, shell: Shell): Promise<CheckedData> {
  const { output, rows: list, profileOut } = request;
  const sink = await openSink(output, shell);
  const listSink = list === undefined ? undefined : await openSink(list.file, shell, '--rows');
  const profileSink = profileOut === undefined ? undefined : await openSink(profileOut, shell, '--profile-out');
  const data = await checked(request, shell);
  const { report, rows, profile } = data;
  if (list !== undefined)
    listSink?.write(list.format === 'csv' ? reviewRowsCsv(rows) : await reviewRowsParquet(rows, shell.signal));
  profileSink?.write(profile);
  sink.write(reportText(report, request));
  await sink.commit();
  await listSink?.commit();
  await profileSink?.commit();
  if (report.status === 'fail') shell.exit(1);
  else if (report.checks.some(({ status }) => status === 'error')) shell.exit(2);
  return data;
}

function reportText(report: DataReport, { format, verbose }: DataRequest): string {
  switch (format) {
    case 'json':
      return `${jsonText(report, 2)}\n`;
    case 'html':
      return renderData(report);
    case 'text':
      return dataText(report, verbose);
  }
}

async function checked(request: DataRequest, shell: Shell): Promise<CheckedData> {
  const { datasets, lineage, columns, snapshot, limits, spark, quiet } = request;
  const { baseline, check } = await baselineOf(request);
  const progress = new Progress(shell, !quiet);
  try {
    const plain = await checkData(datasets, {
      columns,
      baseline,
      snapshot: snapshot === undefined ? undefined : checkedSnapshot(snapshot),
      limits,
      spark: spark === undefined ? undefined : { ...spark, program: findSparkSql(shell.env) },
      signal: shell.signal,
      onEvent: progress.onEvent,
    });
    const data = check === undefined ? plain : { ...plain, report: withBaselineCheck(plain.report, check) };
    if (lineage === undefined) return data;
    const { judgedLineage } = await import('./lineage/judge/index.ts');
    // A folder also holds files that are not part of its tables.
    const only = new Set(data.report.files.map(({ sha256 }) => sha256.replace(/^sha256:/, '')));
    const assessed = await judgedLineage(datasets, lineage, { quiet, onEvent: progress.onEvent, only }, shell);
    return { ...data, report: withLineage(data.report, assessed) };
  } finally {
    progress.end();
  }
}

/** What the data is compared with, and the check of its signature where one is asked. */
async function baselineOf({ baseline, signedBaseline }: DataRequest): Promise<{
  readonly baseline: string | JudgedBaseline['baseline'];
  readonly check?: JudgedBaseline['check'];
}> {
  if (baseline === undefined || signedBaseline === undefined) return { baseline };
  return await judgeBaseline({ baseline, ...signedBaseline });
}
