import { readDocument } from '../../../core/bytes/index.ts';
import { diffReports, hasNew, readReport, renderDiff, renderDiffJson } from '../../../report/index.ts';
import { openSink, type Shell, wantsColor, widthOf } from '../../terminal/index.ts';
import type { DiffRequest } from './request.ts';

/** Compares two reports, writes the comparison, and records the exit code. */
export async function runDiff(request: DiffRequest, shell: Shell): Promise<void> {
  const { output, failOnNew } = request;
  const sink = await openSink(output, shell);
  const from = await readDocument(request.from, '', readReport);
  const to = await readDocument(request.to, '', readReport);
  const diff = diffReports(from, to);
  sink.write(
    request.format === 'json'
      ? renderDiffJson(diff)
      : renderDiff(diff, {
          width: output === undefined ? widthOf(shell.stdout) : widthOf({ write: () => true }),
          color: output === undefined && wantsColor(shell.stdout, shell.env, request.color),
          verbose: request.verbose,
          quiet: request.quiet,
        }),
  );
  await sink.commit();
  if (failOnNew !== undefined && hasNew(diff, failOnNew)) shell.exit(1);
}
