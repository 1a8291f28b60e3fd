import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  convertedName,
  convertSandboxed,
  type Given,
  refuseEqualNames,
  runnableGraph,
  type Sandboxed,
  type SkippedFile,
} from '../../convert/index.ts';
import { FileSource } from '../../core/bytes/index.ts';
import type { ConversionTarget } from '../../core/conversion/index.ts';
import { AssayError, isAssayError, type Limits, type OnEvent } from '../../core/index.ts';
import type { RunnableModel } from '../../formats/arrays/index.ts';
import { findBubblewrap, findPython, type Python, readableFolder } from '../../sandbox/index.ts';
import type { Announcement, WrittenFile } from './messages.ts';
import { readGiven, type VerifyingOptions } from './verify.ts';

/** A conversion by the libraries that made the model, in a sandbox: its code runs there. */
export interface SandboxedConversion {
  /** The path of the interpreter; that of the active environment when absent. */
  readonly python?: string;
  /** Folders with code that the model imports. */
  readonly code: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface SandboxInput {
  readonly path: string;
  readonly fd: number;
}

export interface SandboxRun {
  readonly target: 'onnx' | 'safetensors';
  /** An empty folder that receives the files. */
  readonly folder: string;
  readonly inputShape: readonly number[] | undefined;
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export interface SandboxResult {
  readonly announced: Announcement;
  /** What each model computed in the sandbox, by the path of the written file. */
  readonly computed: ReadonlyMap<string, Given>;
  /** The versions of Python and of the libraries. */
  readonly versions: Readonly<Record<string, string>>;
}

const GiB = 1024 ** 3;
const LIMITS = {
  memoryBytes: 16 * GiB,
  cpuSeconds: 3600,
  wallMs: 3_600_000,
  scratchBytes: 4 * GiB,
  outputBytes: 64 * GiB,
};

/** What a conversion in a sandbox needs of this machine. */
export interface SandboxParts {
  readonly target: 'onnx' | 'safetensors';
  readonly python: Python;
  readonly code: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Finds what a sandbox needs, before anything is scanned.
 * @throws AssayError `not-found` without bubblewrap or Python; `unsupported` on another system than Linux; `usage`
 */
export function sandboxParts(
  { python, code, env }: SandboxedConversion,
  target: ConversionTarget,
  salvage: boolean,
): SandboxParts {
  if (salvage)
    throw new AssayError('usage', 'takes tensors out of a file whose code must not run', {
      subject: '--salvage',
      hint: 'give --sandbox or --salvage, not both',
    });
  if (target === 'savedmodel')
    throw new AssayError('usage', 'the sandbox writes onnx and safetensors', {
      subject: '--sandbox',
      hint: 'use --to onnx',
    });
  findBubblewrap(env);
  return { target, python: findPython(python, env), code: code.map(readableFolder), env };
}

/**
 * Converts files with a Python of the user, one after another, each in a sandbox of its own.
 * @throws AssayError `limit` naming the bound, `sandbox`, `aborted`, `unreadable`; `usage` when two results would have one name
 */
export async function convertInSandbox(
  parts: SandboxParts,
  files: readonly SandboxInput[],
  run: SandboxRun,
): Promise<SandboxResult> {
  const written: WrittenFile[] = [];
  const skipped: SkippedFile[] = [];
  const computed = new Map<string, Given>();
  let versions: Readonly<Record<string, string>> = {};
  for (const file of files) {
    const scratch = await mkdtemp(join(run.folder, '.sandbox-'));
    try {
      run.onEvent?.({ kind: 'note', message: `${file.path}: its code runs in a sandbox` });
      const { target, inputShape, signal } = run;
      const shapes = inputShape === undefined ? [] : [inputShape];
      const { python, code, env } = parts;
      const options = { target, fd: file.fd, name: file.path, folder: scratch, python, code, shapes, env, signal };
      const result = await convertSandboxed({ ...options, limits: LIMITS });
      versions = { ...versions, ...result.versions };
      refuseEqualNames([...written, { path: convertedName(file.path, target), from: [file.path] }]);
      const { made, given } = await take(file.path, result, scratch, run);
      written.push(made);
      if (given !== undefined) computed.set(made.path, given);
    } catch (error) {
      if (!isAssayError(error) || error.code !== 'unsupported') throw error;
      skipped.push({ path: file.path, why: error.message });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  return { announced: { files: written, hidden: [], indexes: [], skipped }, computed, versions };
}

/** Moves the result to its place, and reads what the model computed. */
async function take(
  path: string,
  { parts, tensors, versions }: Sandboxed,
  scratch: string,
  { target, folder, limits, signal }: SandboxRun,
): Promise<{ readonly made: WrittenFile; readonly given: Given | undefined }> {
  const name = convertedName(path, target);
  const place = join(folder, ...name.split('/'));
  const at = join(scratch, 'model');
  const { size } = await stat(at);
  const model = target === 'onnx' ? await runnableAt(at, limits) : undefined;
  await mkdir(dirname(place), { recursive: true });
  await rename(at, place);
  const given = parts.has('inputs') ? await readComputed(scratch, { limits, signal }) : undefined;
  const used = Object.entries(versions).map(([library, version]) => `${library} ${version}`);
  const title = `converted in a sandbox by ${used.join(', ')}`;
  const made: WrittenFile = { path: name, from: [path], title, size, tensors, leftOut: [] };
  return { made: model === undefined ? made : { ...made, model }, given };
}

async function runnableAt(path: string, limits: Limits): Promise<RunnableModel> {
  const source = await FileSource.open(path);
  try {
    return await runnableGraph(source, limits);
  } finally {
    await source.close();
  }
}

/** What the model computed in the sandbox: code of it could have given other outputs, which its ONNX model would have to share. */
async function readComputed(folder: string, options: VerifyingOptions): Promise<Given> {
  const { inputs, outputs } = await readGiven(
    { inputs: join(folder, 'inputs'), outputs: join(folder, 'outputs') },
    options,
  );
  return {
    ...(inputs === undefined ? {} : { inputs: { ...inputs, from: 'sandbox' as const } }),
    ...(outputs === undefined ? {} : { outputs }),
  };
}
