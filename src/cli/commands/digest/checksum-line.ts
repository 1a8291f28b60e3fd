import { open } from 'node:fs/promises';

/** A line as coreutils writes it: names that would break it are escaped, and the line starts with a backslash then. */
export function checksumLine(hex: string, path: string): string {
  const escaped = path.replace(/[\\\n\r]/g, (character) => ESCAPES[character] ?? character);
  return `${escaped === path ? '' : '\\'}${hex}  ${escaped}\n`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' };

/** Whether a file starts with a line as `checksumLine` writes it, so that a new list may take its place. */
export async function isChecksumList(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_START), 0, LONGEST_START, 0);
    return /^\\?[0-9a-f]{64,128} {2}\S/.test(buffer.toString('latin1', 0, bytesRead));
  } finally {
    await file.close();
  }
}

const LONGEST_START = 256;
