import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { type Given, type GivenFile, verifyConverted } from '../../convert/index.ts';
import { FileSource, MemorySource } from '../../core/bytes/index.ts';
import type { ConversionVerification } from '../../core/conversion/index.ts';
import {
  AssayError,
  AsyncDisposableStack,
  FileBudget,
  isAssayError,
  type Limits,
  type OnEvent,
} from '../../core/index.ts';
import { readArrays } from '../../formats/arrays/index.ts';
import type { Announcement, WrittenFile } from './messages.ts';

/** How a conversion is verified; without files, with inputs that are drawn. */
export interface VerifyRequest {
  /** The path of a file of arrays (`.npz`, `.npy`): what the model is given. */
  readonly inputs?: string;
  /** The same: what the source computes for these inputs. */
  readonly outputs?: string;
}

export interface VerifyingOptions {
  readonly limits: Limits;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** Bytes of a file of inputs or outputs, and of its arrays. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Reads the files that the user gave, before anything is converted.
 * @throws AssayError `not-found`, `unreadable`, `unsupported`, `malformed`, `truncated`, `limit` naming the file
 */
export async function readGiven({ inputs, outputs }: VerifyRequest, options: VerifyingOptions): Promise<Given> {
  return {
    ...(inputs === undefined ? {} : { inputs: await readFile(inputs, options) }),
    ...(outputs === undefined ? {} : { outputs: await readFile(outputs, options) }),
  };
}

async function readFile(path: string, { limits, signal }: VerifyingOptions): Promise<GivenFile> {
  const bytes = await wholeFile(path);
  const bounded = { ...limits, maxExpandedBytes: Math.min(limits.maxExpandedBytes, MAX_BYTES) };
  const budget = new FileBudget(bounded, bytes.length);
  const resources = new AsyncDisposableStack();
  try {
    const source = new MemorySource(bytes, path);
    const arrays = await readArrays({ path, source }, { limits: bounded, budget, signal, resources });
    return { path, sha256: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, arrays };
  } catch (error) {
    if (!isAssayError(error) || error.subject !== undefined) throw error;
    const { code, message, hint } = error;
    throw new AssayError(code, message, { subject: path, cause: error, ...(hint === undefined ? {} : { hint }) });
  } finally {
    await resources.disposeAsync();
    budget.close();
  }
}

/** What is hashed is what is read. */
async function wholeFile(path: string): Promise<Uint8Array> {
  const source = await FileSource.open(path);
  try {
    if (source.size > MAX_BYTES)
      throw new AssayError('limit', `has ${source.size} bytes, more than ${MAX_BYTES}`, {
        subject: path,
        hint: 'give a part of the rows',
      });
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

/**
 * Verifies what was written, before it is published.
 * @param folder that holds the files
 * @param compared what the thread compared while it had the source at hand
 * @param given what the user gave for the model; `undefined` when no verification is asked for
 * @param computed what models computed in a sandbox, by the path of the written file
 * @throws AssayError `usage` for arrays that are not those of the model; `unsupported` for files that cannot be verified; what
 *   running a model throws
 */
export async function verifyWritten(
  folder: string,
  { files, hidden }: Announcement,
  compared: ReadonlyMap<string, ConversionVerification>,
  given: Given | undefined,
  computed: ReadonlyMap<string, Given>,
  options: VerifyingOptions,
): Promise<ReadonlyMap<string, ConversionVerification>> {
  const models = files.filter(({ model }) => model !== undefined);
  if (given?.inputs !== undefined && models.length !== 1)
    throw new AssayError('usage', `inputs are for one model, and ${models.length} are converted`, {
      subject: given.inputs.path,
      hint: models.length === 0 ? '--verify without a file verifies these' : 'convert one at a time',
    });
  const results = new Map(compared);
  for (const file of files) {
    if (results.has(file.path) || file.dataOf !== undefined) continue;
    const data = [...files, ...hidden].filter(({ dataOf }) => dataOf === (file.runs ?? file.path));
    const expected = computed.get(file.path);
    const own = given?.inputs === undefined ? (expected ?? given) : given;
    if (own === undefined) continue;
    const result = await verifyFile(folder, file, data, own, options);
    for (const { path } of [file, ...data]) results.set(path, result);
  }
  return results;
}

async function verifyFile(
  folder: string,
  { path, model, runs = path }: WrittenFile,
  data: readonly WrittenFile[],
  given: Given,
  { limits, signal, onEvent }: VerifyingOptions,
): Promise<ConversionVerification> {
  if (model === undefined) throw new AssayError('unsupported', 'cannot be verified', { subject: path });
  const resources = new AsyncDisposableStack();
  const opened = async (written: string): Promise<FileSource> => {
    const source = await FileSource.open(join(folder, ...written.split('/')));
    resources.defer(() => source.close());
    return source;
  };
  try {
    const source = await opened(runs);
    const tensors = new Map<string, FileSource>();
    for (const file of data) tensors.set(basename(file.path), await opened(file.path));
    const { sandboxCpuSeconds, sandboxWallMs } = limits;
    const result = await verifyConverted(model, source, given, {
      limits,
      external: (location) => tensors.get(location),
      bounds: { sandboxCpuSeconds, sandboxWallMs },
      signal,
      onStep: (what) => onEvent?.({ kind: 'note', message: `verifying ${path}: ${what}` }),
    });
    return { ...result, of: runs === path ? 'file' : 'onnx graph' };
  } catch (error) {
    if (!isAssayError(error) || error.subject !== undefined) throw error;
    const { code, message, hint } = error;
    const options = { subject: path, cause: error, ...(hint === undefined ? {} : { hint }) };
    throw new AssayError(code, `the converted model cannot be verified: ${message}`, options);
  } finally {
    await resources.disposeAsync();
  }
}
