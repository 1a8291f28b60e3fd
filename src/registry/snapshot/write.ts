import type { KeyObject } from 'node:crypto';
import { keepState, readPrevious, replaceFile } from './state.ts';
import { SnapshotWriter, type SnapshotWriterOptions, type WrittenSnapshot } from './writer.ts';

export interface WriteOptions extends SnapshotWriterOptions {
  /** The file to write; what was signed before lies beside it. */
  readonly output: string;
  /** The public half of the writer's key. */
  readonly key: KeyObject;
}

/**
 * Writes one snapshot: reads what was signed before, signs what is decided now, and puts it in place, whole or not at all.
 * @throws AssayError `mismatch` when the audit log is broken or was taken back: the snapshot that lies there stays
 */
export async function writeSnapshot(options: WriteOptions): Promise<WrittenSnapshot> {
  return writeWith(new SnapshotWriter(options), options);
}

/** The same with a writer that knows what was read before. */
export async function writeWith(
  writer: SnapshotWriter,
  { output, tenant, key }: Pick<WriteOptions, 'output' | 'tenant' | 'key'>,
): Promise<WrittenSnapshot> {
  const written = await writer.write(await readPrevious(output, tenant, key));
  await keepState(output, tenant, written.document);
  await replaceFile(output, written.bytes);
  return written;
}
