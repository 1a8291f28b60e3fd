import { AssayError } from '../errors.ts';
import { FileSource } from './file-source.ts';

/** CWE-770: reports and attestations are smaller. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A document that a user names, whole.
 * @param option that names it; empty for an argument
 * @throws AssayError `not-found`, `unreadable`, `limit`; what `parse` throws
 */
export async function readDocument<T>(
  path: string,
  option: string,
  parse: (bytes: Uint8Array, subject: string) => T,
): Promise<T> {
  const subject = option === '' ? path : `${option} ${path}`;
  const source = await FileSource.open(path);
  try {
    if (source.size > MAX_BYTES) {
      throw new AssayError('limit', `has more than ${MAX_BYTES} bytes`, { subject, hint: 'check the path' });
    }
    return parse(await source.read(0, source.size), subject);
  } finally {
    await source.close();
  }
}
