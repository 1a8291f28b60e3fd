import { readSmallFile } from '../../core/bytes/index.ts';
import { type LoaderAdvisories, MAX_ADVISORY_BYTES, parseAdvisories } from '../../scan/advisories/list/index.ts';

/**
 * Reads an organisation's own list of advisories about loaders.
 * @throws AssayError `usage` naming the entry and its line; `not-found`, `unreadable`, `limit`
 */
export async function readAdvisories(path: string): Promise<LoaderAdvisories> {
  const { bytes } = await readSmallFile(path, '--advisories', MAX_ADVISORY_BYTES);
  return parseAdvisories(bytes, `--advisories ${path}`);
}
