import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError, codeOrText } from '../../core/index.ts';
import { SUITE_NAME } from '../../registry/api/index.ts';
import { ServiceError } from '../problems/index.ts';
import { orMissing } from '../results/index.ts';

const ENDING = '.yaml';
const NAME = new RegExp(SUITE_NAME.pattern);
/** Names that are listed. */
const MAX_SUITES = 1_000;

/** The names of the suites in the folder of the configuration, in their order. @param folder `null`: there is none */
export async function suiteNames(folder: string | null): Promise<readonly string[]> {
  if (folder === null) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AssayError('unreadable', `the folder of suites cannot be read (${codeOrText(cause)})`, { cause });
  });
  const names = entries
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith(ENDING))
    .map(({ name }) => name.slice(0, -ENDING.length))
    .filter(isSuiteName);
  return names.sort().slice(0, MAX_SUITES);
}

/**
 * The file of a suite. A name is never a path: it has no separator, and does not begin with a dot.
 * @throws ServiceError `no-suites`, `no-such-suite`
 */
export async function suiteFile(folder: string | null, name: string): Promise<string> {
  if (folder === null)
    throw new ServiceError(422, 'no-suites', 'the service has no folder of suites: its operator sets ASSAY_SUITES');
  const path = join(folder, `${name}${ENDING}`);
  if (isSuiteName(name) && (await stat(path).catch(orMissing))?.isFile() === true) return path;
  throw new ServiceError(404, 'no-such-suite', 'the service has no suite of this name; GET /v1/suites lists them');
}

function isSuiteName(name: string): boolean {
  return name.length <= SUITE_NAME.maxLength && NAME.test(name);
}
