import { createHash } from 'node:crypto';
import { inByteOrder } from '../../core/bytes/index.ts';

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
  for (const { path, size, sha256 } of inByteOrder(files, (file) => file.path)) {
    hash.update(`${Buffer.byteLength(path)}:${path}${size}:`);
    hash.update(sha256, 'hex');
  }
  return `sha256:${hash.digest('hex')}`;
}
