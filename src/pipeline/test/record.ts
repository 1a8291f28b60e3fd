import {
  decoderOf,
  firstTokens,
  loadDataset,
  loadPrompts,
  readSignature,
  recordTexts,
  TestedModel,
} from '../../behavior/index.ts';
import { type Artifact, AssayError, AsyncDisposableStack, DEFAULT_LIMITS, quotedName } from '../../core/index.ts';
import { type Feeds, feedsOf, type PlainArray, writeArrays } from '../../formats/arrays/index.ts';
import { openModelFile } from './model-file.ts';
import { readSuite } from './suite-file.ts';
import type { TestOptions } from './test-model.ts';

export interface RecordOptions extends Omit<TestOptions, 'baseline' | 'open' | 'suiteName'> {
  /** The name of the data in the suite; the first of it when absent. */
  readonly data?: string | undefined;
}

/** What a model was given, and what it gave. */
export interface Recording {
  /** The data of the suite whose inputs they are. */
  readonly data: string;
  readonly rows: number;
  /** A file of arrays (`.npz`): `input:<name>` and `output:<name>`. */
  readonly bytes: Uint8Array;
}

/**
 * Runs a model on inputs of a suite, and records what it gives: the known inputs and outputs of later tests.
 * @param target the path of the artifact
 * @throws AssayError as `testModel`
 */
export async function recordOutputs(artifact: Artifact, target: string, options: RecordOptions): Promise<Recording> {
  const { limits = DEFAULT_LIMITS, signal, device, env } = options;
  const resources = new AsyncDisposableStack();
  try {
    const { suite, folder, path } = await readSuite(options.suite, target);
    const [first] = [...suite.data.keys(), ...suite.prompts.keys()];
    const name = options.data ?? first;
    const [given, spec] = [suite.data.get(name ?? '')?.given, suite.prompts.get(name ?? '')];
    if (name === undefined || (given === undefined && spec === undefined))
      throw new AssayError('usage', `has no data ${quotedName(name ?? '')}`, { subject: `--suite ${path}` });
    const file = await openModelFile(artifact, target, { limits, signal, resources });
    const { model, external } = file;
    const signature = readSignature(model, suite.roles);
    const opened = async (sample: Feeds): Promise<TestedModel> => {
      const { sandboxCpuSeconds, sandboxWallMs } = limits;
      const bounds = { sandboxCpuSeconds, sandboxWallMs };
      const subject = await TestedModel.open({
        model,
        external,
        signature,
        device,
        sample,
        bounds,
        env,
        signal,
        limits,
      });
      resources.defer(() => subject.close());
      options.onEvent?.({ kind: 'note', message: `running ${sample.rows} rows` });
      return subject;
    };
    if (given === undefined) {
      // A recording of before is not needed for the next.
      const { recorded: _, ...fresh } = spec ?? missing();
      const { prompts } = await loadPrompts(fresh, { folder, signal });
      const subject = await opened(firstTokens(model, prompts.ids));
      const texts = await recordTexts(decoderOf(subject.runner), prompts, signal);
      await file.unchanged();
      return { data: name, rows: prompts.texts.length, bytes: writeArrays(texts) };
    }
    const { inputs } = await loadDataset(given, { folder, signal });
    const feeds = feedsOf(signature, inputs, `data ${name} of ${path}`);
    const outputs = await (await opened(feeds)).run(feeds);
    await file.unchanged();
    return { data: name, rows: feeds.rows, bytes: writeArrays(namedArrays(inputs, outputs)) };
  } finally {
    await resources.disposeAsync();
  }
}

function missing(): never {
  throw new AssayError('internal', 'the data is missing');
}

function namedArrays(
  inputs: ReadonlyMap<string, PlainArray>,
  outputs: ReadonlyMap<string, PlainArray>,
): ReadonlyMap<string, PlainArray> {
  return new Map([
    ...[...inputs].map(([name, array]) => [`input:${name}`, array] as const),
    ...[...outputs].map(([name, array]) => [`output:${name}`, array] as const),
  ]);
}
