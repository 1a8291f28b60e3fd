/** A file that DVC lists in a folder. */
export interface ListedFile {
  /** Relative to the folder. */
  readonly path: string;
  /** Hex. */
  readonly md5: string;
}

/** The listing whose MD5 DVC announces of a folder: JSON as Python writes it, sorted by code points. */
export function dvcListing(files: readonly ListedFile[]): string {
  const sorted = files
    .map(({ path, md5 }) => ({ path, md5, key: Buffer.from(path) }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  return `[${sorted.map(({ path, md5 }) => `{"md5": "${md5}", "relpath": ${pythonJson(path)}}`).join(', ')}]`;
}

function pythonJson(text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(/[^ -~]/g, escaped);
}
