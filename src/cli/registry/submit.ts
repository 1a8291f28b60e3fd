import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceRegistry } from '../../client/index.ts';
import { type Artifact, AssayError, throwIfAborted } from '../../core/index.ts';
import { parseReference } from '../../core/reference/index.ts';
import type { Job } from '../../registry/index.ts';
import { openArtifact } from '../../sources/index.ts';
import { Progress, type Shell } from '../terminal/index.ts';
import type { RegisteredVersion, RegisterOptions } from './registered.ts';
import { modelNameOf, onlyVersion, queryOf } from './target.ts';

/** Bytes of one piece of an upload. */
const PIECE = 8 * 1024 * 1024;
const POLL_MS = 500;

/**
 * Has a service scan and register an unknown artifact: files of a path are uploaded, and the service downloads a reference
 * itself.
 */
export async function registerThere(
  registry: ServiceRegistry,
  ref: string,
  options: RegisterOptions,
  shell: Shell,
): Promise<RegisteredVersion> {
  if (options.allow !== undefined) {
    const hint = 'leave it out';
    throw new AssayError('usage', 'cannot be used: a service has its own', { subject: '--allow', hint });
  }
  const query = await queryOf(ref, options, shell);
  const model = options.model ?? modelNameOf(ref);
  const known = onlyVersion(await registry.versionsOf(query), ref, options.model, model);
  if (known !== undefined) return { version: known, created: false };
  const progress = new Progress(shell, !options.quiet);
  try {
    const job =
      'ref' in query
        ? await registry.submit({ model, ref: query.ref })
        : await registry.submit({ model, upload: await upload(registry, ref, progress, shell) });
    const version = await registry.version({ id: await finished(registry, job, ref, progress, shell) });
    if ('digest' in query && version.digest !== query.digest) {
      throw new AssayError('changed', 'changed while it was sent', { subject: ref, hint: 'try again' });
    }
    return { version, created: true };
  } finally {
    progress.end();
  }
}

/** @returns the version that a job found. @throws AssayError when it found none */
async function finished(
  registry: ServiceRegistry,
  job: Job,
  ref: string,
  progress: Progress,
  { signal }: Shell,
): Promise<string> {
  for (let now = job; ; now = await registry.job(job.id)) {
    const { state, error, version } = now;
    if (state === 'done' && version !== null) return version;
    if (state === 'failed' || state === 'cancelled') {
      const why = error === null ? '' : `: ${error.message} (${error.code})`;
      throw new AssayError('unreadable', `its scan was ${state}${why}`, { subject: ref, hint: `see job ${job.id}` });
    }
    progress.onEvent({ kind: 'note', message: `${state} at ${registry.name}` });
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
    throwIfAborted(signal);
  }
}

async function upload(registry: ServiceRegistry, ref: string, progress: Progress, shell: Shell): Promise<string> {
  const artifact = await openArtifact(ref, { signal: shell.signal });
  try {
    if (parseReference(artifact.pinned).kind !== 'path') throw new AssayError('internal', 'this is not a path');
    const { files } = artifact;
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    progress.onEvent({ kind: 'artifact', ref, files: files.length, bytes });
    const id = await registry.beginUpload(files.map(({ path, size }) => ({ path, size })));
    try {
      await sendFiles(registry, id, artifact, progress, shell);
      await registry.completeUpload(id);
      return id;
    } catch (error) {
      // An abandoned upload takes space at the service; a failure to remove it is not reported as the cause.
      await registry.removeUpload(id).catch(() => undefined);
      throw error;
    }
  } finally {
    await artifact.close();
  }
}

async function sendFiles(
  registry: ServiceRegistry,
  id: string,
  { files }: Artifact,
  progress: Progress,
  { signal }: Shell,
): Promise<void> {
  for (const [index, file] of files.entries()) {
    const { path, size } = file;
    progress.onEvent({ kind: 'file-start', path, size });
    const source = await file.open(signal);
    try {
      for (let offset = 0; offset < size; offset += PIECE) {
        const piece = await source.read(offset, Math.min(PIECE, size - offset));
        await registry.sendPiece(id, index, offset, piece);
        progress.onEvent({ kind: 'bytes', path, bytes: piece.length });
      }
    } finally {
      await source.close();
    }
    progress.onEvent({ kind: 'file-end', path });
  }
}
