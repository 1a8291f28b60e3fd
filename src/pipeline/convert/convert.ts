import type { Given, SkippedFile } from '../../convert/index.ts';
import type { Assessment, FileAssessment } from '../../core/assessment/index.ts';
import type { ByteSource } from '../../core/bytes/index.ts';
import type { Conversion, ConversionTarget } from '../../core/conversion/index.ts';
import {
  type Artifact,
  type ArtifactFile,
  AssayError,
  AsyncDisposableStack,
  DEFAULT_LIMITS,
  type Limits,
  type OnEvent,
} from '../../core/index.ts';
import type { PayloadSigner } from '../../integrity/sign/index.ts';
import { onnxRuntime } from '../../sandbox/index.ts';
import { openPath } from '../../sources/path/index.ts';
import { fileIdentity, identities } from '../identity.ts';
import { attested } from './attest.ts';
import { type RefusedFile, sortedByVerdict, type Tolerance, verdictRefusal } from './gate.ts';
import { ConversionMismatch } from './mismatch.ts';
import { OutputFolder } from './output.ts';
import { conversionOf } from './report.ts';
import { runThread, type ThreadResult } from './run-thread.ts';
import { convertInSandbox, type SandboxedConversion, type SandboxParts, sandboxParts } from './sandboxed.ts';
import { readGiven, type VerifyRequest, verifyWritten } from './verify.ts';

/** Scans an artifact: the source, and the result. */
export type Assess = (artifact: Artifact) => Promise<Assessment>;

export interface ConvertOptions extends Tolerance {
  readonly target: ConversionTarget;
  /** The folder that receives the files; it is made when it does not exist. */
  readonly folder: string;
  /** Verifies what was written, and publishes nothing that does not hold; `undefined`: nothing is verified. */
  readonly verify?: VerifyRequest | undefined;
  /** Converts with the libraries that made the model, whose code runs in a sandbox; `undefined`: nothing of the model runs. */
  readonly sandbox?: SandboxedConversion | undefined;
  /** Signs a statement of what was converted, which is written beside the files (`conversion.intoto.json`). */
  readonly attest?: PayloadSigner | undefined;
  /** The shape of the input of a model without the batch, where its file does not contain it. */
  readonly inputShape?: readonly number[];
  /** The bytes that may be written, without a sandbox: a result that has more is refused before anything is written. */
  readonly maxOutputBytes?: number;
  readonly limits?: Limits;
  readonly signal?: AbortSignal;
  readonly onEvent?: OnEvent;
}

/**
 * Converts an artifact into a format that cannot carry code. Nothing of the artifact runs, unless a sandbox is asked for: it is scanned
 * first, files that are not clean are refused, and the result is scanned as well. Does not close the artifact.
 * @returns what was written, and from what
 * @throws AssayError `refused` for a file whose verdict forbids it; `unsupported` for what cannot be converted, naming it; `usage`,
 *   `malformed`, `truncated`, `limit`, `changed`, `unreadable`, `aborted`, `not-found` without the runtime that verifies;
 *   `ConversionMismatch` when a verification fails. The folder is as before then
 */
export async function convertArtifact(
  artifact: Artifact,
  assess: Assess,
  options: ConvertOptions,
): Promise<Conversion> {
  refuseFar(artifact);
  refuseOptions(options);
  const { target, salvage, sandbox, limits = DEFAULT_LIMITS, signal, onEvent } = options;
  const verifying = { limits, signal, onEvent };
  // What is missing is said before anything is scanned.
  if (target !== 'safetensors' && (options.verify ?? sandbox) !== undefined) onnxRuntime();
  const parts = sandbox === undefined ? undefined : sandboxParts(sandbox, target, salvage);
  const resources = new AsyncDisposableStack();
  try {
    const given = options.verify === undefined ? undefined : await readGiven(options.verify, verifying);
    const before = await identities(artifact.files);
    const assessment = await assess(artifact);
    const { allowed, refused } = sortedByVerdict(assessment.files, options);
    if (allowed.length === 0) throw nothingConverted([], refused, target, parts !== undefined);
    const opened = await openAll(artifact.files, allowed, before, resources);
    const output = await OutputFolder.create(options.folder);
    resources.defer(() => output.discard());
    const { announced, compared, computed, versions } = await (parts === undefined
      ? convertInto(output, opened, assessment, options)
      : convertSandboxedInto(output, opened, parts, options));
    if (announced.files.length === 0) throw nothingConverted(announced.skipped, refused, target, parts !== undefined);
    await refuseChanged(opened);
    const result = await assessResult(output, artifact, assess, target);
    const verified = await verifyWritten(output.stage, announced, compared, given, computed, verifying);
    const ended = { target, artifact, source: assessment, result, announced, refused, salvage, verified };
    const conversion = conversionOf({ ...ended, sandbox: versions });
    if (!conversion.published) throw new ConversionMismatch(conversion);
    const written =
      options.attest === undefined ? conversion : await attested(conversion, output.stage, options.attest);
    const attestation = written.attestation === null ? [] : [written.attestation.path];
    await output.publish([...announced.files.map(({ path }) => path), ...announced.indexes, ...attestation]);
    return written;
  } finally {
    await resources.disposeAsync();
  }
}

/** @throws AssayError `usage` for options that exclude each other */
export function refuseOptions({
  target,
  salvage,
  verify,
}: Pick<ConvertOptions, 'target' | 'salvage' | 'verify'>): void {
  if (target !== 'safetensors' && salvage)
    throw new AssayError('usage', 'only tensors can be salvaged', {
      subject: '--salvage',
      hint: 'use --to safetensors',
    });
  if (target === 'safetensors' && verify?.inputs !== undefined)
    throw new AssayError('usage', 'tensors are not run: they are compared with those of the source', {
      subject: '--verify',
      hint: 'give it without a file',
    });
}

interface OpenedFile {
  readonly assessed: FileAssessment;
  readonly source: ByteSource;
}

function refuseFar({ files, ref }: Artifact): void {
  if (files.every(({ distance }) => distance === 'near')) return;
  throw new AssayError('usage', 'only files on this machine can be converted', {
    subject: ref,
    hint: 'download them first (assay pull hf://owner/model), and give the folder',
  });
}

/** Opens the files that were judged. @throws AssayError `changed` for one that is another now */
async function openAll(
  files: readonly ArtifactFile[],
  allowed: readonly FileAssessment[],
  before: ReadonlyMap<string, string>,
  resources: AsyncDisposableStack,
): Promise<OpenedFile[]> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const opened: OpenedFile[] = [];
  for (const assessed of allowed) {
    const source = await byPath.get(assessed.path)?.open();
    if (source === undefined) continue;
    resources.defer(() => source.close());
    if (fileIdentity(source) !== before.get(assessed.path)) throw changed(assessed.path);
    opened.push({ assessed, source });
  }
  return opened;
}

async function refuseChanged(opened: readonly OpenedFile[]): Promise<void> {
  for (const { source, assessed } of opened) if (!(await source.unchanged())) throw changed(assessed.path);
}

function changed(path: string): AssayError {
  return new AssayError('changed', 'changed while it was converted', { subject: path, hint: 'try again' });
}

/** What was written to the stage, and what is known for its verification. */
interface Written extends ThreadResult {
  readonly computed: ReadonlyMap<string, Given>;
  readonly versions: Readonly<Record<string, string>> | undefined;
}

async function convertInto(
  output: OutputFolder,
  opened: readonly OpenedFile[],
  { artifact }: Assessment,
  { target, limits = DEFAULT_LIMITS, salvage, verify, inputShape, maxOutputBytes, signal, onEvent }: ConvertOptions,
): Promise<Written> {
  const files = opened.flatMap(({ assessed, source }) => {
    const file = source.share?.();
    return file === undefined ? [] : [{ path: assessed.path, file, salvage: salvage && assessed.verdict !== 'clean' }];
  });
  const sourceDigest = artifact.digest ?? undefined;
  const order = { target, files, folder: output.stage, sourceDigest, inputShape, maxOutputBytes };
  const result = await runThread({ ...order, limits, verify: verify !== undefined }, { signal, onEvent });
  return { ...result, computed: new Map(), versions: undefined };
}

async function convertSandboxedInto(
  output: OutputFolder,
  opened: readonly OpenedFile[],
  parts: SandboxParts,
  { inputShape, limits = DEFAULT_LIMITS, signal, onEvent }: ConvertOptions,
): Promise<Written> {
  const files = opened.flatMap(({ assessed, source }) => {
    const fd = source.share?.().fd;
    return fd === undefined ? [] : [{ path: assessed.path, fd }];
  });
  const { target } = parts;
  const run = { target, folder: output.stage, inputShape, limits, signal, onEvent };
  return { ...(await convertInSandbox(parts, files, run)), compared: new Map() };
}

/** What matters is the verdict of a file that was refused, if there is one: it may hold what others do not. */
function nothingConverted(
  skipped: readonly SkippedFile[],
  [refused]: readonly RefusedFile[],
  target: ConversionTarget,
  sandboxed: boolean,
): AssayError {
  if (refused !== undefined) return verdictRefusal(refused, sandboxed);
  const [first, ...others] = skipped;
  if (first !== undefined && others.length === 0)
    return new AssayError('unsupported', `cannot be converted to ${target}: ${first.why}`, { subject: first.path });
  return new AssayError('unsupported', `none of ${skipped.length} files can be converted to ${target}`);
}

async function assessResult(
  output: OutputFolder,
  source: Artifact,
  assess: Assess,
  target: ConversionTarget,
): Promise<Assessment> {
  const written = await openPath({ kind: 'path', path: output.stage }, {});
  try {
    const result = await assess({ ...written, ref: source.ref, notes: [] });
    // No scanner judges the graphs of ONNX and TensorFlow yet.
    const fine = target === 'safetensors' ? ['clean'] : ['clean', 'not-assessed'];
    const bad = result.files.find(({ verdict }) => !fine.includes(verdict));
    if (bad === undefined) return result;
    throw new AssayError('internal', `the result has the verdict ${bad.verdict}`, { subject: bad.path });
  } finally {
    await written.close();
  }
}
