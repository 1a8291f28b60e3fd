import { open } from 'node:fs/promises';
import { AssayError, fileCode } from '../../../src/core/index.ts';
import { isSnapshotError, openDocument, SNAPSHOT_LIMITS, type SnapshotDocument } from '../../../src/snapshot/index.ts';
import type { SnapshotOptions } from '../server/index.ts';
import { readSnapshotTrust } from '../snapshot-feed/index.ts';

/**
 * The snapshot of a file, verified. One that has ended is refused: what it says is not known to hold.
 * @throws AssayError
 */
export async function readSnapshotFile(options: SnapshotOptions, now: Date): Promise<SnapshotDocument> {
  const { from, key, tenant } = options;
  const subject = `--snapshot ${from}`;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(from)) {
    throw new AssayError('usage', 'is not a file', { subject, hint: 'download it first: --fallback reads a file' });
  }
  const trust = await readSnapshotTrust(key);
  const bytes = await readBounded(from, subject);
  try {
    const document = openDocument(bytes, { trust, now, ...(tenant === null ? {} : { tenant }) });
    if (now.toISOString() >= document.expires) {
      throw new AssayError('usage', `it expired at ${document.expires}`, { subject, hint: 'write a newer one' });
    }
    return document;
  } catch (error) {
    if (!isSnapshotError(error)) throw error;
    const hint = 'check the file, and --snapshot-key';
    throw new AssayError('unreadable', error.message, { subject, hint, cause: error });
  }
}

async function readBounded(path: string, subject: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > SNAPSHOT_LIMITS.maxBytes) {
        throw new AssayError('limit', `has more than ${SNAPSHOT_LIMITS.maxBytes} bytes`, {
          subject,
          hint: 'check the file',
        });
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = fileCode(cause);
    if (code === undefined) throw cause;
    const missing = code === 'ENOENT';
    const message = missing ? 'no such file' : `cannot be read (${code})`;
    throw new AssayError(missing ? 'not-found' : 'unreadable', message, { subject, hint: 'check the path', cause });
  }
}
