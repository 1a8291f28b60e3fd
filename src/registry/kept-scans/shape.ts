import { createHash } from 'node:crypto';
import { inByteOrder } from '../../core/bytes/index.ts';
import type { FileToScan } from '../kept-records.ts';

type Shape = Pick<FileToScan, 'path' | 'size'>;

/** By which a scan of files of these names and sizes is found: hex SHA-256. Those of two tenants are never the same. */
export function scanShape(tenant: string, files: readonly Shape[]): string {
  const hash = createHash('sha256').update(`assay shape\n${Buffer.byteLength(tenant)}:${tenant}`);
  for (const { path, size } of inByteOrder(files, (file) => file.path))
    hash.update(`${Buffer.byteLength(path)}:${path}${size}:`);
  return hash.digest('hex');
}

/** Whether two lists name the same files, of the same sizes. */
export function haveSameShape(one: readonly Shape[], other: readonly Shape[]): boolean {
  return one.length === other.length && scanShape('', one) === scanShape('', other);
}
