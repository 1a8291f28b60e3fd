import { AssayError } from '../../core/index.ts';
import { formatReference, type HubReference, parseReference } from '../../core/reference/index.ts';
import type { HubArtifact, HubFile, HubStage, StagedFile } from '../../sources/hub/index.ts';
import { envOf, type SourceOptions } from '../../sources/index.ts';

/** Downloads at a time. */
const LANES = 4;

/**
 * Adds every file of a model to the stage, several at a time. The first failure stops all. @throws AssayError what
 * `HubStage.add` throws
 */
export async function downloadAll(
  artifact: HubArtifact,
  stage: HubStage,
  options: SourceOptions,
): Promise<StagedFile[]> {
  const { onEvent } = options;
  const bytes = artifact.files.reduce((sum, file) => sum + file.size, 0);
  onEvent?.({ kind: 'artifact', ref: artifact.ref, files: artifact.files.length, bytes });
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const written: StagedFile[] = [];
  const lane = async (files: readonly HubFile[]) => {
    for (const file of files) {
      onEvent?.({ kind: 'file-start', path: file.path, size: file.size });
      written.push(
        await stage.add(file, signal, (count) => onEvent?.({ kind: 'bytes', path: file.path, bytes: count })),
      );
      onEvent?.({ kind: 'file-end', path: file.path });
    }
  };
  const outcomes = await Promise.allSettled(
    lanes(artifact.files).map((files) =>
      lane(files).catch((error: unknown) => {
        // The first failure stops the other lanes, whose errors would only say that they were stopped.
        const first = !stop.signal.aborted;
        stop.abort();
        if (first) throw error;
      }),
    ),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return written;
}

/** Files of the same content stay in one lane, since they share a blob. */
function lanes(files: readonly HubFile[]): HubFile[][] {
  const all: HubFile[][] = Array.from({ length: LANES }, () => []);
  const laneOf = new Map<string, number>();
  for (const file of files) {
    const lane = laneOf.get(file.claimed.hex) ?? laneOf.size % LANES;
    laneOf.set(file.claimed.hex, lane);
    all[lane]?.push(file);
  }
  return all;
}

/** The model of the Hub that is to be written. @throws AssayError `usage` */
export function wholeModel(ref: string, options: SourceOptions, offline: boolean): HubReference {
  const reference = parseReference(ref, envOf(options).HF_ENDPOINT);
  if (reference.kind !== 'hf') {
    throw new AssayError('usage', 'only models of the Hugging Face Hub can be pulled', {
      subject: ref,
      hint: 'give hf://owner/model[@revision]',
    });
  }
  if (reference.path !== undefined) {
    const { path: _, ...whole } = reference;
    throw new AssayError('usage', 'only a whole model can be pulled', {
      subject: ref,
      hint: `give ${formatReference(whole)}`,
    });
  }
  if (options.offline === true || offline) {
    throw new AssayError('usage', 'no connection may be opened (--offline, HF_HUB_OFFLINE)', {
      subject: ref,
      hint: 'leave the option out',
    });
  }
  return reference;
}
