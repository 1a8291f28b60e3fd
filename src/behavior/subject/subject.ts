import type { DeviceReport } from '../../core/behavior/index.ts';
import type { DeviceChoice } from '../../core/device/index.ts';
import { AssayError, isAssayError } from '../../core/index.ts';
import {
  compareOutputs,
  type Feeds,
  hasRows,
  type Outputs,
  partOf,
  runRows,
  someRows,
} from '../../formats/arrays/index.ts';
import type { OnnxModel, Runner, RunnerOptions } from '../../formats/onnx/index.ts';
import { type OnDevice, openOnDevice } from '../device/index.ts';
import type { Signature } from './signature.ts';

export interface SubjectOptions extends Pick<RunnerOptions, 'bounds' | 'env' | 'external' | 'limits' | 'signal'> {
  readonly model: OnnxModel;
  readonly signature: Signature;
  readonly device: DeviceChoice;
  /** Inputs of the tests: a few of their rows show where the model runs, and whether rows can be run in parts. */
  readonly sample: Feeds;
}

/** Rows of the first runs. */
const SAMPLE_ROWS = 2;
/** How far a row may be from the same row beside another one: more, and the rows depend on each other. */
const SAME_ROW = 1e-3;

/** A model under test: it is loaded, and runs any number of rows. */
export class TestedModel {
  readonly signature: Signature;
  readonly #options: SubjectOptions;
  #open: OnDevice;
  #rowsAtOnce: number;

  private constructor(options: SubjectOptions, open: OnDevice, signature: Signature) {
    this.#options = options;
    this.#open = open;
    this.signature = signature;
    this.#rowsAtOnce = signature.fixedRows ?? partOf(signature, options.sample);
  }

  /** @throws AssayError as `openOnDevice`; `usage` for a number of rows that the graph does not take */
  static async open(options: SubjectOptions): Promise<TestedModel> {
    const open = await openOnDevice({ ...options, probe: firstRows(options).tensors });
    try {
      return new TestedModel(options, open, await withTrueRows(options, open));
    } catch (error) {
      await open.runner.close();
      throw error;
    }
  }

  get device(): DeviceReport {
    return this.#open.report;
  }

  /** The model as it is loaded, for what runs it on other shapes than those of the data. */
  get runner(): Pick<Runner, 'inputs' | 'outputs' | 'run'> {
    const { inputs, outputs } = this.#open.runner;
    return { inputs, outputs, run: (feeds) => this.#open.runner.run(feeds) };
  }

  /** How the model runs, for what runs a model of its own that is derived from it. */
  get running(): Pick<RunnerOptions, 'bounds' | 'device' | 'env' | 'external' | 'signal'> & {
    readonly model: OnnxModel;
  } {
    const { model, external, env, bounds, signal } = this.#options;
    const { device } = this.#open.report;
    return {
      model,
      device,
      env,
      signal,
      ...(external === undefined ? {} : { external }),
      ...(bounds === undefined ? {} : { bounds }),
    };
  }

  /** The rows of one run: what fits the memory that the model may use. */
  get rowsAtOnce(): number {
    return this.#rowsAtOnce;
  }

  /** The most memory that the model took, the runtime included, in bytes; `undefined` where the system does not tell it. */
  get peakBytes(): number | undefined {
    return this.#open.runner.peakBytes();
  }

  /**
   * Runs all rows, so many at a time. Where a run needs more memory than the model may use, the model is loaded again, and half as many
   * rows are run at a time.
   * @throws AssayError what the runner throws
   */
  async run(feeds: Feeds): Promise<Outputs> {
    checkRows(this.signature, feeds);
    for (;;) {
      try {
        return await runRows(this.#open.runner, this.signature, feeds, this.#rowsAtOnce, this.#options.signal);
      } catch (error) {
        const tooLarge = isAssayError(error) && error.code === 'limit' && error.message.includes('sandboxMemoryBytes');
        if (!tooLarge || this.#rowsAtOnce === 1 || !hasRows(this.signature) || this.signature.fixedRows !== undefined)
          throw error;
        this.#rowsAtOnce = Math.ceil(this.#rowsAtOnce / 2);
        await this.#again();
      }
    }
  }

  async close(): Promise<void> {
    await this.#open.runner.close();
  }

  async #again(): Promise<void> {
    await this.#open.runner.close();
    this.#open = await openOnDevice({ ...this.#options, probe: firstRows(this.#options).tensors });
  }
}

function firstRows({ signature, sample }: Pick<SubjectOptions, 'signature' | 'sample'>): Feeds {
  checkRows(signature, sample);
  if (!hasRows(signature)) return sample;
  return someRows(sample, 0, signature.fixedRows ?? Math.min(SAMPLE_ROWS, sample.rows));
}

function checkRows({ fixedRows }: Signature, { rows }: Feeds): void {
  if (fixedRows === undefined || rows % fixedRows === 0) return;
  throw new AssayError('usage', `the model takes ${fixedRows} rows at a time, and ${rows} are not a multiple of that`, {
    hint: 'leave rows out, or export the model with an open batch size',
  });
}

/** A first dimension may be something else than rows, such as the steps of a sequence: then a row alone gives something else. */
async function withTrueRows(options: SubjectOptions, { runner }: OnDevice): Promise<Signature> {
  const { signature, signal } = options;
  const pair = firstRows(options);
  if (!hasRows(signature) || signature.fixedRows !== undefined || pair.rows < SAMPLE_ROWS) return signature;
  const together = await runRows(runner, signature, pair, SAMPLE_ROWS, signal);
  const alone = await runRows(runner, signature, pair, 1, signal).catch((error: unknown) => {
    // Steps of a sequence may not run one by one.
    if (isAssayError(error) && error.code === 'unsupported') return undefined;
    throw error;
  });
  const outputs = signature.outputs.map((output) => ({ ...output, role: 'values' as const }));
  const tolerances = outputs.map(({ name }) => ({ output: name, absolute: SAME_ROW, relative: SAME_ROW }));
  if (alone !== undefined && compareOutputs({ outputs, tolerances }, alone, together).every(({ pass }) => pass))
    return signature;
  const named = <T extends { readonly shape: Signature['inputs'][number]['shape'] }>(port: T): T => ({
    ...port,
    shape: port.shape.map((size, axis) => (axis === 0 ? '' : size)),
  });
  return { ...signature, inputs: signature.inputs.map(named), outputs: signature.outputs.map(named) };
}
