/** The code of an error of Node or of the operating system, such as `ENOENT`; undefined of an error that has none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The code, for a message; of an error that has none, what it says. */
export function codeOrText(error: unknown): string {
  return systemCode(error) ?? String(error);
}

/** Whether an error says that a file is not there: there is no such name, or what should be a folder is a file. */
export function isFileMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The code of a failed system call on a file; undefined of every other error. */
export function fileCode(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error ? systemCode(error) : undefined;
}
