import type { ByteSource } from '../../../core/bytes/index.ts';
import type { Device } from '../../../core/device/index.ts';
import { AssayError, DEFAULT_LIMITS } from '../../../core/index.ts';
import {
  isTensorType,
  type NodeTime,
  type OnnxSession,
  openOnnxSession,
  type RunTensor,
  type SessionFile,
  type SessionLimits,
} from '../../../sandbox/index.ts';
import { mapTensors } from '../map-tensors.ts';
import type { OnnxModel, OnnxTensor, OnnxValue } from '../model.ts';
import { type ReadOnnxOptions, readOnnx } from '../read/index.ts';
import { type ExternalSources, externalRange } from '../tensor-data.ts';
import { writeOnnx } from '../write/index.ts';
import { checkOperators } from './operators.ts';

export interface RunnerOptions extends ReadOnnxOptions {
  /** A file, or a model that was read or built. It stays open, with all that it refers to, until the runner is open. */
  readonly model: ByteSource | OnnxModel;
  /** The files of tensors that the model names. No other file is opened. */
  readonly external?: ExternalSources;
  /** Bounds that are not the usual ones. */
  readonly bounds?: Partial<SessionLimits>;
  /** Threads of one operator: 1 when absent, with which results are the same on every machine of a kind. */
  readonly threads?: number;
  /** Whether the runtime may rewrite the graph; true when absent. */
  readonly optimize?: boolean;
  /** Where it runs; the processor when absent. */
  readonly device?: Device;
  /** Whether `profile` will be called. */
  readonly profiled?: boolean;
  /** The environment of the caller, which says where the drivers of a device are. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A model that is ready to run, in a child process of its own. */
export interface Runner {
  /** What a run takes, and what it gives, by name. Initializers that may be replaced are not listed. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /**
   * Runs the model once; calls wait for each other.
   * @throws AssayError `usage` for a feed that is missing, not an input, or of another type; `unsupported` what the runtime says,
   *   after which the runner still runs; `limit` naming the bound, `sandbox`, `aborted`, after which it does not
   */
  run(feeds: ReadonlyMap<string, RunTensor>): Promise<ReadonlyMap<string, RunTensor>>;
  /** What the last run was made of: see `OnnxSession.profile`. */
  profile(): Promise<readonly NodeTime[]>;
  /** The drivers of devices that the child has loaded, by the names of their files. */
  drivers(): readonly string[];
  /** The most memory that the child held at a time, the runtime included; `undefined` where the system does not tell it. */
  peakBytes(): number | undefined;
  /** Kills the child and waits until it is gone. */
  close(): Promise<void>;
}

const GiB = 1024 ** 3;
/** The runtime holds a model as bytes, as a graph, and as what it packs for its operators. */
const COPIES = 4;
const EXTERNAL_NAME = 'tensors.data';

/**
 * Opens a model to be run under bounds. What the runtime gets is not the file but what our reader understood of it, written
 * again: all tensors at hand, no reference to a file, no field that is not known, no operator of an unknown set.
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit` of the model; `not-found` without onnxruntime-node;
 *   `sandbox`; `aborted`
 */
export async function openRunner(options: RunnerOptions): Promise<Runner> {
  const model = await understood(options);
  checkOperators(model);
  const whole = mapTensors({ ...model, training: [] }, (tensor) => atHand(tensor, options.external));
  const written = writeOnnx(whole, { externalName: EXTERNAL_NAME });
  const files: SessionFile[] = [{ name: '', source: written.model }];
  if (written.external !== undefined) files.push({ name: EXTERNAL_NAME, source: written.external });
  const session = await openOnnxSession({
    files,
    limits: { ...usualLimits(files), ...options.bounds },
    threads: options.threads ?? 1,
    optimize: options.optimize ?? true,
    device: options.device ?? 'cpu',
    profiled: options.profiled ?? false,
    env: options.env,
    signal: options.signal,
  });
  return new SessionRunner(model, session);
}

function usualLimits(files: readonly SessionFile[]): SessionLimits {
  const bytes = files.reduce((sum, { source }) => sum + source.size, 0);
  const { sandboxCpuSeconds, sandboxWallMs } = DEFAULT_LIMITS;
  return {
    sandboxMemoryBytes: GiB + COPIES * bytes,
    sandboxCpuSeconds,
    sandboxWallMs,
    sessionCpuSeconds: 24 * 3600,
    maxOutputBytes: GiB / 4,
  };
}

async function understood(options: RunnerOptions): Promise<OnnxModel> {
  if ('graph' in options.model) return options.model;
  const { model, unread, unreadCount } = await readOnnx(options.model, options);
  const [first] = unread;
  if (first !== undefined) {
    const message = `${unreadCount} fields are not known, as field ${first.number} of ${first.message}`;
    throw new AssayError('unsupported', message, { subject: options.model.name, offset: first.offset });
  }
  return model;
}

function atHand(tensor: OnnxTensor, external: ExternalSources | undefined): OnnxTensor {
  if (tensor.data.kind !== 'external') return tensor;
  return { ...tensor, data: { kind: 'raw', range: externalRange(tensor, tensor.data.at, external) } };
}

class SessionRunner implements Runner {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly #session: OnnxSession;
  readonly #taken: ReadonlyMap<string, OnnxValue>;

  constructor({ graph }: OnnxModel, session: OnnxSession) {
    // Before IR version 4, initializers were listed among the inputs.
    const given = new Set(graph.initializers.map(({ name }) => name));
    this.inputs = graph.inputs.filter(({ name }) => !given.has(name));
    this.outputs = graph.outputs;
    this.#taken = new Map(graph.inputs.map((input) => [input.name, input]));
    this.#session = session;
  }

  async run(feeds: ReadonlyMap<string, RunTensor>): Promise<ReadonlyMap<string, RunTensor>> {
    for (const { name } of this.inputs) {
      if (!feeds.has(name)) throw new AssayError('usage', `no value for the input ${shown(name)}`);
    }
    for (const [name, tensor] of feeds) this.#check(name, tensor);
    const results = await this.#session.run(feeds);
    for (const { name } of this.outputs) {
      if (!results.has(name)) throw new AssayError('sandbox', `the model did not give its output ${shown(name)}`);
    }
    return results;
  }

  profile(): Promise<readonly NodeTime[]> {
    return this.#session.profile();
  }

  drivers(): readonly string[] {
    return this.#session.drivers();
  }

  peakBytes(): number | undefined {
    return this.#session.peakBytes();
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #check(name: string, tensor: RunTensor): void {
    const input = this.#taken.get(name);
    if (input === undefined) {
      const hint = `its inputs are ${this.inputs.map((one) => shown(one.name)).join(', ') || 'none'}`;
      throw new AssayError('usage', `the model has no input ${shown(name)}`, { hint });
    }
    if (tensor.type === 'string' && tensor.data.some((text) => text.includes('\0'))) {
      // The runtime's binding takes strings as C does.
      throw new AssayError('usage', `the input ${shown(name)} holds a NUL character, at which the runtime ends a text`);
    }
    const { type } = input;
    if (type?.kind === 'tensor' && type.element !== undefined && type.element !== tensor.type) {
      const hint = isTensorType(type.element) ? `give it as ${type.element}` : 'no value of this type can be given';
      throw new AssayError('usage', `the input ${shown(name)} is of ${type.element}, not of ${tensor.type}`, { hint });
    }
  }
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
