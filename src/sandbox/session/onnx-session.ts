import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ByteSource, PartsSource } from '../../core/bytes/index.ts';
import type { Device } from '../../core/device/index.ts';
import { AssayError } from '../../core/index.ts';
import { childEntry, findPackage } from '../command.ts';
import type { Frame } from '../frame-reader.ts';
import { FRAME, fields } from '../frames.ts';
import { boundsOf } from '../sandbox.ts';
import { requested, Supervised, taskFailure } from '../supervised.ts';
import { taskNamed } from '../tasks/index.ts';
import { isWhole, type RunTensor, type TensorHead, tensorHead, tensorOfPayload, tensorPayload } from '../tensors.ts';
import type { WatchdogLimits } from '../watchdog.ts';
import { driversOf, peakBytesOf } from './process-facts.ts';
import { MAX_PROFILE, type NodeTime, readProfile } from './profile.ts';

/** A file of a model, by the name that the runtime is given; that of the model itself is empty. */
export interface SessionFile {
  readonly name: string;
  readonly source: ByteSource;
}

/** The bounds of a session. Those on time are of loading the model, and of each run by itself. */
export interface SessionLimits extends WatchdogLimits {
  /** Bytes of the outputs of one run. */
  readonly maxOutputBytes: number;
  /** Seconds of CPU time of the session as a whole. */
  readonly sessionCpuSeconds: number;
}

export interface OnnxSessionOptions {
  /** The model, and the files of tensors that it names. They stay open until the session is open. */
  readonly files: readonly SessionFile[];
  readonly limits: SessionLimits;
  /** Threads of one operator; the results of more than one may depend on the machine. */
  readonly threads: number;
  /** Whether the runtime may rewrite the graph. */
  readonly optimize: boolean;
  /** Where it runs; what this device has no operator for runs on the processor. */
  readonly device: Device;
  /** Whether `profile` will be called. */
  readonly profiled: boolean;
  /** The environment of the caller: what finds the drivers of a device is taken from it, and nothing else. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A model that is loaded in a child process. */
export interface OnnxSession {
  /**
   * Runs the model once. Calls wait for each other. A model that refuses its inputs can be run again; a child that met a bound
   * is gone, and every later call fails in the same way.
   * @throws AssayError `limit` naming the bound; `unsupported` what the runtime says; `sandbox`; `aborted`
   */
  run(feeds: ReadonlyMap<string, RunTensor>): Promise<ReadonlyMap<string, RunTensor>>;
  /**
   * What the last run was made of. Once, after at least two runs; later runs are not profiled.
   * @throws AssayError `unsupported`, `limit`; as `run`
   */
  profile(): Promise<readonly NodeTime[]>;
  /** The drivers that the child has loaded, by the names of their files. */
  drivers(): readonly string[];
  /** The most memory that the child held at a time, the runtime included; `undefined` where the system does not tell it. */
  peakBytes(): number | undefined;
  /** Kills the child, also while it runs, and waits until it is gone. */
  close(): Promise<void>;
}

const PACKAGE = 'onnxruntime-node';
const HINT = 'ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@1.30.0 where assay is installed';

/**
 * The runtime that sessions run in.
 * @throws AssayError `not-found` when it is not installed; `unsupported` when it has nothing for this platform
 */
export function onnxRuntime(): { readonly name: string; readonly version: string } {
  const manifest: unknown = JSON.parse(readFileSync(join(checkInstalled(), 'package.json'), 'utf8'));
  const { version } = fields(manifest);
  if (typeof version === 'string') return { name: PACKAGE, version };
  throw new AssayError('unsupported', `the package ${PACKAGE} does not say its version`, { hint: HINT });
}

/**
 * Loads a model in a child process bounded in memory and time, in an empty folder, without environment, files, or children of
 * its own. The caller has to have checked that the model names no file but those given.
 * @throws AssayError `not-found` when onnxruntime-node is not installed; `unsupported` when it has nothing for this platform, or
 *   does not take the model; `limit` naming the bound; `sandbox`; `aborted`; what reading the files throws
 */
export async function openOnnxSession(options: OnnxSessionOptions): Promise<OnnxSession> {
  checkInstalled();
  const { packages, addons = false } = taskNamed('onnx-session');
  const folder = await mkdtemp(join(tmpdir(), 'assay-run-'));
  let child: Supervised | undefined;
  try {
    const { limits, signal, device, profiled, env = {} } = options;
    const bounds = { limits, totalCpuSeconds: limits.sessionCpuSeconds, fileBytes: profiled ? MAX_PROFILE : 0 };
    const driver = { env: driverVariables(device, env), reserves: device === 'cuda' };
    child = new Supervised({ entry: childEntry(), packages, addons }, { ...bounds, ...driver, cwd: folder, signal });
    const session = new Session(child, folder, options);
    await session.load();
    return session;
  } catch (error) {
    await child?.end();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Variables that say where the drivers of a device are; the Vulkan loader's, and those of CUDA. */
const DRIVER_VARIABLES: Readonly<Record<Device, readonly string[]>> = {
  cpu: [],
  webgpu: ['VK_DRIVER_FILES', 'VK_ADD_DRIVER_FILES', 'VK_ICD_FILENAMES', 'LD_LIBRARY_PATH'],
  cuda: ['CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES', 'CUDA_HOME', 'CUDA_PATH', 'LD_LIBRARY_PATH'],
};

/** All of them, for who starts a process or thread that loads models. */
export const DRIVER_ENVIRONMENT: readonly string[] = [...new Set(Object.values(DRIVER_VARIABLES).flat())];

function driverVariables(device: Device, env: NodeJS.ProcessEnv): Record<string, string> {
  const known = DRIVER_VARIABLES[device].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(known);
}

/** @returns the folder of the package */
function checkInstalled(): string {
  const folder = findPackage(PACKAGE);
  if (folder === undefined) {
    throw new AssayError('not-found', `the package ${PACKAGE}, which runs ONNX models, is not installed`, {
      hint: HINT,
    });
  }
  const binary = join(folder, 'bin', 'napi-v6', process.platform, process.arch, 'onnxruntime_binding.node');
  if (!existsSync(binary)) {
    const platform = `${process.platform} on ${process.arch}`;
    throw new AssayError('unsupported', `${PACKAGE} has no binary for ${platform}`, {
      subject: folder,
      hint: 'run models on Linux, macOS or Windows, on x64 or arm64',
    });
  }
  return folder;
}

class Session implements OnnxSession {
  readonly #child: Supervised;
  readonly #folder: string;
  readonly #options: OnnxSessionOptions;
  #last: Promise<unknown> = Promise.resolve();
  /** Why no run is possible any more. */
  #ended: unknown;
  #closing: Promise<void> | undefined;

  constructor(child: Supervised, folder: string, options: OnnxSessionOptions) {
    this.#child = child;
    this.#folder = folder;
    this.#options = options;
  }

  async load(): Promise<void> {
    const { files, threads, optimize, device, profiled } = this.#options;
    const ranges = files.map(({ source }) => ({ source, offset: 0, length: source.size }));
    const input = new PartsSource(ranges, 'model');
    const parts = files.map(({ name, source }) => ({ name, size: source.size }));
    const request = {
      task: 'onnx-session',
      args: { parts, threads, optimize, device, profiled },
      inputSize: input.size,
    };
    this.#child.answer(Buffer.from(JSON.stringify(request), 'utf8'));
    for (;;) {
      const frame = await this.#child.next();
      if (frame.type === FRAME.read) this.#child.answer(await requested(frame.payload, input));
      else if (frame.type === FRAME.hello) {
        boundsOf(frame.json());
        // It runs on in the folder, in which nothing can be found or made any more.
        if (!profiled) await rm(this.#folder, { recursive: true, force: true });
      } else if (frame.type === FRAME.fail) throw taskFailure(frame.json());
      else if (frame.type === FRAME.message && fields(frame.json()).loaded === true) break;
      else throw unexpected();
    }
    await this.#ready();
  }

  run(feeds: ReadonlyMap<string, RunTensor>): Promise<ReadonlyMap<string, RunTensor>> {
    const result = this.#last.then(() => this.#run(feeds));
    this.#last = result.catch(() => {});
    return result;
  }

  async profile(): Promise<readonly NodeTime[]> {
    const result = this.#last.then(() => this.#profile());
    this.#last = result.catch(() => {});
    return result;
  }

  drivers(): readonly string[] {
    return driversOf(this.#child.pid);
  }

  peakBytes(): number | undefined {
    return peakBytesOf(this.#child.pid);
  }

  close(): Promise<void> {
    this.#ended ??= new AssayError('aborted', 'the session is closed');
    this.#closing ??= this.#child.end().then(() => rm(this.#folder, { recursive: true, force: true }));
    return this.#closing;
  }

  async #run(feeds: ReadonlyMap<string, RunTensor>): Promise<ReadonlyMap<string, RunTensor>> {
    if (this.#ended !== undefined) throw this.#ended;
    const heads: TensorHead[] = [];
    const payloads: Uint8Array[] = [];
    for (const [name, tensor] of feeds) {
      const payload = tensorPayload(tensor);
      const head = { name, type: tensor.type, dims: tensor.dims, bytes: payload.length };
      if (!isWhole(head)) {
        const what = `${payload.length} bytes are not ${tensor.type} of shape [${tensor.dims.join(', ')}]`;
        throw new AssayError('usage', what, { subject: name, hint: 'give as many elements as the shape says' });
      }
      heads.push(head);
      payloads.push(payload);
    }
    try {
      this.#child.restart();
      this.#child.answer(Buffer.from(JSON.stringify({ feeds: heads }), 'utf8'));
      for (const payload of payloads) this.#child.send(payload);
      const answer = fields((await this.#expect(FRAME.message)).json());
      if (answer.error === undefined) {
        const outputs = await this.#outputs(answer.outputs);
        await this.#ready();
        return outputs;
      }
      await this.#ready();
      throw new RunRefused(taskFailure(answer.error));
    } catch (error) {
      if (error instanceof RunRefused) throw error.reason;
      // What a child sends after an error is not to be trusted: it goes.
      this.#ended ??= error;
      await this.close();
      throw this.#ended;
    }
  }

  async #profile(): Promise<readonly NodeTime[]> {
    if (this.#ended !== undefined) throw this.#ended;
    try {
      this.#child.restart();
      this.#child.answer(Buffer.from(JSON.stringify({ profile: true }), 'utf8'));
      const answer = fields((await this.#expect(FRAME.message)).json());
      if (answer.profiled !== true) throw unexpected();
      await this.#ready();
      return await readProfile(this.#folder);
    } catch (error) {
      this.#ended ??= error;
      await this.close();
      throw error;
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  async #outputs(listed: unknown): Promise<ReadonlyMap<string, RunTensor>> {
    if (!Array.isArray(listed)) throw unexpected();
    const heads = listed.map(tensorHead);
    const total = heads.reduce((sum, { bytes }) => sum + bytes, 0);
    const { maxOutputBytes } = this.#options.limits;
    if (total > maxOutputBytes) {
      throw new AssayError('limit', `the outputs have ${total} bytes, more than ${maxOutputBytes} (maxOutputBytes)`);
    }
    const outputs = new Map<string, RunTensor>();
    for (const head of heads) {
      if (outputs.has(head.name)) throw unexpected();
      outputs.set(head.name, tensorOfPayload(head, await this.#bytes(head.bytes)));
    }
    return outputs;
  }

  async #bytes(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const { payload } = await this.#expect(FRAME.data);
      if (payload.length === 0 || at + payload.length > length) throw unexpected();
      bytes.set(payload, at);
      at += payload.length;
    }
    return bytes;
  }

  async #ready(): Promise<void> {
    await this.#expect(FRAME.next);
  }

  async #expect(type: Frame['type']): Promise<Frame> {
    const frame = await this.#child.next();
    if (frame.type === type) return frame;
    throw frame.type === FRAME.fail ? taskFailure(frame.json()) : unexpected();
  }
}

/** The model ran, and refused; the child is well. */
class RunRefused extends Error {
  readonly reason: AssayError;

  constructor(reason: AssayError) {
    super(reason.message);
    this.reason = reason;
  }
}

function unexpected(): AssayError {
  return new AssayError('sandbox', 'the sandbox sent something that was not asked for');
}
