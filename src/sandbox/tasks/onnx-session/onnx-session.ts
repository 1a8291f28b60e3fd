import { createRequire } from 'node:module';
import type { InferenceSession, OnnxValue, Tensor } from 'onnxruntime-node';
import { AssayError } from '../../../core/index.ts';
import { fields } from '../../frames.ts';
import {
  isTensorType,
  type RunTensor,
  type TensorHead,
  tensorHead,
  tensorOfPayload,
  tensorPayload,
} from '../../tensors.ts';
import type { TaskIo } from '../task-io.ts';

type Runtime = typeof import('onnxruntime-node');

/** One file of the input: the model, or tensors that it names. */
interface Part {
  /** Empty for the model. */
  readonly name: string;
  readonly size: number;
}

const READ = 1024 * 1024;
/** Messages of the runtime and of V8 for memory that is refused. */
const NO_MEMORY = /bad_alloc|alloc(?:ate|ation)|out of memory|array length/i;

/**
 * Loads a model, and runs it as often as it is asked to. The input is the model and its files of tensors, one behind the other;
 * `args`: `{ parts, threads, optimize, device, profiled }`. Messages: `{ loaded: true }`, then for each step `{ outputs }`, followed by
 * their bytes, or `{ error }`; `{ profiled: true }` for the step that ends the profile, which is a file in the working directory then.
 */
export async function run(args: unknown, io: TaskIo): Promise<void> {
  const runtime = loadRuntime();
  const session = await load(runtime, args, io);
  io.message({ loaded: true });
  for (let step = io.next(); step !== undefined; step = io.next()) {
    if (fields(step).profile === true) {
      session.endProfiling();
      io.message({ profiled: true });
      continue;
    }
    const feeds = feedsOf(runtime, step, io);
    const results = await session
      .run(feeds)
      .then((outputs) => ({ outputs: Object.entries(outputs).map(([name, value]) => resultOf(name, value)) }))
      .catch((error: unknown) => ({ error: described(error) }));
    if ('error' in results) {
      io.message({ error: results.error });
      continue;
    }
    io.message({ outputs: results.outputs.map(({ head }) => head) });
    for (const { payload } of results.outputs) io.write(payload);
  }
}

function loadRuntime(): Runtime {
  // The runtime uses this array where there is one, and its binding takes one for empty (1.30.0, Node 24).
  Reflect.deleteProperty(globalThis, 'Float16Array');
  try {
    return createRequire(import.meta.url)('onnxruntime-node') as Runtime;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AssayError('unsupported', `onnxruntime-node cannot be loaded on this machine: ${why}`, { cause: error });
  }
}

async function load(runtime: Runtime, args: unknown, io: TaskIo): Promise<InferenceSession> {
  const { parts, threads, optimize, device, profiled } = fields(args);
  if (!Array.isArray(parts) || typeof threads !== 'number' || typeof device !== 'string')
    throw new AssayError('internal', 'a session without a model');
  let at = 0;
  const files: { readonly name: string; readonly data: Uint8Array }[] = [];
  for (const part of parts.map(partOf)) {
    files.push({ name: part.name, data: readPart(io, at, part.size) });
    at += part.size;
  }
  const [model, ...external] = files;
  if (model === undefined) throw new AssayError('internal', 'a session without a model');
  const options: InferenceSession.SessionOptions = {
    executionProviders: [device],
    graphOptimizationLevel: optimize === true ? 'all' : 'disabled',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Memory is returned after each run, and its bound is that of what is used.
    enableCpuMemArena: false,
    logSeverityLevel: 4,
    ...(profiled === true ? { enableProfiling: true, profileFilePrefix: 'profile' } : {}),
    externalData: external.map(({ name, data }) => ({ path: name, data })),
  };
  try {
    return await runtime.InferenceSession.create(model.data, options);
  } catch (error) {
    const { code, message } = described(error);
    throw new AssayError(code, message, { cause: error });
  }
}

function partOf(value: unknown): Part {
  const { name, size } = fields(value);
  if (typeof name !== 'string' || typeof size !== 'number') throw new AssayError('internal', 'a file without a size');
  return { name, size };
}

function readPart(io: TaskIo, offset: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const chunk = io.read(offset + at, Math.min(READ, size - at));
    if (chunk.length === 0) throw new AssayError('truncated', 'the model ends early');
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function feedsOf(runtime: Runtime, step: unknown, io: TaskIo): Record<string, Tensor> {
  const { feeds } = fields(step);
  if (!Array.isArray(feeds)) throw new AssayError('internal', 'a step without inputs');
  return Object.fromEntries(
    feeds.map(tensorHead).map((head) => {
      const { type, data, dims } = tensorOfPayload(head, io.payload(head.bytes));
      return [head.name, new runtime.Tensor(type, data, [...dims])];
    }),
  );
}

function resultOf(name: string, value: OnnxValue): { readonly head: TensorHead; readonly payload: Uint8Array } {
  if (!('data' in value) || !isTensorType(value.type)) {
    throw new AssayError(
      'unsupported',
      `output ${JSON.stringify(name)} is not a tensor of a type that can be returned`,
    );
  }
  const payload = payloadOf(value);
  return { head: { name, type: value.type, dims: value.dims, bytes: payload.length }, payload };
}

function payloadOf({ type, data, dims }: Tensor): Uint8Array {
  if (type === 'string') return tensorPayload({ type, dims, data: data as string[] } satisfies RunTensor);
  const { buffer, byteOffset, byteLength } = data as Exclude<Tensor['data'], string[]>;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function described(error: unknown): { code: 'limit' | 'unsupported'; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  return NO_MEMORY.test(message)
    ? { code: 'limit', message: `needs more memory than the sandbox allows (sandboxMemoryBytes): ${message}` }
    : { code: 'unsupported', message: `the runtime refuses it: ${message}` };
}
