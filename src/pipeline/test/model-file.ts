import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { type ByteSource, chunks, FileSource } from '../../core/bytes/index.ts';
import {
  type Artifact,
  AssayError,
  type AsyncDisposableStack,
  isAssayError,
  type Limits,
  throwIfAborted,
} from '../../core/index.ts';
import { escapes } from '../../formats/index.ts';
import { type ExternalReference, type OnnxModel, type OnnxReading, readOnnx } from '../../formats/onnx/index.ts';

/** A model of an artifact, which was read, and all bytes that it is made of. */
export interface ModelFile {
  /** In the artifact. */
  readonly path: string;
  readonly sha256: string;
  /** The files of its tensors. */
  readonly data: readonly { readonly path: string; readonly sha256: string }[];
  readonly model: OnnxModel;
  /** Opens what the model names; no other file. */
  readonly external: (location: string) => ByteSource | undefined;
  /** @throws AssayError `changed` when a file is another now */
  unchanged(): Promise<void>;
}

export interface ModelOptions {
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  /** Closes the files. */
  readonly resources: AsyncDisposableStack;
}

/** An artifact, and where it lies on this machine: `null` for copies of its files, beside which nothing of it lies. */
export interface PlacedArtifact {
  readonly artifact: Artifact;
  readonly path: string | null;
}

const ONNX = /\.onnx$/i;

/**
 * Reads the ONNX model of an artifact, with the files that hold its tensors, and hashes all of them.
 * @param target as the user gave it: for a single file, the files of its tensors lie beside it; `null` where they are all in the artifact
 * @throws AssayError `usage` for an artifact with none, or several; `malformed` for tensors outside of the folder of the model;
 *   `not-found`, `unreadable`, `truncated`, `unsupported`, `limit`
 */
export async function openModelFile(
  artifact: Artifact,
  target: string | null,
  options: ModelOptions,
): Promise<ModelFile> {
  refuseFar(artifact);
  const file = onlyModel(artifact, target);
  const opened: { readonly path: string; readonly source: ByteSource }[] = [];
  const keep = (path: string, source: ByteSource): ByteSource => {
    options.resources.defer(() => source.close());
    opened.push({ path, source });
    return source;
  };
  const source = keep(file.path, await file.open(options.signal));
  const reading = await readModel(source, file.path, options.limits);
  const [unread] = reading.unread;
  if (unread !== undefined)
    throw new AssayError(
      'unsupported',
      `has fields that are not known, as field ${unread.number} of ${unread.message}`,
      {
        subject: file.path,
        offset: unread.offset,
      },
    );
  const tensors = new Map<string, ByteSource>();
  for (const location of new Set(reading.external.map((reference) => locationOf(reference, file.path)))) {
    const path = posix.join(posix.dirname(file.path), location);
    tensors.set(location, keep(path, await openBeside(artifact, target, path, location)));
  }
  const [own, ...data] = await Promise.all(
    opened.map(async ({ path, source: bytes }) => ({ path, sha256: await sha256Of(bytes, options.signal) })),
  );
  return {
    path: file.path,
    sha256: own?.sha256 ?? '',
    data,
    model: reading.model,
    external: (location) => tensors.get(location),
    unchanged: async () => {
      for (const { path, source: bytes } of opened)
        if (!(await bytes.unchanged()))
          throw new AssayError('changed', 'changed while it was tested', { subject: path, hint: 'try again' });
    },
  };
}

/** @throws AssayError `malformed`, `truncated` for what is not an ONNX model; `unsupported`, `limit` */
async function readModel(source: ByteSource, subject: string, limits: Limits): Promise<OnnxReading> {
  try {
    return await readOnnx(source, { limits });
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'malformed' && error.code !== 'truncated')) throw error;
    const { code, message, offset } = error;
    throw new AssayError(code, `is not a whole ONNX model: ${message}`, {
      subject,
      cause: error,
      hint: 'check that the file is whole; other formats are converted first: assay convert',
      ...(offset === undefined ? {} : { offset }),
    });
  }
}

function refuseFar({ files, ref }: Artifact): void {
  if (files.every(({ distance }) => distance === 'near')) return;
  throw new AssayError('usage', 'only files on this machine can be tested', {
    subject: ref,
    hint: 'download them first (assay pull hf://owner/model), and give the folder',
  });
}

function onlyModel({ files, ref }: Artifact, target: string | null): Artifact['files'][number] {
  const models = files.length === 1 ? files : files.filter(({ path }) => ONNX.test(path));
  const [first, ...others] = models;
  if (first === undefined)
    throw new AssayError('usage', 'has no ONNX model', {
      subject: ref,
      hint: target === null ? 'convert it first' : `convert it first: assay convert ${target} --to onnx -o converted`,
    });
  if (others.length > 0)
    throw new AssayError('usage', `has ${models.length} ONNX models`, {
      subject: ref,
      hint: target === null ? 'give an artifact with one' : `give one of them: assay test ${join(target, first.path)}`,
    });
  return first;
}

/** Other readers refuse tensors that lie outside of the folder of the model, too (CVE-2024-27318). */
function locationOf({ at: { location } }: ExternalReference, model: string): string {
  const way = escapes(location);
  if (way === undefined && location !== '' && !location.includes('\\')) return location;
  throw new AssayError('malformed', `its tensors are at a path that ${way ?? 'is not one'}`, { subject: model });
}

async function openBeside(
  { files }: Artifact,
  target: string | null,
  path: string,
  location: string,
): Promise<ByteSource> {
  const listed = files.find((file) => file.path === path);
  if (listed !== undefined) return await listed.open();
  const beside = target === null || files.length > 1 ? undefined : join(dirname(target), ...location.split('/'));
  // A link leads anywhere; those of a folder are checked when it is opened.
  if (beside === undefined || lstatSync(beside, { throwIfNoEntry: false })?.isFile() !== true)
    throw new AssayError('not-found', 'holds tensors of the model, and is not a file beside it', {
      subject: path,
      hint: 'put the file there, or give the folder of the model',
    });
  return FileSource.open(beside);
}

async function sha256Of(source: ByteSource, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks(source)) {
    throwIfAborted(signal);
    hash.update(chunk);
  }
  return hash.digest('hex');
}
