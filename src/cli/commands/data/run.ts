import {
  type CheckedData,
  checkData,
  checkedSnapshot,
  reviewRowsCsv,
  reviewRowsParquet,
} from '../../../pipeline/data/index.ts';
import { dataCheckOf, givenFiles } from '../../../pipeline/lineage/index.ts';
import { jsonText } from '../../../report/index.ts';
import { openSink, Progress, type Shell } from '../../terminal/index.ts';
import { judgedLineage, runLineage } from './lineage/index.ts';
import type { DataRequest } from './request.ts';
import { dataText } from './text.ts';

/** Checks a data set. A check that fails it is recorded as a denial, one that could not be completed as incomplete. */
export async function runData(request: DataRequest, shell: Shell): Promise<void> {
  if (request.lineage?.alone === true) return await runLineage(request.datasets, request.lineage, request, shell);
  const { output, rows: list, profileOut } = request;
  const sink = await openSink(output, shell);
  const listSink = list === undefined ? undefined : await openSink(list.file, shell, '--rows');
  const profileSink = profileOut === undefined ? undefined : await openSink(profileOut, shell, '--profile-out');
  const { report, rows, profile } = await checked(request, shell);
  if (list !== undefined)
    listSink?.write(list.format === 'csv' ? reviewRowsCsv(rows) : await reviewRowsParquet(rows, shell.signal));
  profileSink?.write(profile);
  sink.write(request.format === 'json' ? `${jsonText(report, 2)}\n` : dataText(report, request.verbose));
  await sink.commit();
  await listSink?.commit();
  await profileSink?.commit();
  if (report.status === 'fail') shell.exit(1);
  else if (report.checks.some(({ status }) => status === 'error')) shell.exit(2);
}

async function checked(request: DataRequest, shell: Shell): Promise<CheckedData> {
  const { datasets, lineage, columns, baseline, snapshot, limits, quiet } = request;
  const progress = new Progress(shell, !quiet);
  try {
    return await checkData(datasets, {
      before:
        lineage === undefined
          ? []
          : [
              dataCheckOf(
                await judgedLineage(givenFiles(datasets), lineage, { quiet, onEvent: progress.onEvent }, shell),
              ),
            ],
      columns,
      baseline,
      snapshot: snapshot === undefined ? undefined : checkedSnapshot(snapshot),
      limits,
      signal: shell.signal,
      onEvent: progress.onEvent,
    });
  } finally {
    progress.end();
  }
}
