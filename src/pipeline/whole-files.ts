import { type ByteSource, chunks, spool } from '../core/bytes/index.ts';
import { type Artifact, type ArtifactFile, AssayError, type Limits, throwIfAborted } from '../core/index.ts';
import { isCommit, parseReference } from '../core/reference/index.ts';

/**
 * The same artifact with a digest over the judged bytes: far files are downloaded as a whole when they are opened, and read
 * from this machine. Only a file for which the Hub announced the SHA-256 at a pinned commit stays far.
 * @throws AssayError `limit` for a file that would have to be fetched and is longer than `maxExpandedBytes`
 */
export function withWholeFiles(artifact: Artifact, limits: Limits): Artifact {
  const reference = parseReference(artifact.pinned);
  const pinned = reference.kind === 'hf' && isCommit(reference.revision);
  const files = artifact.files.map((file) =>
    file.distance === 'near' || (pinned && file.claimed?.algorithm === 'sha256') ? file : wholeFile(file, limits),
  );
  return { ...artifact, files };
}

function wholeFile(file: ArtifactFile, limits: Limits): ArtifactFile {
  const { path, size } = file;
  if (size > limits.maxExpandedBytes) {
    const why = `must be downloaded as a whole, but has more than ${limits.maxExpandedBytes} bytes (maxExpandedBytes)`;
    throw new AssayError('limit', why, { subject: path });
  }
  return {
    ...file,
    distance: 'near',
    async open(signal) {
      const far = await file.open(signal);
      try {
        const near = await spool(bytesOf(far, signal), path, size, { remaining: size }, limits);
        if (near.size === size && (await far.unchanged())) return near;
        await near.close();
        throw new AssayError('changed', 'changed while it was fetched', { subject: path, hint: 'try again' });
      } finally {
        await far.close();
      }
    },
  };
}

async function* bytesOf(source: ByteSource, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks(source)) {
    throwIfAborted(signal);
    // A chunk is valid until the next one, and those in memory are kept.
    yield Uint8Array.from(chunk);
  }
}
