import { assess, DEFAULT_LIMITS, openArtifact } from 'assay';

/** The verdict of each file, with tighter limits and progress; nothing is decided. */
export async function verdicts(ref: string, signal: AbortSignal): Promise<Map<string, string>> {
  const onEvent = ({ kind }: { readonly kind: string }) => console.error(kind);
  const artifact = await openArtifact(ref, { signal, onEvent, offline: true });
  try {
    const limits = { ...DEFAULT_LIMITS, maxExpandedBytes: 1024 ** 3 };
    const { files } = await assess(artifact, { limits, signal, onEvent });
    return new Map(files.map(({ path, verdict }) => [path, verdict]));
  } finally {
    await artifact.close();
  }
}
