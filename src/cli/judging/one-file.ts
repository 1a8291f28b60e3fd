import type { ByteSource } from '../../core/bytes/index.ts';
import { type Artifact, type ArtifactFile, AssayError, DEFAULT_LIMITS, type OpenOptions } from '../../core/index.ts';
import { type FileScanResult, type OnTarget, scanSource } from '../../pipeline/index.ts';
import { createGlobalPolicy } from '../../scan/lists/index.ts';
import { openArtifact } from '../../sources/index.ts';

const MAX_NAMED = 3;

/** One opened file, and scans of it. */
export interface OneFile {
  readonly file: ArtifactFile;
  readonly source: ByteSource;
  /** Scans it with the shipped ruleset; members are shown before what contains them. */
  scan(onTarget: OnTarget): Promise<FileScanResult>;
}

/**
 * Opens the one file that a reference names, for as long as `use` runs.
 * @throws AssayError `usage` when it names several; what opening and reading throw.
 */
export async function withOneFile<T>(
  ref: string,
  options: OpenOptions & { signal: AbortSignal },
  use: (one: OneFile) => Promise<T>,
): Promise<T> {
  const artifact = await openArtifact(ref, options);
  try {
    const file = onlyFile(artifact);
    const source = await file.open(options.signal);
    try {
      return await use({ file, source, scan: (onTarget) => scanOne(file, source, options.signal, onTarget) });
    } finally {
      await source.close();
    }
  } finally {
    await artifact.close();
  }
}

function onlyFile({ ref, files }: Artifact): ArtifactFile {
  const [file, ...others] = files;
  if (file !== undefined && others.length === 0) return file;
  const names = files.slice(0, MAX_NAMED).map(({ path }) => path);
  throw new AssayError('usage', `holds ${files.length} files`, {
    subject: ref,
    hint:
      names.length === 0 ? 'name a file' : `name one: ${names.join(', ')}${others.length >= MAX_NAMED ? ', ...' : ''}`,
  });
}

function scanOne(
  file: ArtifactFile,
  source: ByteSource,
  signal: AbortSignal,
  onTarget: OnTarget,
): Promise<FileScanResult> {
  return scanSource(source, {
    path: file.path,
    limits: DEFAULT_LIMITS,
    signal,
    globals: createGlobalPolicy(),
    distance: file.distance,
    onNames: () => {},
    onTarget,
  });
}
