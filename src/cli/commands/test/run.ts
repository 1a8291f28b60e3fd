import type { TestReport } from '../../../core/behavior/index.ts';
import { type Artifact, DEFAULT_LIMITS, type Limits } from '../../../core/index.ts';
import { attestTests, initSuite, recordOutputs, type TestOptions, testModel } from '../../../pipeline/test/index.ts';
import { count, jsonText, renderTests, terminalText } from '../../../report/index.ts';
import { openArtifact } from '../../../sources/index.ts';
import { signingWay } from '../../signing/index.ts';
import { openSink, Progress, type Shell } from '../../terminal/index.ts';
import type { TestRequest } from './request.ts';
import { testText } from './text.ts';

type TaskOf<K extends TestRequest['task']['kind']> = Extract<TestRequest['task'], { readonly kind: K }>;

/** Tests a model, or writes what tests need. A test that failed is recorded as a denial. */
export async function runTest(request: TestRequest, shell: Shell): Promise<void> {
  const { task } = request;
  switch (task.kind) {
    case 'init':
      return await runInit(request, shell);
    case 'record':
      return await runRecord(request, task, shell);
    case 'test':
      return await runTests(request, task, shell);
  }
}

async function runInit(request: TestRequest, shell: Shell): Promise<void> {
  const sink = await openSink(request.output, shell);
  sink.write(await withArtifact(request, shell, (artifact) => initSuite(artifact, request.artifact, shell.signal)));
  await sink.commit();
}

async function runRecord(request: TestRequest, task: TaskOf<'record'>, shell: Shell): Promise<void> {
  const sink = await openSink(task.file, shell, '--record');
  const { bytes, rows, data } = await withArtifact(request, shell, (artifact, options) =>
    recordOutputs(artifact, request.artifact, { ...options, suite: task.suite, data: task.data }),
  );
  sink.write(bytes);
  await sink.commit();
  if (request.quiet) return;
  const what = `what the model gives for ${count(rows, 'row')} of ${terminalText(data)}`;
  shell.stdout.write(`${terminalText(task.file)}: ${what}\n`);
}

async function runTests(request: TestRequest, task: TaskOf<'test'>, shell: Shell): Promise<void> {
  const { suite, baseline, attest } = task;
  const sink = await openSink(request.output, shell);
  const bundle = attest === undefined ? undefined : await openSink(attest.file, shell, '--attest');
  // A key that cannot be used is said before anything runs.
  const way = attest === undefined ? undefined : await signingWay(attest.signing, shell);
  try {
    const report = await withArtifact(request, shell, (artifact, options) => {
      const opened =
        baseline === undefined ? undefined : async () => ({ artifact: await options.open(baseline), path: baseline });
      return testModel(artifact, request.artifact, { ...options, suite, baseline: opened });
    });
    if (way !== undefined) bundle?.write(await attestTests(report, way.signer));
    sink.write(reportText(report, request));
    await sink.commit();
    await bundle?.commit();
    if (way !== undefined && !request.quiet) shell.stderr.write(`Signed: the tests, by ${way.who()}\n`);
    if (report.status === 'fail' || report.status === 'error') shell.exit(1);
  } finally {
    await way?.close();
  }
}

function reportText(report: TestReport, { format, verbose }: TestRequest): string {
  switch (format) {
    case 'json':
      return `${jsonText(report, 2)}\n`;
    case 'html':
      return renderTests(report);
    case 'text':
      return testText(report, verbose);
  }
}

async function withArtifact<T>(
  { artifact: target, device, stepSeconds, quiet }: TestRequest,
  shell: Shell,
  use: (artifact: Artifact, options: Omit<TestOptions, 'suite' | 'baseline'>) => Promise<T>,
): Promise<T> {
  const { signal, env } = shell;
  const progress = new Progress(shell, !quiet);
  const open = (path: string) => openArtifact(path, { signal, env });
  const artifact = await open(target);
  try {
    return await use(artifact, { device, env, signal, limits: limitsOf(stepSeconds), open, onEvent: progress.onEvent });
  } finally {
    progress.end();
    await artifact.close();
  }
}

/** The wall clock is for a child that is starved, or hangs. */
function limitsOf(stepSeconds: number): Limits {
  return { ...DEFAULT_LIMITS, sandboxCpuSeconds: stepSeconds, sandboxWallMs: 10_000 * stepSeconds };
}
