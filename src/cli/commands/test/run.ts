import { initSuite, recordOutputs, testModel } from '../../../pipeline/test/index.ts';
import { count, jsonText, terminalText } from '../../../report/index.ts';
import { openArtifact } from '../../../sources/index.ts';
import { openSink, Progress, type Shell } from '../../terminal/index.ts';
import type { TestRequest } from './request.ts';
import { testText } from './text.ts';

/** Tests a model, or writes what tests need. A test that failed is recorded as a denial. */
export async function runTest(request: TestRequest, shell: Shell): Promise<void> {
  const { task, output, device, quiet } = request;
  const sink = await openSink(
    task.kind === 'record' ? task.file : output,
    shell,
    task.kind === 'record' ? '--record' : '--output',
  );
  const progress = new Progress(shell, !quiet);
  const { signal, env } = shell;
  const open = (path: string) => openArtifact(path, { signal, env });
  const artifact = await open(request.artifact);
  const options = { device, env, signal, onEvent: progress.onEvent };
  try {
    switch (task.kind) {
      case 'init':
        sink.write(await initSuite(artifact, request.artifact, signal));
        break;
      case 'record': {
        const { bytes, rows, data } = await recordOutputs(artifact, request.artifact, { ...options, ...task });
        sink.write(bytes);
        if (!quiet)
          shell.stdout.write(
            `${terminalText(task.file)}: what the model gives for ${count(rows, 'row')} of ${terminalText(data)}\n`,
          );
        break;
      }
      case 'test': {
        const report = await testModel(artifact, request.artifact, { ...options, ...task, open });
        progress.end();
        sink.write(request.format === 'json' ? `${jsonText(report, 2)}\n` : testText(report, request.verbose));
        if (report.status === 'fail' || report.status === 'error') shell.exit(1);
      }
    }
    await sink.commit();
  } finally {
    progress.end();
    await artifact.close();
  }
}
