import { open } from 'node:fs/promises';
import { AssayError, isAssayError } from '../errors.ts';
import { isFileMissing, systemCode } from '../system-error.ts';

/** Larger than any key, chain, token or configuration. */
const MAX_BYTES = 1024 * 1024;

export interface SmallFile {
  readonly bytes: Buffer;
  /** Permissions; `undefined` for a pipe, whose permissions do not matter. */
  readonly mode: number | undefined;
}

/**
 * A file that an option names, or a pipe: keys, certificates, tokens, configuration.
 * @throws AssayError `not-found`, `unreadable`, `usage` for a folder or a file that is too large
 */
export async function readSmallFile(path: string, option: string, maxBytes: number = MAX_BYTES): Promise<SmallFile> {
  const subject = `${option} ${path}`;
  try {
    const file = await open(path);
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) throw new AssayError('usage', 'is a folder', { subject, hint: 'name a file' });
      const parts: Buffer[] = [];
      let total = 0;
      for await (const part of file.createReadStream({ autoClose: false })) {
        total += part.length;
        if (total > maxBytes) throw tooLarge(subject, maxBytes);
        parts.push(part);
      }
      return { bytes: Buffer.concat(parts), mode: stat.isFile() ? stat.mode : undefined };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw isAssayError(error) ? error : unreadable(error, subject);
  }
}

/** The same as text. */
export async function readSmallText(path: string, option: string): Promise<string> {
  return (await readSmallFile(path, option)).bytes.toString('utf8');
}

function tooLarge(subject: string, maxBytes: number): AssayError {
  return new AssayError('usage', `has more than ${maxBytes} bytes`, { subject, hint: 'check the path' });
}

function unreadable(cause: unknown, subject: string): AssayError {
  const code = systemCode(cause) ?? 'unknown';
  if (isFileMissing(cause)) {
    return new AssayError('not-found', 'no such file', { subject, hint: 'check the path', cause });
  }
  const denied = code === 'EACCES' || code === 'EPERM';
  const message = denied ? 'permission denied' : `cannot be read (${code})`;
  const hint = denied ? 'grant read permission' : 'check the path';
  return new AssayError('unreadable', message, { subject, hint, cause });
}
