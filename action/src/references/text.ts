import { isTooLong } from '../../../src/references/index.ts';
import type { GitBlob } from '../git/index.ts';

/** A text of the repository that is read for what it references. */
export interface Text {
  readonly path: string;
  readonly text: string;
}

/** @returns `undefined` for a text that is too long to be read */
export async function textOf(path: string, blob: GitBlob): Promise<string | undefined> {
  if (isTooLong(path, blob.size)) return undefined;
  const source = await blob.open();
  try {
    return Buffer.from(await source.read(0, source.size)).toString('utf8');
  } finally {
    await source.close();
  }
}
