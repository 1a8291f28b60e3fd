import type { DataReport } from '../../../core/data/index.ts';
import { AssayError } from '../../../core/index.ts';
import {
  type CheckedData,
  checkData,
  checkedSnapshot,
  findSparkSql,
  reviewRowsCsv,
  reviewRowsParquet,
} from '../../../pipeline/data/index.ts';
import { withLineage } from '../../../pipeline/lineage/index.ts';
import { jsonText, renderData } from '../../../report/index.ts';
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
  const { output, rows: list, profileOut } = request;
  const sink = await openSink(output, shell);
  const listSink = list === undefined ? undefined : await openSink(list.file, shell, '--rows');
  const profileSink = profileOut === undefined ? undefined : await openSink(profileOut, shell, '--profile-out');
  const { report, rows, profile } = await checked(request, shell);
  if (list !== undefined)
    listSink?.write(list.format === 'csv' ? reviewRowsCsv(rows) : await reviewRowsParquet(rows, shell.signal));
  profileSink?.write(profile);
  sink.write(reportText(report, request));
  await sink.commit();
  await listSink?.commit();
  await profileSink?.commit();
  if (report.status === 'fail') shell.exit(1);
  else if (report.checks.some(({ status }) => status === 'error')) shell.exit(2);
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
  const { datasets, lineage, columns, baseline, snapshot, limits, spark, quiet } = request;
  const progress = new Progress(shell, !quiet);
  try {
    const data = await checkData(datasets, {
      columns,
      baseline,
      snapshot: snapshot === undefined ? undefined : checkedSnapshot(snapshot),
      limits,
      spark: spark === undefined ? undefined : { ...spark, program: findSparkSql(shell.env) },
      signal: shell.signal,
      onEvent: progress.onEvent,
    });
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
