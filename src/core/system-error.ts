/** The code of an error of Node or of the operating system, such as `ENOENT`; undefined of an error that has none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The code, for a message; for an error without a code, its text. */
export function codeOrText(error: unknown): string {
  return systemCode(error) ?? String(error);
}

/** Whether an error means that a file does not exist: no such name, or a part of the path is a file instead of a folder. */
export function isFileMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The code of a failed system call on a file; undefined of every other error. */
export function fileCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error ? systemCode(error) : undefined;
}
