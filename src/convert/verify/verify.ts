import type { ComparedOutput, ConversionVerification } from '../../core/conversion/index.ts';
import { AssayError } from '../../core/index.ts';
import {
  compareOutputs,
  digestOfFeeds,
  drawFeeds,
  type Feeds,
  feedsOf,
  hasRows,
  matched,
  notFinite,
  type Outputs,
  type PlainArray,
  partOf,
  type RunnableModel,
  runRows,
  worstOf,
} from '../../formats/arrays/index.ts';
import { openRunner, type Runner, type RunnerOptions } from '../../formats/onnx/index.ts';
import { onnxRuntime } from '../../sandbox/index.ts';

/** A file of arrays that the user gave. */
export interface GivenFile {
  /** For messages. */
  readonly path: string;
  /** `sha256:<hex>` of its bytes. */
  readonly sha256: string;
  readonly arrays: ReadonlyMap<string, PlainArray>;
  /** Where it comes from; from the user when absent. */
  readonly from?: 'sandbox';
}

/** What the user gave; without inputs, they are drawn. */
export interface Given {
  readonly inputs?: GivenFile;
  /** What the source itself computes for the inputs. */
  readonly outputs?: GivenFile;
}

export interface VerifyConvertedOptions extends Pick<RunnerOptions, 'bounds' | 'external' | 'limits' | 'signal'> {
  /** Called before each part of the work. */
  readonly onStep?: (what: string) => void;
}

const AGAIN = 'a second run';
const PLAIN = 'a run without the optimizer of the runtime';
const ALONE = 'runs of each row alone';

/**
 * Runs a converted model in the bounded runner, and compares its outputs: with those of the source where they are given, else with
 * those of other runs of it (again, without the optimizer of the runtime, and each row alone).
 * @param graph the bytes of the model, as they will be published
 * @returns what was compared; `pass` is false where anything differs by more than its tolerance
 * @throws AssayError `usage` for arrays that are not those of the model; what the runner throws
 */
export async function verifyConverted(
  model: RunnableModel,
  graph: RunnerOptions['model'],
  given: Given,
  options: VerifyConvertedOptions,
): Promise<ConversionVerification> {
  const { inputs, outputs } = given;
  if (outputs !== undefined && inputs === undefined)
    throw new AssayError('usage', 'outputs were given without inputs', { hint: '--verify inputs.npz,outputs.npz' });
  const feeds = inputs === undefined ? drawFeeds(model) : feedsOf(model, inputs.arrays, inputs.path);
  const expected = outputs === undefined ? undefined : expectedOutputs(model, outputs, feeds);
  const using = runnersOf(graph, options);
  const result =
    expected === undefined
      ? await withItself(using, model, feeds, options)
      : { runs: [], compared: await withSource(using, model, feeds, expected, options) };
  return {
    of: 'file',
    kind: expected === undefined ? 'self-consistency' : 'against source outputs',
    pass: problemOf(result.compared) === null && result.compared.every(({ pass }) => pass),
    runtime: onnxRuntime(),
    inputs: {
      from: inputs === undefined ? 'seed' : (inputs.from ?? 'file'),
      sha256: inputs?.sha256 ?? digestOfFeeds(feeds),
      rounded: feeds.rounded,
    },
    outputs: outputs === undefined ? null : { sha256: outputs.sha256 },
    rows: feeds.rows,
    tensors: null,
    problem: problemOf(result.compared),
    ...result,
  };
}

function problemOf(compared: readonly ComparedOutput[]): string | null {
  return compared.some((output) => output.compared > 0) ? null : 'no value could be compared';
}

/** @throws AssayError `usage` for outputs that the model does not have, or that are for other rows */
function expectedOutputs(model: RunnableModel, { path, arrays }: GivenFile, { rows }: Feeds): Outputs {
  const pairs = matched(model.outputs, arrays, 'output', path);
  for (const [{ name }, { dims }] of hasRows(model) ? pairs : [])
    if (dims[0] !== rows)
      throw new AssayError('usage', `${JSON.stringify(name)} has ${dims[0] ?? 0} rows, and the inputs have ${rows}`, {
        subject: path,
        hint: 'write the outputs for the rows of the inputs, in their order',
      });
  return new Map(pairs.map(([{ name }, array]) => [name, array]));
}

/** Opens the model, and closes it after what is done with it: two of them are never open at a time. */
type Using = <T>(optimize: boolean, body: (runner: Runner) => Promise<T>) => Promise<T>;

function runnersOf(graph: RunnerOptions['model'], { onStep, ...options }: VerifyConvertedOptions): Using {
  return async (optimize, body) => {
    onStep?.('loading the model');
    const runner = await openRunner({ ...options, model: graph, optimize });
    try {
      return await body(runner);
    } finally {
      await runner.close();
    }
  };
}

async function withSource(
  using: Using,
  model: RunnableModel,
  feeds: Feeds,
  expected: Outputs,
  { signal, onStep }: VerifyConvertedOptions,
): Promise<ComparedOutput[]> {
  return await using(true, async (runner) => {
    onStep?.(`running ${feeds.rows} rows`);
    return compareOutputs(model, await runRows(runner, model, feeds, partOf(model, feeds), signal), expected);
  });
}

async function withItself(
  using: Using,
  model: RunnableModel,
  feeds: Feeds,
  { signal, onStep }: VerifyConvertedOptions,
): Promise<Pick<ConversionVerification, 'runs' | 'compared'>> {
  const part = partOf(model, feeds);
  const run = async (what: string, rows: number, runner: Runner) => {
    onStep?.(what);
    return { what, outputs: await runRows(runner, model, feeds, rows, signal) };
  };
  const { base, others } = await using(true, async (runner) => {
    const first = await run(`running ${feeds.rows} rows`, part, runner);
    const again = await run(AGAIN, part, runner);
    const alone = hasRows(model) && feeds.rows > 1 ? [await run(ALONE, 1, runner)] : [];
    return { base: first.outputs, others: [again, ...alone] };
  });
  const plain = await using(false, (runner) => run(PLAIN, part, runner));
  const all = [...others, plain];
  const compared = worstOf(all.map(({ outputs }) => compareOutputs(model, outputs, base)));
  return { runs: all.map(({ what }) => what), compared: areFinite(feeds) ? withFinite(compared, base) : compared };
}

function areFinite({ tensors }: Feeds): boolean {
  return [...tensors.values()].every(
    ({ type, data }) => (type !== 'float32' && type !== 'float64') || data.every((value) => Number.isFinite(value)),
  );
}

/** Finite numbers become finite numbers. */
function withFinite(compared: readonly ComparedOutput[], base: Outputs): ComparedOutput[] {
  const names = notFinite(base);
  return compared.map((one) =>
    names.has(one.output)
      ? { ...one, problem: one.problem ?? 'it has values that are not finite numbers', pass: false }
      : one,
  );
}
