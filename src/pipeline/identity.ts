import { type BigIntStats, fstatSync } from 'node:fs';
import type { ByteSource } from '../core/bytes/index.ts';
import { type ArtifactFile, AssayError } from '../core/index.ts';

/** What tells each file from every other, and from itself after a change. */
export async function identities(files: readonly ArtifactFile[]): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (const file of files) {
    const source = await file.open();
    known.set(file.path, fileIdentity(source));
    await source.close();
  }
  return known;
}

function notLocal(subject: string): AssayError {
  return new AssayError('unsupported', 'is not a file of this machine', {
    subject,
    hint: 'download the model first (assay pull hf://owner/model), and give the folder',
  });
}

/** The same of those that are files of this machine: a small file of a server is near, and is not one. */
export async function localIdentities(files: readonly ArtifactFile[]): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (const file of files) {
    if (file.distance !== 'near') continue;
    // A file that does not open is reported where it is scanned.
    const source = await file.open().catch(() => undefined);
    if (source?.share?.() !== undefined) known.set(file.path, fileIdentity(source));
    await source?.close();
  }
  return known;
}

/** @throws AssayError `unsupported` for what is not a file of this machine */
export function fileIdentity(source: ByteSource): string {
  const shared = source.share?.();
  if (shared === undefined) throw notLocal(source.name);
  const { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats = fstatSync(shared.fd, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
