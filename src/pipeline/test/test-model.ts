import { createHash } from 'node:crypto';
import {
  firstTokens,
  loadDataset,
  loadPrompts,
  readSignature,
  runSuite,
  type Suite,
  suitePath,
  type TestData,
  TestedModel,
} from '../../behavior/index.ts';
import { type ModelTest, statusOfTests, type TestReport } from '../../core/behavior/index.ts';
import type { DeviceChoice } from '../../core/device/index.ts';
import {
  type Artifact,
  AssayError,
  AsyncDisposableStack,
  DEFAULT_LIMITS,
  isAssayError,
  type Limits,
  type OnEvent,
  version,
} from '../../core/index.ts';
import { type Feeds, feedsOf } from '../../formats/arrays/index.ts';
import { onnxRuntime } from '../../sandbox/index.ts';
import { type ModelFile, type ModelOptions, openModelFile, type PlacedArtifact } from './model-file.ts';
import { readSuite, type SuiteFile } from './suite-file.ts';

export interface TestOptions {
  /** The path of the suite. */
  readonly suite: string;
  /** What the report and messages call the suite; its path when absent. */
  readonly suiteName?: string | undefined;
  readonly device: DeviceChoice;
  /** Opens the approved version, if there is one; it is closed in the end. */
  readonly baseline?: (() => Promise<PlacedArtifact | undefined>) | undefined;
  /** Opens other models that the suite names, by their paths. */
  readonly open: (path: string) => Promise<Artifact>;
  readonly limits?: Limits;
  /** Where the drivers of a device are is taken from it. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/**
 * Runs the tests of a suite on the ONNX model of an artifact: in a child process with bounds, on the device that is asked for. Does not
 * close the artifact.
 * @param target the path of the artifact; `null` for copies of its files, which have none
 * @returns what was measured; `status` is `fail` when a test failed
 * @throws AssayError `not-found` for a file, the runtime or a device that is not there; `usage`, `refused`, `unreadable`, `unsupported`,
 *   `malformed`, `truncated`, `limit`, `changed`, `sandbox`, `aborted`
 */
export async function testModel(artifact: Artifact, target: string | null, options: TestOptions): Promise<TestReport> {
  const { limits = DEFAULT_LIMITS, signal } = options;
  const note = (message: string) => options.onEvent?.({ kind: 'note', message });
  // What is missing is said before anything is read.
  onnxRuntime();
  const resources = new AsyncDisposableStack();
  try {
    const opening = { limits, signal, resources };
    const file = await readSuite(options.suite, target, options.suiteName);
    const model = await openModelFile(artifact, target, opening);
    const before = await openedBaseline(options, opening);
    const others = await openedOthers(file, options, opening);
    note(`reading the data of ${file.path}`);
    const data = await dataOf(file, model.model, options);
    note(`loading ${model.path}`);
    const subject = await loadedOrFailure(model, file.suite, data, options, resources);
    const tests = isAssayError(subject)
      ? file.suite.tests.map((test) => notRun(test, data, subject))
      : await tested(subject, file.suite, data, { before, others }, options, resources);
    await model.unchanged();
    for (const other of [before, ...others.values()]) await other?.unchanged();
    return {
      schemaVersion: '1',
      tool: { name: 'assay', version: version() },
      artifact: { ref: artifact.ref, pinned: artifact.pinned },
      model: identityOf(model),
      suite: { path: file.path, name: file.suite.name, sha256: file.sha256, seed: file.suite.seed },
      data: [...data].map(([name, { sha256, dataset }]) => ({
        name,
        rows: dataset.feeds.rows,
        sha256: `sha256:${sha256}`,
      })),
      baseline: before === undefined ? null : identityOf(before),
      ...(others.size === 0 ? {} : { models: [...others].map(([path, one]) => ({ ...identityOf(one), path })) }),
      device: isAssayError(subject) ? null : subject.device,
      rowsAtOnce: isAssayError(subject) ? 0 : subject.rowsAtOnce,
      status: statusOfTests(tests),
      tests,
    };
  } finally {
    await resources.disposeAsync();
  }
}

async function tested(
  model: TestedModel,
  suite: Suite,
  data: ReadonlyMap<string, Loaded>,
  { before, others }: { readonly before: ModelFile | undefined; readonly others: ReadonlyMap<string, ModelFile> },
  options: TestOptions,
  resources: AsyncDisposableStack,
): Promise<ModelTest[]> {
  const { signal, onEvent } = options;
  const device = model.device.device;
  const baseline =
    before === undefined ? undefined : await loaded(before, suite, data, { ...options, device }, resources);
  const datasets = new Map([...data].map(([name, { dataset }]) => [name, dataset]));
  const onStep = (what: string) => onEvent?.({ kind: 'note', message: `testing: ${what}` });
  const openModel = async (path: string) => {
    const other = others.get(path);
    if (other === undefined) throw new AssayError('internal', `no model ${path}`);
    return await subjectOf(other, suite, data, { ...options, device });
  };
  return await runSuite(suite, { model, baseline, datasets, openModel, signal, onStep });
}

/** A model that the runtime refuses, or that meets a bound, fails every test. */
async function loadedOrFailure(...args: Parameters<typeof loaded>): Promise<TestedModel | AssayError> {
  try {
    return await loaded(...args);
  } catch (error) {
    if (isAssayError(error) && FAILURES.has(error.code)) return error;
    throw error;
  }
}

/** What a model is to blame for. */
const FAILURES: ReadonlySet<string> = new Set(['unsupported', 'limit', 'sandbox']);

function notRun(
  { id, kind, data: name }: Suite['tests'][number],
  data: ReadonlyMap<string, Loaded>,
  why: AssayError,
): ModelTest {
  const rows = data.get(name)?.dataset.feeds.rows ?? 0;
  const detail = `the model does not run: ${why.message}`;
  return { id, kind: kind.kind, area: kind.area, data: name, rows, status: 'fail', detail, measures: [], figures: [] };
}

function identityOf({ path, sha256, data }: ModelFile): TestReport['model'] {
  return { path, sha256, data: [...data] };
}

async function openedBaseline({ baseline }: TestOptions, opening: ModelOptions): Promise<ModelFile | undefined> {
  const opened = await baseline?.();
  if (opened === undefined) return undefined;
  const { artifact, path } = opened;
  opening.resources.defer(() => artifact.close());
  return await openModelFile(artifact, path, opening);
}

/** Other models that tests name, by their paths from the suite. */
async function openedOthers(
  { folder, suite }: SuiteFile,
  { open }: TestOptions,
  opening: ModelOptions,
): Promise<ReadonlyMap<string, ModelFile>> {
  const files = new Map<string, ModelFile>();
  for (const path of new Set(suite.tests.flatMap(({ models }) => models))) {
    const found = suitePath(folder, path);
    const artifact = await open(found);
    opening.resources.defer(() => artifact.close());
    files.set(path, await openModelFile(artifact, found, opening));
  }
  return files;
}

interface Loaded {
  readonly dataset: TestData;
  readonly sha256: string;
}

/** One digest of two. */
function joined(...digests: readonly string[]): string {
  return createHash('sha256').update(digests.join('\n')).digest('hex');
}

/** The data of a suite, as the model takes it. Only what a test names is read. */
async function dataOf(
  { path, folder, suite }: SuiteFile,
  model: ModelFile['model'],
  { signal }: TestOptions,
): Promise<Map<string, Loaded>> {
  const signature = readSignature(model, suite.roles);
  const named = new Set(suite.tests.flatMap(({ data, others }) => [data, ...others.values()]));
  const loadedData = new Map<string, Loaded>();
  for (const [name, { given, outputs }] of suite.data) {
    if (!named.has(name)) continue;
    const { inputs, labels, columns, made, sha256 } = await loadDataset(given, { folder, signal });
    const feeds: Feeds = feedsOf(signature, inputs, `data ${name} of ${path}`);
    const recorded = outputs === undefined ? undefined : await loadDataset({ inputs: outputs }, { folder, signal });
    const dataset = { name, feeds, labels, columns, made, expected: recorded?.inputs };
    loadedData.set(name, { dataset, sha256: recorded === undefined ? sha256 : joined(sha256, recorded.sha256) });
  }
  for (const [name, spec] of suite.prompts) {
    if (!named.has(name)) continue;
    const { prompts, sha256 } = await loadPrompts(spec, { folder, signal });
    const feeds = firstTokens(model, prompts.ids);
    loadedData.set(name, { dataset: { name, feeds, labels: undefined, expected: undefined, prompts }, sha256 });
  }
  if (loadedData.size === 0)
    throw new AssayError('usage', 'has no tests', { subject: `--suite ${path}`, hint: 'add one: assay test --help' });
  return loadedData;
}

async function loaded(
  file: ModelFile,
  suite: Suite,
  data: ReadonlyMap<string, Loaded>,
  options: TestOptions,
  resources: AsyncDisposableStack,
): Promise<TestedModel> {
  const subject = await subjectOf(file, suite, data, options);
  resources.defer(() => subject.close());
  return subject;
}

async function subjectOf(
  { model, external }: ModelFile,
  { roles }: Suite,
  data: ReadonlyMap<string, Loaded>,
  { device, env, limits, signal }: TestOptions,
): Promise<TestedModel> {
  const [first] = data.values();
  if (first === undefined) throw new AssayError('internal', 'no data');
  const { sandboxCpuSeconds, sandboxWallMs } = limits ?? DEFAULT_LIMITS;
  return await TestedModel.open({
    model,
    external,
    signature: readSignature(model, roles),
    device,
    sample: first.dataset.feeds,
    bounds: { sandboxCpuSeconds, sandboxWallMs },
    env,
    signal,
    ...(limits === undefined ? {} : { limits }),
  });
}
