import { createHash } from 'node:crypto';

export interface HashedFile {
  readonly path: string;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/**
 * One digest for a tree of files, "sha256:<hex>": SHA-256 over each file, sorted by the bytes of its path, as length-framed
 * path, size and SHA-256 of the content. Two trees share it only if they hold the same files.
 */
export function treeDigest(files: readonly HashedFile[]): string {
  const hash = createHash('sha256');
  const sorted = files
    .map((file) => ({ ...file, bytes: Buffer.from(file.path, 'utf8') }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  for (const file of sorted) {
    hash.update(`${file.bytes.length}:`);
    hash.update(file.bytes);
    hash.update(`${file.size}:`);
    hash.update(Buffer.from(file.sha256, 'hex'));
  }
  return `sha256:${hash.digest('hex')}`;
}
